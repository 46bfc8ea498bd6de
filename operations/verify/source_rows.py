"""A declared table's rows by SQL, as its connector would have written them: all of them, or some by key as they are now. Here those of Postgres."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol

import psycopg
from psycopg.rows import dict_row

from connectors.debezium.database import Connection
from connectors.debezium.snapshots import key_filter
from contracts.rows.reading import TableReading, tables_of
from contracts.rows.sql_rows import COLUMN_TYPES, SESSION, quoted
from contracts.rows.values import text_of
from operations.foreseen import OperationError
from streams.mapping import TableMapping

Row = Mapping[str, object]
Key = tuple[str, ...]

BATCH_ROWS: Final = 100
BATCH_CHARACTERS: Final = 4 * 2**20
"""A batch ends with whichever comes first: bounds the memory, whatever the rows' size."""


class TableRows(Protocol):
    """One table's rows as the mapping reads them. Used by one thread at a time."""

    @property
    def mapping(self) -> TableMapping: ...

    def snapshot(self) -> AbstractContextManager[None]:
        """One state of all of them, as far as the source has such a thing, for as long as the block runs."""

    def count(self) -> int:
        """How many there are, about: for people who wait."""

    def all(self, sample: int | None = None) -> Iterator[list[Row]]:
        """Batches of all rows, or of ``sample`` rows chosen at random; inside ``snapshot`` only."""

    def by_key(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows that exist of those with the keys, as they are now. A key that no value of the column's type can have has no row."""


def prepare(connection: Connection) -> None:
    """Make the session write values as the conversion expects them."""
    for name, value in SESSION.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))


class PostgresRows:
    """One table, read over an autocommit connection that ``prepare`` has seen."""

    def __init__(self, mapping: TableMapping, connection: Connection) -> None:
        self.mapping = mapping
        self._connection = connection
        self._reading = TableReading(mapping.table, {name: self._types_of(name) for name in tables_of(mapping.table)})
        if absent := self._reading.absent():
            raise OperationError(
                f"The database of source {mapping.source.name} does not have {', '.join(absent)}.", "'headrace connectors plan' shows what differs."
            )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One state of the whole database. It reads only, and holds back vacuum."""
        with self._connection.transaction():
            self._connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield

    def count(self) -> int:
        found = self._connection.execute(f"SELECT count(*) FROM {self._name}".encode()).fetchone()  # noqa: S608  # a quoted identifier
        return int(found[0]) if found else 0

    def all(self, sample: int | None = None) -> Iterator[list[Row]]:
        statement = self._reading.select()
        if sample is not None:
            statement += f" WHERE ctid = ANY (ARRAY(SELECT ctid FROM {self._name} ORDER BY random() LIMIT {sample:d}))"  # noqa: S608  # as above
        with self._connection.cursor(name="headrace_verify", row_factory=dict_row) as cursor:
            cursor.itersize = BATCH_ROWS
            cursor.execute(statement.encode())
            yield from self._batches(cursor)

    def by_key(self, keys: Sequence[Key]) -> dict[Key, Row]:
        if not keys:
            return {}
        literals = [self._literals(key) for key in keys]
        statement = f"{self._reading.select()} WHERE {key_filter(self.mapping.table, literals)}"
        try:
            with self._connection.cursor(row_factory=dict_row) as cursor:
                found = cursor.execute(statement.encode()).fetchall()
        except psycopg.DataError:
            if len(keys) == 1:
                return {}
            half = len(keys) // 2
            return self.by_key(keys[:half]) | self.by_key(keys[half:])
        rows = [self._reading.row(row) for row in found]
        return {tuple(text_of(row[column]) for column in self.mapping.table.key): row for row in rows}

    def _types_of(self, name: str) -> dict[str, str]:
        schema, _, table = name.partition(".")
        return dict(self._connection.execute(COLUMN_TYPES.encode(), {"schema": schema, "table": table}).fetchall())

    @property
    def _name(self) -> str:
        return f"{quoted(self.mapping.table.schema_name)}.{quoted(self.mapping.table.table_name)}"

    def _literals(self, key: Key) -> Key:
        """The parts as Postgres reads them: bytea stands in ids as Debezium writes it, in base64."""
        types = [self._reading.own_types[column] for column in self.mapping.table.key]
        return tuple("\\x" + base64.b64decode(part).hex() if kind == "bytea" else part for part, kind in zip(key, types, strict=False))

    def _batches(self, cursor: psycopg.ServerCursor[dict[str, object]]) -> Iterator[list[Row]]:
        batch: list[Row] = []
        characters = 0
        for raw in cursor:
            batch.append(self._reading.row(raw))
            characters += sum(len(value) for value in raw.values() if isinstance(value, str))
            if len(batch) >= BATCH_ROWS or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
        if batch:
            yield batch
