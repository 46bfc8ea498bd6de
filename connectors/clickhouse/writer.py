"""Rows into one transaction with the cursor: the records, what is known of their keys, and a dead letter for a row that no topic takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog

from connectors.clickhouse.cursor import Cursor
from connectors.clickhouse.keys import Known, delete_sequence, keys_topic, known_of, known_record, row_key
from connectors.clickhouse.log import TableLog
from connectors.clickhouse.metrics import ROWS
from connectors.clickhouse.records import Envelopes, Lane, OutRecord
from connectors.clickhouse.rows import Row
from contracts.dead_letters import DeadLetter
from contracts.identity import document_id
from contracts.sources.clickhouse import ClickHouseSource, ClickHouseTable
from contracts.topics import DEAD_LETTERS, MAX_SOURCE_RECORD_BYTES

_log = structlog.get_logger()
Sequenced = tuple[Row, tuple[int, int]]


class TableWriter:
    """``cursor`` is always the committed one. ``touched`` are the keys written since it was last emptied."""

    def __init__(self, log: TableLog, source: ClickHouseSource, table: ClickHouseTable, cursor: Cursor, most_bytes: int = MAX_SOURCE_RECORD_BYTES) -> None:
        self.cursor = cursor
        self.touched: set[bytes] | None = None
        self._log = log
        self._source = source
        self._table = table
        self._envelopes = Envelopes(source, table)
        self._keys_topic = keys_topic(source.name, table.name) if table.compare_keys_seconds is not None else None
        self._most_bytes = most_bytes

    async def rows(self, rows: Sequence[Row], lane: Lane, cursor: Cursor) -> None:
        """Rows under their own sequence. Raises LogUnavailableError, after which nothing of this counts."""
        await self.sequenced([(row, row.sequence) for row in rows], lane, cursor)

    async def sequenced(self, rows: Sequence[Sequenced], lane: Lane, cursor: Cursor) -> None:
        """As ``rows``, with the sequence to write instead."""
        now = time.time_ns() // 1000
        records = [record for row, sequence in rows for record in self._of_row(row, sequence, lane, now)]
        await self.commit(records, cursor)
        for row, _ in rows:
            ROWS.labels(self._source.name, self._table.name, lane, "d" if row.deleted else "r" if lane == "backfill" else "u").inc()

    async def again(self, rows: Sequence[Sequenced], gone: Sequence[tuple[bytes, tuple[int, int]]], cursor: Cursor) -> None:
        """Rows as they are now, and deletes of keys without one, each under its own sequence."""
        now = time.time_ns() // 1000
        records = [record for row, sequence in rows for record in self._of_row(row, sequence, "live", now)]
        await self.commit([*records, *(self._envelopes.of_missing(key, sequence, now) for key, sequence in gone)], cursor)

    async def missing(self, keys: Iterable[tuple[bytes, Known]], cursor: Cursor) -> None:
        """Deletes of keys that the table no longer has."""
        now = time.time_ns() // 1000
        records: list[OutRecord] = []
        for key, known in keys:
            sequence = delete_sequence(known.sequence)
            records.append(self._envelopes.of_missing(key, sequence, now))
            records += self._remember(key, replace(known, sequence=sequence, deleted=True, time_us=now))
        await self.commit(records, cursor)
        ROWS.labels(self._source.name, self._table.name, "live", "d").inc(len(records) // 2)

    async def forget(self, keys: Iterable[bytes], cursor: Cursor) -> None:
        await self.commit([record for key in keys for record in self._remember(key, None)], cursor)

    async def commit(self, records: Sequence[OutRecord], cursor: Cursor) -> None:
        await self._log.write(records, cursor)
        self.cursor = cursor
        if self.touched is not None:
            self.touched.update(record.key for record in records if record.key is not None)

    def _of_row(self, row: Row, sequence: tuple[int, int], lane: Lane, now: int) -> list[OutRecord]:
        record = self._envelopes.of_row(row, lane, sequence)
        if len(record.value or b"") > self._most_bytes:
            record = self._refused(row, record, now)
        return [record, *self._remember(row_key(row), known_of(row, sequence, now))]

    def _remember(self, key: bytes, known: Known | None) -> list[OutRecord]:
        return [] if self._keys_topic is None else [known_record(self._keys_topic, key, known)]

    def _refused(self, row: Row, record: OutRecord, now: int) -> OutRecord:
        """The row was never in a topic, so its place is none."""
        size = len(record.value or b"")
        reason = f"a row of {size} bytes, the most is {self._most_bytes}; declare fewer columns of {self._table.name}, or split the row"
        doc_id = document_id(self._source.scope_of(self._table), tuple(row.key.values()))
        _log.error("row refused", source=self._source.name, table=self._table.name, doc_id=doc_id, bytes=size)
        ROWS.labels(self._source.name, self._table.name, "live", "refused").inc()
        letter = DeadLetter("collect", "RowTooLargeError", reason, record.topic, -1, -1, attempts=1, time_us=now, doc_id=doc_id)
        return OutRecord(DEAD_LETTERS, None, b"", tuple(letter.headers()))
