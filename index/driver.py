"""Carries out the write protocol for a batch of documents: rounds in which the same effect of many writers is one call.

Writers of a batch are of different documents and go at their own pace: while one still embeds, another is at its manifest. What the batch shares is
the cost of a round trip and of an inference. Nothing here decides anything about consistency; that is index.protocol's.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Container, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from contracts.identity import Attempt, Stage
from contracts.telemetry import STEP_SECONDS
from index.borrowing import lenders
from index.documents import ChunkContent, text_hash
from index.manifest import WITHOUT_VECTOR, Entry, Manifest
from index.protocol import (
    Observation,
    Outcome,
    PutChunks,
    PutManifest,
    RemoveChunks,
    RemoveManifests,
    Slot,
    Wanted,
    Writer,
    advance,
    start,
    text_first,
)
from index.store import DocKey, NewChunk
from index.text.embedded import embedded_text

CHUNKS_AT_ONCE: Final = 32
"""New chunks embedded before the manifests of their documents are written: a batch's first documents do not wait for its last."""

Cut = tuple[tuple[Slot, ...], dict[str, ChunkContent]]


class Store(Protocol):
    """What the driver needs of the index (index.store.WeaviateStore)."""

    async def look(self, keys: Iterable[DocKey]) -> dict[DocKey, Observation]: ...
    async def vectors(self, tenant: str, chunk_ids: Sequence[str]) -> dict[str, Sequence[float]]: ...
    async def put_chunks(self, chunks: Sequence[NewChunk]) -> None: ...
    async def put_manifests(self, manifests: Sequence[tuple[DocKey, Manifest]]) -> None: ...
    async def remove_chunks(self, tenant: str, chunk_ids: Sequence[str]) -> None: ...
    async def remove_manifests(self, tenant: str, doc_ids_attempts: Sequence[tuple[str, Attempt]]) -> None: ...


class Embed(Protocol):
    async def __call__(self, texts: Sequence[str]) -> list[Sequence[float]]: ...


@dataclass(frozen=True, slots=True)
class Job:
    """A document version to be indexed. ``cut`` makes its chunks; it is called in a thread, once, and only if they are needed (or likely to be)."""

    wanted: Wanted
    cut: Callable[[], Cut]
    moved_from: str | None = None
    """The document of the same tenant whose vectors serve this one too, where it has none of its own yet."""

    @property
    def key(self) -> DocKey:
        return DocKey(self.wanted.tenant, self.wanted.doc_id)


@dataclass(frozen=True, slots=True)
class Indexed:
    """What became of a job. Chunk counts are of the last attempt; times are microseconds since 1970."""

    job: Job
    outcome: Outcome
    before: Manifest | None
    manifest: Manifest | None
    added: int = 0
    removed: int = 0
    embedded: int = 0
    searchable_time_us: int = 0
    whole_time_us: int = 0

    @property
    def kept(self) -> int:
        return max(0, len(self.manifest.entries) - self.added) if self.manifest else 0


@dataclass(slots=True)
class Run:
    """A writer on its way, with what the driver has to remember of it."""

    job: Job
    writer: Writer
    cutting: asyncio.Future[Cut] | None = None
    contents: dict[str, ChunkContent] = field(default_factory=dict)
    vectors: dict[str, Sequence[float]] = field(default_factory=dict)
    """By text hash: embedded for this run ahead of its writes."""
    added: int = 0
    removed: int = 0
    embedded: int = 0
    searchable_time_us: int = 0
    whole_time_us: int = 0

    @property
    def key(self) -> DocKey:
        return self.job.key

    @property
    def due(self) -> str:
        """The kind of the next round: the effect's name, but for the two kinds of writing chunks beside the plain one."""
        effect = self.writer.effect
        if not isinstance(effect, PutChunks):
            return type(effect).__name__
        if effect.born.stage is Stage.TEXT:
            return "PutText"
        return "PutWhole" if self.writer.text_put else "PutChunks"

    @property
    def new(self) -> tuple[Entry, ...]:
        """The chunks that it is about to write."""
        return self.writer.effect.entries if isinstance(self.writer.effect, PutChunks) else ()

    @property
    def owns_chunks(self) -> bool:
        """Whether the plan found chunks with vectors of the document itself."""
        seen = self.writer.planned_on
        return seen is not None and any(chunk.born.stage is not Stage.TEXT for chunk in seen.chunks)

    def missing(self, known: Container[str]) -> dict[str, str]:
        """What must be embedded for the chunks that it is about to write: text by text hash."""
        names = {text_hash(entry.content_hash): entry.content_hash for entry in self.new}
        return {name: embedded_text(self.contents[content].text) for name, content in names.items() if name not in known and name not in self.vectors}


_ORDER: Final = ("PutManifest", "Look", "NeedSlots", "PutText", "PutChunks", "PutWhole", "RemoveChunks", "RemoveManifests")
"""One kind a round, the first of these: a manifest must not wait for another document's embedding."""


def now_us() -> int:
    return time.time_ns() // 1000


def new_nonce() -> str:
    """Random, and rising with the time. The protocol holds for nonces in any order; but a manifest whose request outlives its worker, and that lands
    after the version was indexed again, is then the lower attempt and never current.
    """
    return f"{now_us():013x}{secrets.token_hex(3)}"


class IndexDriver:
    """Indexes batches against a store. Safe to be called for several batches at once as long as no document is in two of them.

    With ``text_first`` the text of new chunks is put ahead of vectors that must be computed (index.protocol.text_first), and a text is cut while the index is read:
    for changes that somebody waits for. Without it nothing is written twice and nothing is cut in vain: for loads.
    """

    def __init__(self, store: Store, embed: Embed, *, in_thread: Callable[[Callable[[], Cut]], Coroutine[Any, Any, Cut]], text_first: bool = False) -> None:
        self._store = store
        self._embed = embed
        self._in_thread = in_thread
        self._text_first = text_first

    async def index(self, jobs: Sequence[Job]) -> list[Indexed]:
        """Bring the index to each job's version, or find it fenced. Raises what the store and the embedder raise; everything may be done again."""
        return await self.finish(self.begin(jobs))

    def begin(self, jobs: Sequence[Job]) -> list[Run]:
        return [Run(job, start(job.wanted, new_nonce()), self._cut_early(job)) for job in jobs]

    async def until_embedding(self, runs: Sequence[Run]) -> None:
        """Go on until each is done or needs vectors computed. With ``text_first`` all of them are searchable by then."""
        while active := [run for run in runs if run.due not in {"Done", "PutWhole"}]:
            await self._round(active)

    async def embed(self, runs: Sequence[Run]) -> None:
        """Compute the vectors that runs wait for, equal texts once; writes nothing. Raises what the embedder raises."""
        texts = {name: text for run in runs for name, text in run.missing(()).items()}
        if not texts:
            return
        with STEP_SECONDS.labels("index", "Embed").time():
            vectors = dict(zip(texts, await self._embed(list(texts.values())), strict=True))
        for run in runs:
            missing = run.missing(())
            run.vectors |= {name: vectors[name] for name in missing}
            run.embedded += len(missing)

    async def finish(self, runs: Sequence[Run]) -> list[Indexed]:
        """Go on to the end."""
        while active := [run for run in runs if run.due != "Done"]:
            await self._round(active)
        return [result_of(run) for run in runs]

    def _cut_early(self, job: Job) -> asyncio.Future[Cut] | None:
        if not self._text_first or job.wanted.deleted:
            return None
        cutting = asyncio.ensure_future(self._in_thread(job.cut))
        cutting.add_done_callback(lambda done: done.cancelled() or done.exception())  # in vain perhaps: who needs the cut raises it
        return cutting

    async def _round(self, runs: Sequence[Run]) -> None:
        by_kind: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            by_kind[run.due].append(run)
        steps = {
            "Look": self._look,
            "NeedSlots": self._cut,
            "PutText": self._put_text,
            "PutChunks": self._put_chunks,
            "PutWhole": self._put_embedded,
            "PutManifest": self._put_manifests,
            "RemoveChunks": self._remove_chunks,
            "RemoveManifests": self._remove_manifests,
        }
        kind = next(kind for kind in _ORDER if kind in by_kind)
        with STEP_SECONDS.labels("index", kind).time():
            await steps[kind](_first_few(by_kind[kind]))

    async def _look(self, runs: Sequence[Run]) -> None:
        seen = await self._store.look(run.key for run in runs)
        for run in runs:
            run.writer = advance(run.writer, seen=seen[run.key])

    async def _cut(self, runs: Sequence[Run]) -> None:
        cuts = await asyncio.gather(*(self._cut_of(run) for run in runs))
        for run, (slots, contents) in zip(runs, cuts, strict=True):
            run.contents = contents
            run.writer = advance(run.writer, slots=slots)

    async def _cut_of(self, run: Run) -> Cut:
        return await (run.cutting or self._in_thread(run.job.cut))

    async def _put_chunks(self, runs: Sequence[Run]) -> None:
        """Write the new chunks of those whose vectors are known; the others put their text first, or are embedded here."""
        await self._cut_where_kept_slots_are_gone(runs)
        vectors = await self._old_vectors(runs)
        ready: list[Run] = []
        for run in runs:
            if not self._text_first or not run.missing(vectors):
                ready.append(run)
                continue
            run.vectors |= {name: vectors[name] for name in {text_hash(entry.content_hash) for entry in run.new} & vectors.keys()}
            run.writer = text_first(run.writer)
            run.searchable_time_us = run.searchable_time_us if run.due == "PutText" else _current(run).indexed_time_us
        if ready:
            await self._write(ready, vectors)

    async def _put_text(self, runs: Sequence[Run]) -> None:
        borrowed = await self._borrowed(runs)
        chunks: list[NewChunk] = []
        for run in runs:
            for entry in run.new:
                content = run.contents[entry.content_hash.removeprefix(WITHOUT_VECTOR)]
                chunks.append(
                    NewChunk(run.key.tenant, entry.chunk_id, _born(run), replace(content, content_hash=entry.content_hash), borrowed.get(entry.chunk_id))
                )
        await self._store.put_chunks(chunks)
        for run in runs:
            run.writer = advance(run.writer)

    async def _borrowed(self, runs: Sequence[Run]) -> dict[str, Sequence[float]]:
        """Old vectors, by the ids of the new chunks that go by them until they have their own (index.borrowing)."""
        pairs: dict[str, dict[str, str]] = defaultdict(dict)
        for run in runs:
            seen, own = run.writer.planned_on, run.writer.own
            if seen and seen.current and own:
                pairs[run.key.tenant] |= {new: old for new, old in lenders(seen.current.entries, own.entries).items() if old in seen.chunk_ids}
        vectors: dict[str, Sequence[float]] = {}
        for tenant, lent in pairs.items():
            found = await self._store.vectors(tenant, sorted(set(lent.values()))) if lent else {}
            vectors |= {new: found[old] for new, old in lent.items() if old in found}
        return vectors

    async def _put_embedded(self, runs: Sequence[Run]) -> None:
        await self._write(runs, await self._old_vectors(runs))

    async def _write(self, runs: Sequence[Run], vectors: dict[str, Sequence[float]]) -> None:
        """Write new chunks: each text with the vector of an existing chunk that has it, else embedded now unless that was done ahead, equal texts once."""
        missing = {name: text for run in runs for name, text in run.missing(vectors).items()}
        for run in runs:
            run.embedded += len(run.missing(vectors))
            vectors |= run.vectors
        if missing:
            with STEP_SECONDS.labels("index", "Embed").time():
                vectors |= dict(zip(missing, await self._embed(list(missing.values())), strict=True))
        chunks: list[NewChunk] = []
        for run in runs:
            run.added = len(run.new)
            for entry in run.new:
                vector = vectors[text_hash(entry.content_hash)]
                chunks.append(NewChunk(run.key.tenant, entry.chunk_id, _born(run), run.contents[entry.content_hash], vector))
        await self._store.put_chunks(chunks)
        for run in runs:
            run.writer = advance(run.writer)

    async def _cut_where_kept_slots_are_gone(self, runs: Sequence[Run]) -> None:
        """A re-snapshot reuses the old slots without cutting; where a chunk of them is gone after all, its text is needed."""
        bare = [run for run in runs if not run.contents]
        cuts = await asyncio.gather(*(self._cut_of(run) for run in bare))
        for run, (_, contents) in zip(bare, cuts, strict=True):
            run.contents = contents

    async def _old_vectors(self, runs: Sequence[Run]) -> dict[str, Sequence[float]]:
        """Vectors of the documents' own chunks with the text of a new one, listed by whichever manifest; of a moved document's those that it had where it was."""
        origins = await self._origins(runs)
        wanted: dict[str, dict[str, str]] = defaultdict(dict)
        for run in runs:
            seen = origins.get(run.key, run.writer.planned_on)
            needed = {text_hash(entry.content_hash) for entry in run.new} - run.vectors.keys()
            for manifest in seen.manifests if seen else ():
                for entry in manifest.entries:
                    if text_hash(entry.content_hash) in needed and seen and entry.chunk_id in seen.chunk_ids:
                        wanted[run.key.tenant][text_hash(entry.content_hash)] = entry.chunk_id
        vectors: dict[str, Sequence[float]] = {}
        for tenant, ids in wanted.items():
            found = await self._store.vectors(tenant, list(ids.values()))
            vectors |= {name: found[chunk_id] for name, chunk_id in ids.items() if chunk_id in found}
        return vectors

    async def _origins(self, runs: Sequence[Run]) -> dict[DocKey, Observation]:
        """What the documents were before they were moved, by their own key: of those that have chunks nowhere else and still lack vectors."""
        moved = {run.key: DocKey(run.key.tenant, run.job.moved_from) for run in runs if run.job.moved_from and not run.owns_chunks and run.missing(())}
        seen = await self._store.look(set(moved.values())) if moved else {}
        return {key: seen[origin] for key, origin in moved.items()}

    async def _put_manifests(self, runs: Sequence[Run]) -> None:
        stamped: list[tuple[DocKey, Manifest]] = []
        at = now_us()
        for run in runs:
            effect = run.writer.effect
            assert isinstance(effect, PutManifest)  # noqa: S101  # grouped by effect
            stamped.append((run.key, replace(effect.manifest, indexed_time_us=at)))
        await self._store.put_manifests(stamped)
        at = now_us()
        for run, (_, manifest) in zip(runs, stamped, strict=True):
            if manifest.attempt.stage is Stage.TEXT or not run.searchable_time_us:  # a revoke is seen by its narrowing, new text not before its own
                run.searchable_time_us = at
            run.whole_time_us = at
            run.writer = advance(run.writer)

    async def _remove_chunks(self, runs: Sequence[Run]) -> None:
        by_tenant: dict[str, list[str]] = defaultdict(list)
        for run in runs:
            effect = run.writer.effect
            assert isinstance(effect, RemoveChunks)  # noqa: S101  # grouped by effect
            by_tenant[run.key.tenant].extend(effect.chunk_ids)
            seen = run.writer.planned_on
            stand_ins = {chunk.chunk_id for chunk in seen.chunks if chunk.born.stage is Stage.TEXT} if seen else set()
            run.removed += len(set(effect.chunk_ids) - stand_ins)
        await asyncio.gather(*(self._store.remove_chunks(tenant, ids) for tenant, ids in by_tenant.items()))
        for run in runs:
            run.writer = advance(run.writer)

    async def _remove_manifests(self, runs: Sequence[Run]) -> None:
        by_tenant: dict[str, list[tuple[str, Attempt]]] = defaultdict(list)
        for run in runs:
            effect = run.writer.effect
            assert isinstance(effect, RemoveManifests)  # noqa: S101  # grouped by effect
            by_tenant[run.key.tenant].extend((run.key.doc_id, attempt) for attempt in effect.attempts)
        await asyncio.gather(*(self._store.remove_manifests(tenant, pairs) for tenant, pairs in by_tenant.items()))
        for run in runs:
            run.writer = advance(run.writer)


def result_of(run: Run) -> Indexed:
    """What became of a run that is done."""
    outcome = run.writer.outcome
    assert outcome is not None  # noqa: S101  # a Done writer has one
    own = run.writer.own if outcome in {Outcome.COMMITTED, Outcome.DUPLICATE} else None
    return Indexed(run.job, outcome, run.writer.before, own, run.added, run.removed, run.embedded, run.searchable_time_us, run.whole_time_us)


def _current(run: Run) -> Manifest:
    """The manifest that the latest plan found."""
    assert run.writer.planned_on is not None and run.writer.planned_on.current is not None  # noqa: S101, PT018  # asked where there is one
    return run.writer.planned_on.current


def _born(run: Run) -> Attempt:
    assert isinstance(run.writer.effect, PutChunks)  # noqa: S101  # grouped by effect
    return run.writer.effect.born


def _first_few(runs: Sequence[Run]) -> Sequence[Run]:
    """The first writers with together CHUNKS_AT_ONCE new chunks, at least one writer; all of them where no chunks are written."""
    total = 0
    for at, run in enumerate(runs):
        total += len(run.new)
        if total > CHUNKS_AT_ONCE:
            return runs[: max(1, at)]
    return runs
