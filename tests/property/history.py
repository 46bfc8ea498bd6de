"""Histories of one index: records that come twice, late and in any order, over a store that fails at any call.

``MemoryStore`` is a small model of what the write side needs of Weaviate, for properties that take thousands of runs; the same properties run on the
real server in tests/integration/index. ``Faulty`` lies before either and raises at a chosen call, before or after the call took effect: a worker that
died there.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.events import DeleteRecord, DocumentRecord, FloorRecord
from contracts.identity import Attempt, Version
from index.documents import Piece, chunk_contents, wanted_of
from index.driver import Cut, Embed, IndexDriver, Indexed, Job, Store
from index.manifest import Manifest
from index.protocol import ChunkRef, Observation
from index.store import DocKey, Floor, NewChunk, StoreUnavailableError

DIMENSION = 8


@dataclass(slots=True)
class HashEmbed:
    """A vector that is a function of the text alone, and a count of the texts."""

    texts: int = 0

    async def __call__(self, texts: Sequence[str]) -> list[Sequence[float]]:
        self.texts += len(texts)
        return [vector_of(text) for text in texts]


def vector_of(text: str) -> list[float]:
    return [byte / 256 for byte in hashlib.sha256(text.encode()).digest()[:DIMENSION]]


@dataclass(slots=True)
class MemoryStore:
    """Acknowledged writes are seen by the next read; a second write of an id replaces; what is gone can be removed again."""

    chunks: dict[str, NewChunk] = field(default_factory=dict)
    manifests: dict[DocKey, dict[Attempt, Manifest]] = field(default_factory=lambda: defaultdict(dict))
    floor_versions: dict[str, Version] = field(default_factory=dict)

    async def look(self, keys: Iterable[DocKey]) -> dict[DocKey, Observation]:
        return {key: self._observation(key) for key in keys}

    def _observation(self, key: DocKey) -> Observation:
        refs = frozenset(ChunkRef(chunk.chunk_id, chunk.born) for chunk in self.chunks.values() if (chunk.tenant, chunk.content.doc_id) == key)
        floor = max((version for scope, version in self.floor_versions.items() if key.doc_id.startswith(scope)), default=None)
        return Observation(tuple(self.manifests[key].values()), refs, floor)

    async def vectors(self, tenant: str, chunk_ids: Sequence[str]) -> dict[str, Sequence[float]]:
        return {chunk_id: self.chunks[chunk_id].vector for chunk_id in chunk_ids if chunk_id in self.chunks}

    async def put_chunks(self, chunks: Sequence[NewChunk]) -> None:
        self.chunks |= {chunk.chunk_id: chunk for chunk in chunks}

    async def put_manifests(self, manifests: Sequence[tuple[DocKey, Manifest]]) -> None:
        for key, manifest in manifests:
            self.manifests[key][manifest.attempt] = manifest

    async def remove_chunks(self, tenant: str, chunk_ids: Sequence[str]) -> None:
        for chunk_id in chunk_ids:
            self.chunks.pop(chunk_id, None)

    async def remove_manifests(self, tenant: str, doc_ids_attempts: Sequence[tuple[str, Attempt]]) -> None:
        for doc_id, attempt in doc_ids_attempts:
            self.manifests[DocKey(tenant, doc_id)].pop(attempt, None)

    async def raise_floor(self, record: FloorRecord) -> None:
        self.floor_versions[record.scope] = max(record.version, self.floor_versions.get(record.scope, record.version))

    async def living_below(self, scope: str, version: Version) -> list[DocKey]:
        currents = {key: max(manifests.values(), key=lambda manifest: manifest.attempt) for key, manifests in self.manifests.items() if manifests}
        return [key for key, manifest in currents.items() if key.doc_id.startswith(scope) and not manifest.deleted and manifest.attempt.version < version]

    async def floors(self) -> list[Floor]:
        return [Floor(scope, version) for scope, version in self.floor_versions.items()]


class Faulty:
    """A store whose ``fails_at``-th call (counted from 0) raises: before it took effect, or after."""

    def __init__(self, store: Any, fails_at: int | None, *, after: bool) -> None:
        self._store = store
        self._left = fails_at
        self._after = after
        self.calls: dict[str, int] = defaultdict(int)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._store, name)

        async def call(*arguments: Any) -> Any:
            self.calls[name] += 1
            fails = self._left == 0
            if self._left is not None:
                self._left -= 1
            if fails and not self._after:
                raise StoreUnavailableError(f"{name} did not take effect")
            answer = await real(*arguments)
            if fails:
                raise StoreUnavailableError(f"{name} took effect, its answer was lost")
            return answer

        return call


async def in_thread(cut: Callable[[], Cut]) -> Cut:
    return cut()


@dataclass(frozen=True, slots=True)
class State:
    """What one version of a document says: a paragraph for each letter. No text: it is deleted."""

    text: str | None
    allowed: tuple[str, ...] = ("group:all",)
    title: str = "A page"


@dataclass(frozen=True, slots=True)
class Place:
    """A table with one page."""

    tenant: str = "t"
    scope: str = "postgres:app.public.pages/"

    @property
    def key(self) -> DocKey:
        return DocKey(self.tenant, self.scope + "1")

    def record(self, number: int, state: State) -> DocumentRecord | DeleteRecord:
        """Version ``number`` of the page."""
        about: dict[str, Any] = {"tenant": self.tenant, "doc_id": self.key.doc_id, **self._about(number)}
        if state.text is None:
            return DeleteRecord(**about)
        return DocumentRecord(**about, title=state.title, body="\n\n".join(map(paragraph, state.text)), allowed=state.allowed)

    def floor(self, number: int) -> FloorRecord:
        return FloorRecord(**self._about(number))

    def _about(self, number: int) -> dict[str, Any]:
        return {"scope": self.scope, "source": "app", "source_time_us": 1_000_000 + number, "version": Version(0, number, 0, 0)}


def paragraph(letter: str) -> str:
    return f"Paragraph {letter} says what {letter} says."


def job_of(record: DocumentRecord | DeleteRecord) -> Job:
    """A chunk for each paragraph."""

    def cut() -> Cut:
        assert isinstance(record, DocumentRecord)
        pieces: list[Piece] = []
        at = 0
        for text in record.body.split("\n\n") if record.body else ():
            pieces.append(Piece(at, at + len(text), text, ()))
            at += len(text) + 2
        return chunk_contents(record, pieces)

    return Job(wanted_of(record), cut, record.moved_from if isinstance(record, DocumentRecord) else None)


async def index_record(store: Store, embed: Embed, record: DocumentRecord | DeleteRecord | FloorRecord) -> list[Indexed]:
    """What the indexer does with one record; a floor as streams.indexing applies it."""
    driver = IndexDriver(store, embed, in_thread=in_thread)
    if not isinstance(record, FloorRecord):
        return await driver.index([job_of(record)])
    await store.raise_floor(record)  # type: ignore[attr-defined]  # both stores have it; the driver needs it not
    living = await store.living_below(record.scope, record.version)  # type: ignore[attr-defined]  # as above
    about = {"scope": record.scope, "source": record.source, "source_time_us": record.source_time_us, "version": record.version}
    return await driver.index([job_of(DeleteRecord(tenant=key.tenant, doc_id=key.doc_id, **about)) for key in living])


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record on its way to a worker, which dies at the store's call ``dies_at``, before or after it took effect; the record then comes again."""

    record: DocumentRecord | DeleteRecord | FloorRecord
    dies_at: int | None = None
    after: bool = False


async def deliver(store: Any, embed: Embed, delivery: Delivery) -> None:
    try:
        await index_record(Faulty(store, delivery.dies_at, after=delivery.after), embed, delivery.record)
    except StoreUnavailableError:
        await index_record(store, embed, delivery.record)


async def run_lanes(store: Any, embed: Embed, lanes: Sequence[Sequence[Delivery]]) -> None:
    """Each lane in its order, all of them at once."""

    async def lane(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            await deliver(store, embed, delivery)

    await asyncio.gather(*(lane(deliveries) for deliveries in lanes))


async def snapshot(store: Any, place: Place) -> tuple[Observation, dict[str, Sequence[float]]]:
    """What stands in the index of the page, and the vectors of its current chunks."""
    seen = (await store.look([place.key]))[place.key]
    listed = [entry.chunk_id for entry in seen.current.entries] if seen.current else []
    return seen, await store.vectors(place.tenant, listed) if listed else {}


async def check_at_rest(store: Any, place: Place, number: int, state: State) -> None:
    """The page is what version ``number`` says, complete, with the vectors of its text."""
    seen, vectors = await snapshot(store, place)
    current = seen.current
    if state.text is None:
        assert current is None or (current.deleted and not current.entries), "a deleted page is readable"
        assert current is None or current.attempt.version.major >= number
        return
    assert current is not None
    assert current.attempt.version.major == number
    assert not current.deleted
    assert current.allowed == tuple(sorted(state.allowed))
    job = job_of(place.record(number, state))
    slots, _ = job.cut()
    assert [(entry.content_hash, entry.start, entry.end) for entry in current.entries] == [(slot.content_hash, slot.start, slot.end) for slot in slots]
    assert len(current.chunk_ids) == len(current.entries), "a chunk is listed twice"
    assert current.chunk_ids <= seen.chunk_ids, "a listed chunk is gone"
    for entry, letter in zip(current.entries, state.text, strict=True):
        assert list(vectors[entry.chunk_id]) == vector_of(paragraph(letter))


class Paced:
    """A store whose every call first lets others go on, as often as ``pauses`` says: with two lanes, an interleaving."""

    def __init__(self, store: Any, pauses: Iterable[int]) -> None:
        self._store = store
        self._pauses = iter(pauses)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._store, name)

        async def call(*arguments: Any) -> Any:
            for _ in range(next(self._pauses, 0)):
                await asyncio.sleep(0)
            return await real(*arguments)

        return call
