"""One table, from its cursor on, until something goes wrong: then another session begins from what was committed. So there is one way back from every fault.

In one loop: what is new first, then what somebody asks for again, then one batch of the load or of a comparison's findings, then a pause if there was none of these. A comparison reads beside it.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import structlog

from connectors.clickhouse import columns, statements
from connectors.clickhouse.columns import Shape
from connectors.clickhouse.comparing import Findings, Repair, compare
from connectors.clickhouse.cursor import Cursor, starting, under
from connectors.clickhouse.database import Database
from connectors.clickhouse.errors import MissingTableError
from connectors.clickhouse.live import Live, Look, lag_ticks, look
from connectors.clickhouse.load import Load
from connectors.clickhouse.log import TableLog
from connectors.clickhouse.metrics import LOADING, POLLED
from connectors.clickhouse.rereading import Requests, Rereading, requests_from
from connectors.clickhouse.rows import RowReader
from connectors.clickhouse.writer import TableWriter
from contracts.sources.clickhouse import ClickHouseSource, ClickHouseTable

_log = structlog.get_logger()


async def inspect(database: Database, table: ClickHouseTable, user: str) -> Shape:
    """What the server says of the table. Raises ClickHouseError for all that does not fit its declaration."""
    found = await database.rows(statements.shape_of(table))
    if not found:
        raise MissingTableError(table.name, user)
    engine, listed = found[0]
    return columns.checked(table, engine, dict(listed))


class Session:
    """``name`` is in every cursor that it writes."""

    def __init__(self, source: ClickHouseSource, table: ClickHouseTable, password: str, servers: str, ready: Callable[[bool], None]) -> None:
        self.name = uuid.uuid4().hex
        self._source = source
        self._table = table
        self._password = password
        self._servers = servers
        self._ready = ready
        self._comparison: asyncio.Task[Findings] | None = None
        self._repair: Repair | None = None

    async def run(self) -> None:
        """Ends when the table was altered; else only by ClickHouseError or LogUnavailableError."""
        async with AsyncExitStack() as stack:
            database = await self._opened(stack)
            shape = await inspect(database, self._table, self._source.connection.user)
            log = await stack.enter_async_context(TableLog(self._servers, self._source.name, self._table.name))
            seen = await look(database, shape)
            writer = TableWriter(log, self._source, self._table, await self._start(log, shape, seen))
            await writer.commit([], writer.cursor)
            requests = await stack.enter_async_context(requests_from(self._servers, self._source.name, self._table.name, writer.cursor.reread))
            stack.push_async_callback(self._stop_comparison)
            await self._follow(database, shape, writer, requests, seen.altered)

    async def _opened(self, stack: AsyncExitStack) -> Database:
        database = Database(self._source.connection, self._table, self._password)
        await database.open()
        stack.push_async_callback(database.close)
        return database

    async def _start(self, log: TableLog, shape: Shape, seen: Look) -> Cursor:
        stored = await log.cursor()
        cursor = starting(stored, under(self._source, shape), seen.now, lag_ticks(shape))
        begins = "load" if cursor.load is None and cursor.until is not None else "cursor"
        _log.info("polling", source=self._source.name, table=self._table.name, begins=begins)
        return replace(cursor, writer=self.name)

    async def _follow(self, database: Database, shape: Shape, writer: TableWriter, requests: Requests, altered: object) -> None:
        reader = RowReader(shape)
        live = Live(database, shape, reader, writer, self._source.name)
        load = Load(database, shape, reader, writer)
        again = Rereading(requests, database, shape, reader, writer, self._source.name)
        polled = POLLED.labels(self._source.name, self._table.name)
        loading = LOADING.labels(self._source.name, self._table.name)
        due = 0.0
        while True:
            if (wait := due - time.monotonic()) <= 0:
                seen = await look(database, shape)
                if seen.altered != altered:
                    return
                await live.poll(seen)
                await again.step()
                due = time.monotonic() + self._table.poll_seconds
                polled.set_to_current_time()
                loading.set(not load.done)
                self._ready(True)
            elif not load.done:
                await load.step()
            elif not await self._compared(database, shape, reader, writer, live):
                await asyncio.sleep(wait)

    async def _compared(self, database: Database, shape: Shape, reader: RowReader, writer: TableWriter, live: Live) -> bool:
        """Takes one step of a comparison where there is one to take."""
        if self._table.compare_keys_seconds is None:
            return False
        if self._repair is not None:
            if await self._repair.step():
                self._repair = writer.touched = None
            return True
        if self._comparison is not None:
            if not self._comparison.done():
                return False
            findings, self._comparison = await self._comparison, None
            self._repair = Repair(findings, database, shape, reader, writer, self._source.name)
            _log.info("keys compared", source=self._source.name, table=self._table.name, missing=len(findings.missing), unread=len(findings.unread))
            return True
        if time.time_ns() // 1000 - writer.cursor.compared_us >= self._table.compare_keys_seconds * 1_000_000:
            writer.touched = set()
            self._comparison = asyncio.create_task(self._compare(shape, live.floor))
        return False

    async def _compare(self, shape: Shape, floor: int) -> Findings:
        """With a connection of its own, so that the polls go on meanwhile."""
        async with AsyncExitStack() as stack:
            return await compare(self._servers, self._source.name, await self._opened(stack), shape, floor)

    async def _stop_comparison(self) -> None:
        if self._comparison is not None:
            self._comparison.cancel()
            await asyncio.gather(self._comparison, return_exceptions=True)  # whatever it met, the next session meets too
