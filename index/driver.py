"""Carries out the write protocol for a batch of documents: rounds in which the same effect of many writers is one call.

Writers of a batch are of different documents and go at their own pace: while one still embeds, another is at its manifest. What the batch shares is
the cost of a round trip and of an inference. Nothing here decides anything about consistency; that is index.protocol's.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from contracts.identity import Attempt
from contracts.telemetry import STEP_SECONDS
from index.documents import ChunkContent, text_hash
from index.manifest import INTERIM, Manifest
from index.protocol import (
    Done,
    Look,
    NeedSlots,
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
    """A document version to be indexed. ``cut`` makes its chunks; it is called in a thread, once, and only if they are needed."""

    wanted: Wanted
    cut: Callable[[], Cut]

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

    @property
    def kept(self) -> int:
        return max(0, len(self.manifest.entries) - self.added) if self.manifest else 0


@dataclass(slots=True)
class _Run:
    """A writer on its way, with what the driver has to remember of it."""

    job: Job
    writer: Writer
    contents: dict[str, ChunkContent] = field(default_factory=dict)
    added: int = 0
    removed: int = 0
    embedded: int = 0
    searchable_time_us: int = 0

    @property
    def key(self) -> DocKey:
        return self.job.key


def now_us() -> int:
    return time.time_ns() // 1000


def new_nonce() -> str:
    """Random, and rising with the time. The protocol holds for nonces in any order; but a manifest whose request outlives its worker, and that lands
    after the version was indexed again, is then the lower attempt and never current.
    """
    return f"{now_us():013x}{secrets.token_hex(3)}"


class IndexDriver:
    """Indexes batches against a store. Safe to be called for several batches at once as long as no document is in two of them."""

    def __init__(self, store: Store, embed: Embed, *, in_thread: Callable[[Callable[[], Cut]], Coroutine[Any, Any, Cut]]) -> None:
        self._store = store
        self._embed = embed
        self._in_thread = in_thread

    async def index(self, jobs: Sequence[Job]) -> list[Indexed]:
        """Bring the index to each job's version, or find it fenced. Raises what the store and the embedder raise; everything may be done again."""
        runs = [_Run(job, start(job.wanted, new_nonce())) for job in jobs]
        while active := [run for run in runs if not isinstance(run.writer.effect, Done)]:
            await self._round(active)
        return [self._result(run) for run in runs]

    async def _round(self, runs: Sequence[_Run]) -> None:
        by_effect: dict[type, list[_Run]] = defaultdict(list)
        for run in runs:
            by_effect[type(run.writer.effect)].append(run)
        steps = {
            Look: self._look,
            NeedSlots: self._cut,
            PutChunks: self._put_chunks,
            PutManifest: self._put_manifests,
            RemoveChunks: self._remove_chunks,
            RemoveManifests: self._remove_manifests,
        }
        # One effect kind a round, the most advanced first: a manifest must not wait for another document's embedding.
        for effect in (PutManifest, Look, NeedSlots, PutChunks, RemoveChunks, RemoveManifests):
            if effect in by_effect:
                with STEP_SECONDS.labels("index", effect.__name__).time():
                    await steps[effect](_first_few(by_effect[effect]))
                return

    async def _look(self, runs: Sequence[_Run]) -> None:
        seen = await self._store.look(run.key for run in runs)
        for run in runs:
            run.writer = advance(run.writer, seen=seen[run.key])

    async def _cut(self, runs: Sequence[_Run]) -> None:
        cuts = await asyncio.gather(*(self._in_thread(run.job.cut) for run in runs))
        for run, (slots, contents) in zip(runs, cuts, strict=True):
            run.contents = contents
            run.writer = advance(run.writer, slots=slots)

    async def _put_chunks(self, runs: Sequence[_Run]) -> None:
        await self._cut_where_kept_slots_are_gone(runs)
        vectors = await self._vectors(runs)
        chunks: list[NewChunk] = []
        for run in runs:
            effect = run.writer.effect
            assert isinstance(effect, PutChunks)  # noqa: S101  # grouped by effect
            run.added = len(effect.entries)
            for entry in effect.entries:
                vector = vectors[text_hash(entry.content_hash)]
                chunks.append(NewChunk(run.key.tenant, entry.chunk_id, effect.born, run.contents[entry.content_hash], vector))
        await self._store.put_chunks(chunks)
        for run in runs:
            run.writer = advance(run.writer)

    async def _cut_where_kept_slots_are_gone(self, runs: Sequence[_Run]) -> None:
        """A re-snapshot reuses the old slots without cutting; where a chunk of them is gone after all, its text is needed."""
        bare = [run for run in runs if not run.contents]
        cuts = await asyncio.gather(*(self._in_thread(run.job.cut) for run in bare))
        for run, (_, contents) in zip(bare, cuts, strict=True):
            run.contents = contents

    async def _vectors(self, runs: Sequence[_Run]) -> dict[str, Sequence[float]]:
        """A vector for each text that is written: of an existing chunk with that text where the document has one, else embedded, equal texts once."""
        vectors = await self._old_vectors(runs)
        texts: dict[str, str] = {}
        for run in runs:
            for entry in run.writer.effect.entries if isinstance(run.writer.effect, PutChunks) else ():
                name = text_hash(entry.content_hash)
                if name not in vectors and name not in texts:
                    texts[name] = embedded_text(run.contents[entry.content_hash].text)
                    run.embedded += 1
        if texts:
            with STEP_SECONDS.labels("index", "Embed").time():
                vectors |= dict(zip(texts, await self._embed(list(texts.values())), strict=True))
        return vectors

    async def _old_vectors(self, runs: Sequence[_Run]) -> dict[str, Sequence[float]]:
        wanted: dict[str, dict[str, str]] = defaultdict(dict)
        for run in runs:
            effect, seen = run.writer.effect, run.writer.planned_on
            if not isinstance(effect, PutChunks) or seen is None or seen.current is None:
                continue
            needed = {text_hash(entry.content_hash) for entry in effect.entries}
            for entry in seen.current.entries:
                if text_hash(entry.content_hash) in needed and entry.chunk_id in seen.chunk_ids:
                    wanted[run.key.tenant][text_hash(entry.content_hash)] = entry.chunk_id
        vectors: dict[str, Sequence[float]] = {}
        for tenant, ids in wanted.items():
            found = await self._store.vectors(tenant, list(ids.values()))
            vectors |= {name: found[chunk_id] for name, chunk_id in ids.items() if chunk_id in found}
        return vectors

    async def _put_manifests(self, runs: Sequence[_Run]) -> None:
        stamped: list[tuple[DocKey, Manifest]] = []
        at = now_us()
        for run in runs:
            effect = run.writer.effect
            assert isinstance(effect, PutManifest)  # noqa: S101  # grouped by effect
            stamped.append((run.key, replace(effect.manifest, indexed_time_us=at)))
        await self._store.put_manifests(stamped)
        at = now_us()
        for run, (_, manifest) in zip(runs, stamped, strict=True):
            narrowed = manifest.fingerprint == INTERIM and run.searchable_time_us == 0
            if narrowed or run.job.wanted.fingerprint == manifest.fingerprint or manifest.deleted:
                run.searchable_time_us = run.searchable_time_us or at
            run.writer = advance(run.writer)

    async def _remove_chunks(self, runs: Sequence[_Run]) -> None:
        by_tenant: dict[str, list[str]] = defaultdict(list)
        for run in runs:
            effect = run.writer.effect
            assert isinstance(effect, RemoveChunks)  # noqa: S101  # grouped by effect
            by_tenant[run.key.tenant].extend(effect.chunk_ids)
            run.removed += len(effect.chunk_ids)
        await asyncio.gather(*(self._store.remove_chunks(tenant, ids) for tenant, ids in by_tenant.items()))
        for run in runs:
            run.writer = advance(run.writer)

    async def _remove_manifests(self, runs: Sequence[_Run]) -> None:
        by_tenant: dict[str, list[tuple[str, Attempt]]] = defaultdict(list)
        for run in runs:
            effect = run.writer.effect
            assert isinstance(effect, RemoveManifests)  # noqa: S101  # grouped by effect
            by_tenant[run.key.tenant].extend((run.key.doc_id, attempt) for attempt in effect.attempts)
        await asyncio.gather(*(self._store.remove_manifests(tenant, pairs) for tenant, pairs in by_tenant.items()))
        for run in runs:
            run.writer = advance(run.writer)

    @staticmethod
    def _result(run: _Run) -> Indexed:
        outcome = run.writer.outcome
        assert outcome is not None  # noqa: S101  # a Done writer has one
        own = run.writer.own if outcome in {Outcome.COMMITTED, Outcome.DUPLICATE} else None
        return Indexed(run.job, outcome, run.writer.before, own, run.added, run.removed, run.embedded, run.searchable_time_us)


def _first_few(runs: Sequence[_Run]) -> Sequence[_Run]:
    """The first writers with together CHUNKS_AT_ONCE new chunks, at least one writer; all of them where no chunks are written."""
    total = 0
    for at, run in enumerate(runs):
        total += len(run.writer.effect.entries) if isinstance(run.writer.effect, PutChunks) else 0
        if total > CHUNKS_AT_ONCE:
            return runs[: max(1, at)]
    return runs
