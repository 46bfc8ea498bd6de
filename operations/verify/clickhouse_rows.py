"""A declared ClickHouse table's rows as the poller writes them: of each key the newest state, unless that is marked as deleted.

The keys are gone through in their order, a page at a time, so that no query lasts: there is no state of the whole table to hold on to, and what changes meanwhile is
looked at again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext

import orjson

from connectors.clickhouse import statements
from connectors.clickhouse.columns import Shape
from connectors.clickhouse.database import Database
from connectors.clickhouse.errors import ClickHouseError
from connectors.clickhouse.lookup import rows_under
from connectors.clickhouse.rows import Row as PolledRow
from connectors.clickhouse.rows import RowReader
from connectors.clickhouse.service import password_of
from connectors.clickhouse.session import inspect
from connectors.process import CannotStartError
from contracts.rows.values import text_of
from contracts.sources import ClickHouseSource, ClickHouseTable
from operations.foreseen import OperationError
from operations.verify.source_rows import BATCH_CHARACTERS, BATCH_ROWS, Key, Row
from streams.mapping import TableMapping


class ClickHouseRows:
    """One table over a connection of its own."""

    def __init__(self, mapping: TableMapping, database: Database, shape: Shape) -> None:
        self.mapping = mapping
        self._database = database
        self._shape = shape
        self._reader = RowReader(shape)

    def snapshot(self) -> AbstractContextManager[None]:
        return nullcontext()

    def count(self) -> int:
        with foreseen():
            return next((int(orjson.loads(line)[0]) for line in self._database.lines(statements.count_keys(self._shape))), 0)

    def all(self, sample: int | None = None) -> Iterator[list[Row]]:
        with foreseen():
            states = self._pages() if sample is None else self._read(statements.some_rows(self._shape, sample))
            yield from _batches(states)

    def by_key(self, keys: Sequence[Key]) -> dict[Key, Row]:
        with foreseen():
            found = rows_under(self._database, self._shape, self._reader, keys)
        return {tuple(text_of(row.key[column]) for column in self.mapping.table.key): row.values for row in found if not row.deleted}

    def _pages(self) -> Iterator[PolledRow]:
        after: Sequence[str] | None = None
        while True:
            page = list(self._read(statements.rows_by_key(self._shape, after, BATCH_ROWS)))
            yield from page
            if len(page) < BATCH_ROWS:
                return
            after = page[-1].position.key

    def _read(self, sql: str) -> Iterator[PolledRow]:
        return (self._reader.read(line) for line in self._database.lines(sql))


def _batches(states: Iterable[PolledRow]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for state in states:
        if state.deleted:
            continue
        batch.append(state.values)
        size += state.size
        if len(batch) >= BATCH_ROWS or size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@asynccontextmanager
async def opened_rows(mapping: TableMapping, source: ClickHouseSource, table: ClickHouseTable, environ: Mapping[str, str]) -> AsyncIterator[ClickHouseRows]:
    """Raises OperationError."""
    with foreseen():
        database = Database(source.connection, table, password_of(source, environ))
        await database.open()
        try:
            yield ClickHouseRows(mapping, database, await inspect(database, table, source.connection.user))
        finally:
            await database.close()


@contextmanager
def foreseen() -> Iterator[None]:
    """What ClickHouse refuses, as an operator's command tells it."""
    try:
        yield
    except ClickHouseError as error:
        raise OperationError(f"{error.cause}.", error.cure) from error
    except CannotStartError as error:
        raise OperationError(str(error), "This command needs the secrets that the poller has.") from error
