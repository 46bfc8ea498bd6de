"""One table's documents in one lane: changes in, gathered documents out, and offsets committed when the broker has all that came of them.

A batch is what has arrived. At least once: a process that ends in between reads again, and what it writes then has a version at least as high.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Any, Final, Literal, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from connectors.gather.changes import Cause, Changes, Key, Wanted
from connectors.gather.database import KEYS_AT_ONCE, Database
from connectors.gather.errors import GatherError, ImpossibleValueError, TooLargeError
from connectors.gather.records import Envelopes
from connectors.gather.writer import Writer
from contracts.envelope import Envelope, decode_envelope
from contracts.events import InvalidRecordError
from contracts.settings import KafkaSettings
from contracts.sources import PostgresSource, Table
from contracts.telemetry import GATHERED, RETRIES, STEP_SECONDS
from contracts.topics import BACKFILL_SUFFIX, MAX_SOURCE_RECORD_BYTES, gathered_kind, source_backfill_topic, source_topic

_Asked = TypeVar("_Asked")
Lane = Literal["live", "backfill"]
LANES: Final[tuple[Lane, ...]] = ("live", "backfill")
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 15.0
_POLL_MS: Final = 1000
_RECORDS_AT_ONCE: Final = 2000
_log = structlog.get_logger()


def _halves(asked: dict[Key, _Asked]) -> list[dict[Key, _Asked]]:
    """None of one alone."""
    half = len(asked) // 2
    return [dict(islice(asked.items(), half)), dict(islice(asked.items(), half, None))] if half else []


def group_of(source: PostgresSource, table: Table, lane: Lane) -> str:
    """The consumer group of a table's gatherers in a lane."""
    return f"headrace-gather-{lane}-{source.name}-{table.name}"


class Gatherer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """``ready`` once it has its share of the partitions. Related tables have no backfill: the rows of a snapshot have not changed."""

    def __init__(self, source: PostgresSource, table: Table, lane: Lane, kafka: KafkaSettings, writer: Writer) -> None:
        self.ready = False
        self._source = source
        self._table = table
        self._lane = lane
        self._writer = writer
        self._database = Database(source, table)
        self._envelopes = Envelopes(source, table)
        topic = source_backfill_topic if lane == "backfill" else source_topic
        self._out = topic(source.name, gathered_kind(table.name))
        related = () if lane == "backfill" else tuple(one.table for one in table.related.values())
        self._topics = sorted({topic(source.name, name) for name in (table.name, *related)})
        group = group_of(source, table, lane)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap_servers,
            group_id=group,
            group_instance_id=f"{group}-{kafka.instance_id}" if kafka.instance_id else None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=int(kafka.session_timeout_seconds * 1000),
            heartbeat_interval_ms=int(kafka.session_timeout_seconds * 200),
            max_poll_interval_ms=600_000,
        )

    async def run(self) -> None:
        """Until it is cancelled. Raises KafkaError, and what nobody foresaw."""
        await self._consumer.start()
        try:
            self._consumer.subscribe(self._topics, listener=self)
            while True:
                arrived = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_RECORDS_AT_ONCE)
                if arrived:
                    await self._gather(arrived)
        finally:
            await self._database.close()
            await self._consumer.stop()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.ready = True
        _log.info("gathering", source=self._source.name, table=self._table.name, lane=self._lane, partitions=len(list(assigned)))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """What is in work is read again by its next owner, and written twice."""

    async def _gather(self, arrived: dict[TopicPartition, Sequence[Any]]) -> None:
        changes = Changes(self._table)
        for place, records in arrived.items():
            for record in records:
                await self._take(changes, place, record)
        await self._until_written(changes)
        try:
            await self._consumer.commit({place: records[-1].offset + 1 for place, records in arrived.items()})
        except (CommitFailedError, IllegalStateError) as error:  # they are another's now, who reads them again
            _log.info("not_committed", source=self._source.name, table=self._table.name, lane=self._lane, error=type(error).__name__)

    async def _take(self, changes: Changes, place: TopicPartition, record: Any) -> None:
        try:
            change = decode_envelope(record.key, record.value)
            if isinstance(change, Envelope):
                changes.add(change, backfill=place.topic.endswith(BACKFILL_SUFFIX))
        except InvalidRecordError as error:
            await self._writer.refuse(error, place.topic, place.partition, record.offset)

    async def _until_written(self, changes: Changes) -> None:
        """Again after a pause of 0.1 to 15 s for as long as the database is away or does not fit the declaration: told once, counted each time."""
        pause, told = _FIRST_PAUSE_SECONDS, ""
        while True:
            try:
                await self._write(changes)
            except GatherError as error:
                await self._database.close()
                RETRIES.labels("gather", type(error).__name__).inc()
                if str(error) != told:
                    told = str(error)
                    _log.warning("waiting", source=self._source.name, table=self._table.name, lane=self._lane, error=type(error).__name__, reason=told)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                continue
            if told:
                _log.info("goes_on", source=self._source.name, table=self._table.name, lane=self._lane)
            return

    async def _write(self, changes: Changes) -> None:
        """What is read shows all that the batch tells of. Parents are looked for only then: whoever becomes a row's parent later is read later, and seen with it."""
        unseen: Collection[int] = changes.transactions
        if changes.matches or changes.truncated is not None or changes.everything is not None:
            snapshot, unseen = await self._database.showing(changes.transactions), ()
            if changes.truncated is not None:
                await self._writer.send(self._out, [self._envelopes.of_truncate(changes.truncated, snapshot)])
        pending = iter(changes.keys.items())
        while page := dict(islice(pending, KEYS_AT_ONCE)):
            await self._read(page, unseen)
        for columns, values in changes.matches.items():
            await self._read_matching(columns, values, changes)
        if changes.truncated is not None or changes.everything is not None:
            # After a truncate, what another process read meanwhile may lie below the floor although it saw the truncate.
            await self._database.have_all_read()

    async def _read_matching(self, columns: tuple[str, ...], values: dict[Key, Cause], changes: Changes) -> None:
        cause = min(values.values(), key=lambda one: one.time_us)
        try:
            async for keys in self._database.matching(columns, list(values)):
                pending = iter(key for key in keys if key not in changes.keys)
                while page := {key: Wanted(cause) for key in islice(pending, KEYS_AT_ONCE)}:
                    await self._read(page)
        except ImpossibleValueError:
            for part in _halves(values):
                await self._read_matching(columns, part, changes)

    async def _read(self, wanted: dict[Key, Wanted], transactions: Collection[int] = ()) -> None:
        """Documents that one statement does not read together are read in halves, until the one that is too large, or cannot be, is alone."""
        began = time.perf_counter()
        try:
            found = await self._database.rows(list(wanted), transactions)
        except (TooLargeError, ImpossibleValueError) as error:
            if parts := _halves(wanted):
                for part in parts:
                    await self._read(part, transactions)
            elif isinstance(error, TooLargeError):
                await self._refuse(error, next(iter(wanted)))
            else:
                (gone,) = wanted.values()
                await self._writer.send(self._out, self._envelopes.of_document(gone, None, await self._database.showing(transactions)))
            return
        STEP_SECONDS.labels("gather", "read").observe(time.perf_counter() - began)
        earliest = min((one.cause for one in wanted.values()), key=lambda cause: cause.time_us)
        records = [record for key, one in wanted.items() if key not in found.rows for record in self._envelopes.of_document(one, None, found.snapshot)]
        for key, row in found.rows.items():  # a key that was asked for in another writing comes back in the row's own
            of_row = list(self._envelopes.of_document(wanted.get(key) or Wanted(earliest), row, found.snapshot))
            if any(len(record.value) > MAX_SOURCE_RECORD_BYTES for record in of_row):
                await self._refuse(TooLargeError("record"), key)
            else:
                records += of_row
        await self._writer.send(self._out, records)
        GATHERED.labels(self._source.name, self._lane).inc(len(found.rows))

    async def _refuse(self, error: TooLargeError, key: Key) -> None:
        await self._writer.refuse_document(error, self._out, self._source.scope_of(self._table), key)
