"""Rows that somebody wants read again (``contracts.rereads``): written as they are now, or as deleted, above the version that the request names.

The offset of the next request is in the cursor, so in the transaction of what was written for the ones before. A request that comes twice writes the same again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.clickhouse.columns import Shape, place_of
from connectors.clickhouse.database import Database
from connectors.clickhouse.keys import Sequence, delete_sequence, next_sequence
from connectors.clickhouse.log import consuming, ours
from connectors.clickhouse.lookup import Key, rows_under
from connectors.clickhouse.metrics import REPAIRS
from connectors.clickhouse.records import key_bytes
from connectors.clickhouse.rows import Row, RowReader
from connectors.clickhouse.writer import TableWriter
from contracts.events import InvalidRecordError
from contracts.rereads import Reread, decode_reread
from contracts.topics import rereads_topic

_AT_ONCE: Final = 200
_log = structlog.get_logger()


class Requests:
    """Those of one table, from an offset on."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    async def take(self) -> tuple[list[Reread], int] | None:
        """Those that are here already, and the offset after them; None where none is. Raises LogUnavailableError."""
        async with ours():
            batches = await self._consumer.getmany(timeout_ms=0, max_records=_AT_ONCE)
        records = [record for batch in batches.values() for record in batch]
        return ([one for record in records if (one := _decoded(record.value)) is not None], records[-1].offset + 1) if records else None


@asynccontextmanager
async def requests_from(servers: str, source: str, table: str, offset: int) -> AsyncIterator[Requests]:
    """Raises LogUnavailableError."""
    async with consuming(servers, "read_committed") as consumer:
        async with ours():
            place = TopicPartition(rereads_topic(source, table), 0)
            consumer.assign([place])
            consumer.seek(place, offset)
        yield Requests(consumer)


class Rereading:
    """Serves the requests of one session."""

    def __init__(self, requests: Requests, database: Database, shape: Shape, reader: RowReader, writer: TableWriter, source: str) -> None:
        self._requests = requests
        self._database = database
        self._shape = shape
        self._reader = reader
        self._writer = writer
        self._count = REPAIRS.labels(source, shape.table.name, "asked")

    async def step(self) -> bool:
        """One transaction; False where nobody asks. Raises ClickHouseError, LogUnavailableError."""
        taken = await self._requests.take()
        if taken is None:
            return False
        requests, offset = taken
        wanted = {one.key: one.above for one in requests if len(one.key) == len(self._shape.table.key)}
        rows = await asyncio.to_thread(rows_under, self._database, self._shape, self._reader, list(wanted))
        found = {row.position.key: row for row in rows}
        there = {key: row for key in wanted if (row := found.get(self._place(key))) is not None}
        await self._writer.again(_raised(there, wanted), self._gone(there, wanted), replace(self._writer.cursor, reread=offset))
        self._count.inc(len(wanted))
        return True

    def _place(self, key: Key) -> tuple[str, ...]:
        return tuple(place_of(part, self._shape.types[column]) for part, column in zip(key, self._shape.table.key, strict=True))

    def _gone(self, there: Mapping[Key, Row], wanted: Mapping[Key, Sequence | None]) -> list[tuple[bytes, Sequence]]:
        """Of a row that is not there the index must hold nothing; where it never held anything, nothing is to be written."""
        absent = [(key, above) for key, above in wanted.items() if key not in there and above is not None]
        return [(key_bytes(dict(zip(self._shape.table.key, key, strict=True))), delete_sequence(above)) for key, above in absent]


def _raised(there: Mapping[Key, Row], wanted: Mapping[Key, Sequence | None]) -> list[tuple[Row, Sequence]]:
    return [(row, next_sequence(row.sequence, wanted[key])) for key, row in there.items()]


def _decoded(value: bytes | None) -> Reread | None:
    try:
        return decode_reread(value)
    except InvalidRecordError as error:
        _log.error("request not read", reason=str(error))  # whoever wrote it asks again, or not: it is no change of a row
        return None
