"""The rows that were there when a table was first read, or when its policy was raised: to the backfill lane, batch by batch, so that live changes go in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from connectors.clickhouse.columns import Shape
from connectors.clickhouse.database import Database
from connectors.clickhouse.pages import Limits, batches, pages
from connectors.clickhouse.rows import Row, RowReader
from connectors.clickhouse.writer import TableWriter

_PAGE_ROWS: Final = 10
_PAGE_BYTES: Final = 4
"""How many batches one page holds: each page costs a pass over the column of times."""


class Load:
    def __init__(self, database: Database, shape: Shape, reader: RowReader, writer: TableWriter) -> None:
        self._writer = writer
        self._limits = Limits(shape.table.batch_rows, shape.table.batch_bytes)
        page = Limits(_PAGE_ROWS * self._limits.rows, _PAGE_BYTES * self._limits.size_bytes)
        self._pages = pages(database, shape, reader, page, None, writer.cursor.load, writer.cursor.until)
        self._batches = self._in_batches()

    @property
    def done(self) -> bool:
        return self._writer.cursor.until is None

    async def step(self) -> None:
        """Writes one batch, or that there is none left. Raises ClickHouseError, LogUnavailableError."""
        batch = await anext(self._batches, None)
        if batch is None:
            await self._writer.commit([], self._writer.cursor.loaded)
        else:
            await self._writer.rows(batch, "backfill", self._writer.cursor.loaded_to(batch[-1].position))

    async def _in_batches(self) -> AsyncIterator[list[Row]]:
        async for page in self._pages:
            for batch in batches(page, self._limits):
                yield batch
