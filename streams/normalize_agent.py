"""The normalize step between Kafka and Kafka: raw records in, document records out, each acknowledged when the broker has all that came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import structlog
from opentelemetry import trace
from opentelemetry.propagate import inject

from contracts.events import HEADER_SOURCE_TIME, DeleteRecord, DocumentRecord, FloorRecord, InvalidRecordError, encode
from contracts.identity import record_key
from contracts.telemetry import DEAD_LETTERS, IN_FLIGHT, RECORDS, SPAN_NORMALIZE
from contracts.topics import DOCUMENTS, DOCUMENTS_BACKFILL
from streams.normalizing import NEVER_STORED, Normalized, Normalizer
from streams.producer import OutRecord, RecordProducer
from streams.records import InRecord, dead_letter

INLINE_BYTES: Final = 32 * 1024
"""A record up to this size is normalised on the event loop: handing it to a thread would cost more."""
IN_FLIGHT_RECORDS: Final = 500

_log = structlog.get_logger()
_tracer = trace.get_tracer("headrace")


class UnforeseenRecordError(InvalidRecordError):
    """Our own code failed on one record. It is a dead letter with the error's name, so that one record cannot stop its partition."""


class Normalizing:
    """One lane of one worker. ``failed`` is called with an error that must end the process."""

    def __init__(self, normalizer: Normalizer, producer: RecordProducer, lane: str, failed: Callable[[BaseException], None]) -> None:
        self._normalizer = normalizer
        self._producer = producer
        self._lane = lane
        self._failed = failed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="normalize")
        self._room = asyncio.Semaphore(IN_FLIGHT_RECORDS)
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, source: InRecord) -> None:
        """Normalise a record and hand what came of it to the broker, in order; the acknowledgement follows the broker's."""
        await self._room.acquire()
        with _tracer.start_as_current_span(SPAN_NORMALIZE, attributes={"messaging.destination": source.topic}):
            try:
                outcome = await self._normalize(source)
                records = await self._out(outcome)
                RECORDS.labels(outcome.source, self._lane, outcome.op).inc()
                if outcome.op == NEVER_STORED:
                    _log.info("delete_of_what_was_never_stored", topic=source.topic, partition=source.partition, offset=source.offset)
                if outcome.refused is not None:
                    records.append(self._refused(source, outcome.refused))
            except InvalidRecordError as error:
                records = [self._refused(source, error)]
        sent = [await self._producer.send(record) for record in records]
        task = asyncio.create_task(self._acknowledge(source, sent))
        self._tasks.add(task)
        IN_FLIGHT.labels("normalize", self._lane).set(len(self._tasks))
        task.add_done_callback(self._finished)

    async def _normalize(self, source: InRecord) -> Normalized:
        work = partial(self._normalizer.normalize, source.topic, source.key, source.value)
        try:
            if source.size <= INLINE_BYTES:
                return work()
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except InvalidRecordError:
            raise
        except Exception as error:
            raise UnforeseenRecordError(f"{type(error).__name__} while the record was normalised") from error

    async def _out(self, outcome: Normalized) -> list[OutRecord]:
        out: list[OutRecord] = []
        headers: dict[str, str] = {}
        inject(headers)
        for record in outcome.records:
            mine = [(name, value.encode()) for name, value in (headers | {HEADER_SOURCE_TIME: str(record.source_time_us)}).items()]
            value = encode(record)
            match record:
                case FloorRecord():
                    for topic in (DOCUMENTS, DOCUMENTS_BACKFILL):
                        out.extend(OutRecord(topic, record.scope.encode(), value, mine, partition) for partition in await self._producer.partitions(topic))
                case DeleteRecord():
                    out.extend(OutRecord(topic, record_key(record.tenant, record.doc_id), value, mine) for topic in (DOCUMENTS, DOCUMENTS_BACKFILL))
                case DocumentRecord():
                    topic = DOCUMENTS if self._lane == "live" else DOCUMENTS_BACKFILL
                    out.append(OutRecord(topic, record_key(record.tenant, record.doc_id), value, mine))
        return out

    async def _acknowledge(self, source: InRecord, sent: list[asyncio.Future[object]]) -> None:
        await asyncio.gather(*sent)
        source.ack()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    def _refused(self, source: InRecord, error: InvalidRecordError) -> OutRecord:
        DEAD_LETTERS.labels("normalize", type(error).__name__).inc()
        _log.warning("dead_letter", stage="normalize", error=type(error).__name__, topic=source.topic, partition=source.partition, offset=source.offset)
        return dead_letter(source, "normalize", error, keep_value=False, doc_id=self._normalizer.doc_id_of(source.topic, source.key))
