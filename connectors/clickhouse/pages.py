"""A table's rows in order, page by page: the cost of a page is what it holds and one pass over the column of times, however large the table is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from connectors.clickhouse import statements
from connectors.clickhouse.columns import Shape
from connectors.clickhouse.database import Database
from connectors.clickhouse.rows import Row, RowReader
from connectors.clickhouse.statements import Position


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one page; ``rows`` is exact, ``size_bytes`` is exceeded by one row."""

    rows: int
    size_bytes: int


async def pages(
    database: Database, shape: Shape, reader: RowReader, limits: Limits, low: int | None, after: Position | None, until: int | None
) -> AsyncIterator[list[Row]]:
    """Every key's newest state among the rows from ``low`` (None: the first), behind ``after`` and up to ``until``. Raises ClickHouseError.

    The times of the next rows come first, from that column alone: so the page's query reads no text of rows that are not on it.
    """
    while True:
        count, last = (await database.rows(statements.edge(shape, low, after, until, limits.rows)))[0]
        if not count:
            return
        rows, whole = await database.page(statements.page(shape, low, after, last, limits.rows), reader.read, limits.size_bytes)
        ended = whole and len(rows) < limits.rows
        after = Position(last, None) if ended else rows[-1].position
        yield rows
        if ended and count < limits.rows:
            return


def batches(rows: Sequence[Row], limits: Limits) -> Iterator[list[Row]]:
    """The rows in transactions of at most so many, none of them empty."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += row.size
        if len(batch) >= limits.rows or size >= limits.size_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
