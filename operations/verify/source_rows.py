"""A declared table's rows by SQL, as the connector would have written them: all of them in one snapshot, or some by key as they are now."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.rows import dict_row

from connectors.debezium.database import Connection
from connectors.debezium.snapshots import key_filter
from contracts.rows.sql_rows import SESSION, quoted
from contracts.rows.values import text_of
from operations.foreseen import OperationError
from streams.mapping import COLUMN_TYPES, TableMapping, row_from_sql, select_rows

Row = Mapping[str, object]
Key = tuple[str, ...]

BATCH_ROWS: Final = 100
BATCH_CHARACTERS: Final = 4 * 2**20
"""A batch ends with whichever comes first: bounds the memory, whatever the rows' size."""


def prepare(connection: Connection) -> None:
    """Make the session write values as the conversion expects them."""
    for name, value in SESSION.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """One state of the whole database, for as long as the block runs. It reads only, and holds back vacuum."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


class TableRows:
    """One table, read over an autocommit connection that ``prepare`` has seen."""

    def __init__(self, mapping: TableMapping, connection: Connection) -> None:
        self.mapping = mapping
        self._connection = connection
        table = mapping.table
        found = connection.execute(COLUMN_TYPES.encode(), {"schema": table.schema_name, "table": table.table_name}).fetchall()
        self.types: dict[str, str] = dict(found)
        if absent := [column for column in table.columns if column not in self.types]:
            what = f"has no column {', '.join(absent)}" if self.types else "does not exist"
            raise OperationError(f"The table {table.name} of source {mapping.source.name} {what}.", "'headrace connectors plan' shows what differs.")

    def count(self) -> int:
        found = self._connection.execute(f"SELECT count(*) FROM {self._name}".encode()).fetchone()  # noqa: S608  # a quoted identifier
        return int(found[0]) if found else 0

    def all(self, sample: int | None = None) -> Iterator[list[Row]]:
        """Batches of all rows, or of ``sample`` rows chosen at random; inside ``snapshot`` only."""
        statement = select_rows(self.mapping.table, self.types)
        if sample is not None:
            statement += f" WHERE ctid = ANY (ARRAY(SELECT ctid FROM {self._name} ORDER BY random() LIMIT {sample:d}))"  # noqa: S608  # as above
        with self._connection.cursor(name="headrace_verify", row_factory=dict_row) as cursor:
            cursor.itersize = BATCH_ROWS
            cursor.execute(statement.encode())
            yield from self._batches(cursor)

    def by_key(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows that exist of those with the keys, as they are now. A key that no value of the column's type can have has no row."""
        if not keys:
            return {}
        literals = [self._literals(key) for key in keys]
        statement = f"{select_rows(self.mapping.table, self.types)} WHERE {key_filter(self.mapping.table, literals)}"
        try:
            with self._connection.cursor(row_factory=dict_row) as cursor:
                found = cursor.execute(statement.encode()).fetchall()
        except psycopg.DataError:
            if len(keys) == 1:
                return {}
            half = len(keys) // 2
            return self.by_key(keys[:half]) | self.by_key(keys[half:])
        rows = [row_from_sql(row, self.types) for row in found]
        return {tuple(text_of(row[column]) for column in self.mapping.table.key): row for row in rows}

    @property
    def _name(self) -> str:
        return f"{quoted(self.mapping.table.schema_name)}.{quoted(self.mapping.table.table_name)}"

    def _literals(self, key: Key) -> Key:
        """The parts as Postgres reads them: bytea stands in ids as Debezium writes it, in base64."""
        types = [self.types[column] for column in self.mapping.table.key]
        return tuple("\\x" + base64.b64decode(part).hex() if kind == "bytea" else part for part, kind in zip(key, types, strict=False))

    def _batches(self, cursor: psycopg.ServerCursor[dict[str, object]]) -> Iterator[list[Row]]:
        batch: list[Row] = []
        characters = 0
        for raw in cursor:
            batch.append(row_from_sql(raw, self.types))
            characters += sum(len(value) for value in raw.values() if isinstance(value, str))
            if len(batch) >= BATCH_ROWS or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
        if batch:
            yield batch
