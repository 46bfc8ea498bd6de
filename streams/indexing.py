"""From document records to the index: batches form from what has arrived, and every record is acknowledged after the index has it.

Mechanism: ``take`` decodes a record and lets it wait; ``run`` makes a batch of what waits whenever there is room for one, and never has one document in two
batches at once. Of several versions of a document that wait together only the highest is indexed, the others are acknowledged with it.

With a driver that puts text first, a batch ends when its documents are searchable. Those that lack vectors wait for them beside, holding up nobody: they are
embedded in the order they came, and are of a batch again for the moment that the rest takes. Of these too only the highest version goes on: a newer one takes
an older one's place, whose text it outranks in the index.

A batch that meets a poisoned document is split until the document is alone, and that one goes to the dead letters. When something we need is away the batch waits and
tries again; anything unforeseen ends ``run``, and so the process: redelivery does the rest.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog
from opentelemetry import trace
from opentelemetry.propagate import extract
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from contracts.events import Change, DeleteRecord, DocumentRecord, FloorRecord, IndexChange, InvalidRecordError, decode_index_record, encode, unless_expired
from contracts.identity import record_key
from contracts.telemetry import CHUNKS, DEAD_LETTERS, DOCUMENTS, FRESHNESS, IN_FLIGHT, RETRIES, SPAN_INDEX, SPAN_VECTORS, VECTORS_FRESHNESS
from contracts.topics import INDEX_CHANGES
from index.documents import chunk_contents, text_hash, wanted_of
from index.driver import Cut, IndexDriver, Indexed, Job, Run, now_us, result_of
from index.embedding import EmbeddingUnavailableError, TextRejectedError
from index.manifest import Manifest
from index.protocol import Outcome, Wanted
from index.store import DocKey, StoreUnavailableError, WeaviateStore
from streams.cutting import Cutter, UncuttableError
from streams.producer import OutRecord, RecordProducer
from streams.records import InRecord, dead_letter
from streams.waiting import Searchable, Waiting, give_way, higher, oldest

RETRYABLE: Final = (StoreUnavailableError, EmbeddingUnavailableError)
POISON: Final = (TextRejectedError, UncuttableError)
WRITTEN_AT_ONCE: Final = 2
"""Groups of documents whose vectors are computed and being written."""
GIVE_UP_SECONDS: Final = 900
"""After so long without what we need the process ends and starts afresh."""

_log = structlog.get_logger()
_tracer = trace.get_tracer("headrace")


@dataclass(frozen=True, slots=True)
class IndexingLimits:
    lane: str
    batch_documents: int
    batches_in_flight: int
    buffer_records: int
    buffer_bytes: int


class Indexing:
    """One lane of one worker."""

    def __init__(self, store: WeaviateStore, driver: IndexDriver, cutter: Cutter, producer: RecordProducer, limits: IndexingLimits) -> None:
        self._store = store
        self._driver = driver
        self._cutter = cutter
        self._producer = producer
        self._limits = limits
        self._waiting: deque[Waiting] = deque()
        self._busy: set[tuple[str, str]] = set()
        self._searchable: dict[tuple[str, str], Searchable] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._records = 0
        self._bytes = 0
        self._changed = asyncio.Condition()

    async def take(self, source: InRecord) -> None:
        """Let a record wait for its batch; comes back when there is room for the next, so that a worker's memory is bounded."""
        if source.value is None:
            source.ack()  # compaction's tombstone: the delete came as a record of its own
            return
        try:
            record = decode_index_record(source.value)
        except InvalidRecordError as error:
            await self._bury(source, error)
            return
        async with self._changed:
            await self._changed.wait_for(self._has_room)
            self._count(source, +1)
            self._waiting.append(Waiting(source, record))
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._records < self._limits.buffer_records and (self._bytes < self._limits.buffer_bytes or not self._records)

    def _count(self, source: InRecord, sign: int) -> None:
        self._records += sign
        self._bytes += sign * source.size
        IN_FLIGHT.labels("index", self._limits.lane).set(self._records)

    async def run(self) -> None:
        """Index what waits, for ever. Ends only by an exception: one that nobody foresaw, or what we need being away for too long."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._make_searchable())
            group.create_task(self._make_whole(group))

    async def _make_searchable(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(self._can_start)
                batch = self._next_batch()
                self._busy.update(item.key for item in batch)
                task = asyncio.create_task(self._process(batch))
                self._tasks.add(task)

    def _can_start(self) -> bool:
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()  # an unforeseen error ends run()
        give_way(self._waiting, self._searchable)
        return len(self._tasks) < self._limits.batches_in_flight and any(item.key not in self._busy for item in self._waiting)

    def _next_batch(self) -> list[Waiting]:
        """The longest-waiting documents that no batch has, each with its highest waiting version. A floor is a batch of its own."""
        first = next(item for item in self._waiting if item.key not in self._busy)
        if isinstance(first.record, FloorRecord):
            self._waiting.remove(first)
            return [first]
        batch: dict[tuple[str, str], Waiting] = {}
        rest: deque[Waiting] = deque()
        for item in self._waiting:
            if item.key in batch:
                batch[item.key] = higher(batch[item.key], item)
            elif item.key in self._busy or isinstance(item.record, FloorRecord) or len(batch) >= self._limits.batch_documents:
                rest.append(item)
            else:
                batch[item.key] = item
        self._waiting = rest
        return list(batch.values())

    async def _process(self, batch: list[Waiting]) -> None:
        floor = batch[0].record
        searchable: list[Searchable] = []
        if isinstance(floor, FloorRecord):
            await self._retrying(lambda: self._apply_floor(floor))
        else:
            searchable = await self._index(batch)
        later = {one.item.key for one in searchable}
        await self._leave([item for item in batch if item.key not in later], searchable)

    async def _leave(self, done: Sequence[Waiting], searchable: Sequence[Searchable] = ()) -> None:
        """Let go of documents: what is done is acknowledged, the others wait for their vectors."""
        for item in done:
            for source in item.all:
                source.ack()
        async with self._changed:
            self._searchable |= {one.item.key: one for one in searchable}
            for item in done:
                for source in item.all:
                    self._count(source, -1)
            self._busy -= {item.key for item in (*done, *(one.item for one in searchable))}
            self._changed.notify_all()

    # -- documents -----------------------------------------------------------------------------------------------------------------

    async def _index(self, items: Sequence[Waiting]) -> list[Searchable]:
        """Index the items, splitting where one is poisoned. Those are returned that want vectors yet."""
        try:
            with _tracer.start_as_current_span(SPAN_INDEX, context=_context(items), attributes={"headrace.documents": len(items)}):
                runs: list[Run] = await self._retrying(lambda: self._until_embedding(items))
        except POISON as error:
            if len(items) == 1:
                await self._bury(items[0].source, error, acknowledge=False)
                return []
            return [one for half in _halves(items) for one in await self._index(half)]
        await self._announce([result_of(run) for run in runs if run.due == "Done"])
        return [Searchable(item, run) for item, run in zip(items, runs, strict=True) if run.due != "Done"]

    async def _until_embedding(self, items: Sequence[Waiting]) -> list[Run]:
        runs = self._driver.begin([self._job(item.record) for item in items])
        await self._driver.until_embedding(runs)
        return runs

    async def _make_whole(self, group: asyncio.TaskGroup) -> None:
        """Embed what is searchable by its words, the oldest first; while one group is written the next is embedded."""
        room = asyncio.Semaphore(WRITTEN_AT_ONCE)
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._searchable)
                chosen = oldest(self._searchable.values())
            poisoned = await self._embed(chosen)
            async with self._changed:  # a newer version may have taken the place of one meanwhile
                ours = [one for one in chosen if self._searchable.get(one.item.key) is one]
                for one in ours:
                    del self._searchable[one.item.key]
                    self._busy.add(one.item.key)
            await room.acquire()
            group.create_task(self._write_whole(ours, poisoned)).add_done_callback(lambda _: room.release())

    async def _embed(self, chosen: Sequence[Searchable]) -> dict[tuple[str, str], TextRejectedError]:
        """Compute vectors, splitting where the model rejects a text: the documents that it is of, by key."""
        try:
            with _tracer.start_as_current_span(SPAN_VECTORS, context=_context([one.item for one in chosen]), attributes={"headrace.documents": len(chosen)}):
                await self._retrying(lambda: self._driver.embed([one.run for one in chosen]))
        except TextRejectedError as error:
            if len(chosen) == 1:
                return {chosen[0].item.key: error}
            return {key: found for half in _halves(chosen) for key, found in (await self._embed(half)).items()}
        return {}

    async def _write_whole(self, chosen: Sequence[Searchable], poisoned: dict[tuple[str, str], TextRejectedError]) -> None:
        for one in chosen:
            if error := poisoned.get(one.item.key):
                await self._bury(one.item.source, error, acknowledge=False)
        sound = [one for one in chosen if one.item.key not in poisoned]
        runs = [one.run for one in sound]

        async def attempt() -> list[Indexed]:  # the first goes on with the runs; after trouble all is begun anew
            begun, runs[:] = runs[:], []
            return await (self._driver.finish(begun) if begun else self._driver.index([one.run.job for one in sound]))

        if sound:
            await self._announce(await self._retrying(attempt))
        await self._leave([one.item for one in chosen])

    def _job(self, record: DocumentRecord | DeleteRecord | FloorRecord) -> Job:
        assert not isinstance(record, FloorRecord)  # noqa: S101  # floors are batches of their own
        due = unless_expired(record, now_us()) if isinstance(record, DocumentRecord) else record  # it may have waited long, or be redelivered

        def cut() -> Cut:
            return ((), {}) if isinstance(due, DeleteRecord) else chunk_contents(due, self._cutter.cut(due))

        return Job(wanted_of(due), cut, due.moved_from if isinstance(due, DocumentRecord) else None)

    async def _announce(self, results: Sequence[Indexed]) -> None:
        changes = [self._change(result) for result in results if result.outcome in {Outcome.COMMITTED, Outcome.DUPLICATE}]
        await self._producer.send_all([OutRecord(INDEX_CHANGES, record_key(change.tenant, change.doc_id), encode(change)) for change in changes])
        for result in results:
            wanted = result.job.wanted
            DOCUMENTS.labels(wanted.description.source, self._limits.lane, result.outcome.value).inc()
            _log.debug(
                "indexed",
                tenant=wanted.tenant,
                doc_id=wanted.doc_id,
                version=str(wanted.version),
                outcome=result.outcome.value,
                added=result.added,
                kept=result.kept,
            )

    def _change(self, result: Indexed) -> IndexChange:
        wanted = result.job.wanted
        about = wanted.description
        change = IndexChange(
            tenant=wanted.tenant,
            doc_id=wanted.doc_id,
            scope=about.scope,
            source=about.source,
            source_time_us=about.source_time_us,
            version=wanted.version,
            change=_kind(result.before, wanted, result.manifest),
            added=result.added,
            kept=result.kept,
            removed=result.removed,
            embedded=result.embedded,
            indexed_time_us=result.searchable_time_us or (result.manifest.indexed_time_us if result.manifest else 0),
            whole_time_us=result.whole_time_us or (result.manifest.indexed_time_us if result.manifest else 0),
        )
        if result.outcome is Outcome.COMMITTED:
            for action in ("added", "kept", "removed", "embedded"):
                CHUNKS.labels(about.source, action).inc(getattr(change, action))
            if self._limits.lane == "live" and about.source_time_us:  # none of the source's changes where a document has expired
                FRESHNESS.labels(about.source, change.change).observe(max(0, change.indexed_time_us - change.source_time_us) / 1e6)
                if result.embedded:
                    VECTORS_FRESHNESS.labels(about.source).observe(max(0, change.whole_time_us - change.source_time_us) / 1e6)
        return change

    # -- floors --------------------------------------------------------------------------------------------------------------------

    async def _apply_floor(self, floor: FloorRecord) -> None:
        """Raise the floor first: whoever writes below it from now on finds it in step 4 and deletes; then delete what stands below."""
        await self._store.raise_floor(floor)
        done: set[DocKey] = set()
        while page := await self._store.living_below(floor.scope, floor.version, done):
            for at in range(0, len(page), self._limits.batch_documents):
                await self._delete(page[at : at + self._limits.batch_documents], floor)
            done.update(page)  # a manifest that lingers below a newer one is listed again; its document was looked at
        _log.info("floor", scope=floor.scope, version=str(floor.version), deleted=len(done))

    async def _delete(self, keys: Sequence[DocKey], floor: FloorRecord) -> None:
        of_floor = {"scope": floor.scope, "source": floor.source, "source_time_us": floor.source_time_us, "version": floor.version}
        gone = [DeleteRecord.model_validate({"tenant": key.tenant, "doc_id": key.doc_id} | of_floor) for key in keys]
        await self._announce(await self._driver.index([self._job(record) for record in gone]))

    # -- trouble -------------------------------------------------------------------------------------------------------------------

    async def _retrying(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(RETRYABLE),
            wait=wait_exponential_jitter(multiplier=0.1, max=2.0, jitter=0.1),
            stop=stop_after_delay(GIVE_UP_SECONDS),
            before_sleep=_report_pause,
            reraise=True,
        )

        async def attempt() -> Any:  # tenacity awaits what a coroutine function gives, not what a lambda gives
            return await call()

        return await retrying(attempt)

    async def _bury(self, source: InRecord, error: Exception, *, acknowledge: bool = True) -> None:
        letter = dead_letter(source, "index", error, keep_value=True)
        await self._producer.send_all([letter])
        DEAD_LETTERS.labels("index", type(error).__name__).inc()
        _log.warning("dead_letter", stage="index", error=type(error).__name__, topic=source.topic, partition=source.partition, offset=source.offset)
        if acknowledge:
            source.ack()


_Item = TypeVar("_Item")


def _halves(items: Sequence[_Item]) -> tuple[Sequence[_Item], Sequence[_Item]]:
    return items[: len(items) // 2], items[len(items) // 2 :]


def _kind(before: Manifest | None, wanted: Wanted, now: Manifest | None) -> Change:
    """delete, permission (only who may read it changed) or upsert."""
    if wanted.deleted:
        return "delete"
    if before is None or before.deleted or now is None or before.allowed == now.allowed:
        return "upsert"
    same_text = [text_hash(entry.content_hash) for entry in before.entries] == [text_hash(entry.content_hash) for entry in now.entries]
    return "permission" if same_text else "upsert"


def _context(items: Sequence[Waiting]) -> Any:
    carrier = {"traceparent": items[0].source.header("traceparent") or ""}
    return extract(carrier)


def _report_pause(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    RETRIES.labels("index", type(error).__name__).inc()
    _log.warning("waiting", reason=str(error), attempt=state.attempt_number, next_try_seconds=round(state.next_action.sleep, 2) if state.next_action else 0)


def in_thread(executor: ThreadPoolExecutor) -> Callable[[Callable[[], Cut]], Coroutine[Any, Any, Cut]]:
    async def call(cut: Callable[[], Cut]) -> Cut:
        return await asyncio.get_running_loop().run_in_executor(executor, cut)

    return call
