"""A row as the server sent it, in the order of its changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from connectors.clickhouse.columns import NANOSECONDS, Shape
from connectors.clickhouse.statements import ORDER_FIELDS, Position

_BLOCK_BITS: Final = 48


class BrokenAnswerError(ValueError):
    """A line that is no row: the server's answer broke off."""


@dataclass(frozen=True, slots=True)
class Row:
    """One state of a row. ``sequence`` orders the states of a key: (updated_at in µs, version)."""

    position: Position
    sequence: tuple[int, int]
    version: int
    """The declared version column; 0 without one."""
    deleted: bool
    key: Mapping[str, object]
    values: Mapping[str, object]
    digest: int
    """Of all but the part's number, which a merge may change; comparable within this process alone."""
    size: int


class RowReader:
    """Decodes the lines of one table's pages."""

    def __init__(self, shape: Shape) -> None:
        self._key = shape.table.key
        self._columns = shape.table.columns
        self._converters = shape.converters
        self._nanoseconds = shape.ticks_per_second == NANOSECONDS
        self._versioned = shape.table.version is not None
        self._first_value = ORDER_FIELDS + len(self._key)

    def read(self, line: bytes) -> Row:
        """Raises BrokenAnswerError, whose text holds nothing of the line."""
        try:
            fields = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise BrokenAnswerError("a line is no JSON") from None
        if not isinstance(fields, list) or len(fields) != self._first_value + len(self._columns):
            raise BrokenAnswerError("a line has another number of fields than was asked for")
        block, ticks, version, deleted = fields[:ORDER_FIELDS]
        values = {
            column: value if convert is None else convert(value)
            for column, value, convert in zip(self._columns, fields[self._first_value :], self._converters, strict=True)
        }
        return Row(
            position=Position(ticks, tuple(fields[ORDER_FIELDS : self._first_value])),
            sequence=self._sequence(ticks, version, block),
            version=version,
            deleted=bool(deleted),
            key={column: values[column] for column in self._key},
            values=values,
            digest=hash(line.partition(b",")[2]),
            size=len(line),
        )

    def _sequence(self, ticks: int, version: int, block: int) -> tuple[int, int]:
        """A time before 1970 counts as 1970. Without a version column what is below a microsecond comes first, then the part's number."""
        micros, below = divmod(ticks, 1000) if self._nanoseconds else (ticks, 0)
        return max(0, micros), max(0, version) if self._versioned else (below << _BLOCK_BITS) | block
