"""Rows under keys as the ids of documents show them: texts. A text that no value of the column's type can have has no row. For one who has a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.clickhouse import statements
from connectors.clickhouse.columns import Shape, place_of
from connectors.clickhouse.database import Database
from connectors.clickhouse.errors import QueryRefusedError
from connectors.clickhouse.rows import Row, RowReader

Key = tuple[str, ...]

_NO_SUCH_VALUE: Final = frozenset({6, 26, 27, 32, 38, 41, 53, 69, 70, 72, 131, 376, 467, 675, 676, 691})
"""ClickHouse's codes for a text that is no number, date, UUID, address, truth value or member of an enum, or is too long."""


def rows_under(database: Database, shape: Shape, reader: RowReader, keys: Sequence[Key]) -> list[Row]:
    """The newest states of the rows with these keys; a row marked as deleted is one of them. Raises ClickHouseError."""
    if not keys:
        return []
    types = [shape.types[column] for column in shape.table.key]
    places = [[place_of(part, type_text) for part, type_text in zip(key, types, strict=True)] for key in keys]
    try:
        return [reader.read(line) for line in database.lines(statements.rows_of_keys(shape, places))]
    except QueryRefusedError as error:
        if error.code not in _NO_SUCH_VALUE:
            raise
        if len(keys) == 1:
            return []
        half = len(keys) // 2
        return rows_under(database, shape, reader, keys[:half]) + rows_under(database, shape, reader, keys[half:])
