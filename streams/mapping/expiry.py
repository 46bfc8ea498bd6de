"""When a row's document expires: its column's time and the declared days. The value is as the connector writes it, from the log, a snapshot or SQL alike. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.sources.retention import expires_us
from streams.mapping.errors import MappingError
from streams.mapping.row import RowReader

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class NoTimeError(MappingError):
    """The column that a retention counts from holds something that is no time."""

    def __init__(self, table: str, column: str) -> None:
        super().__init__(
            table, column, f"column {column}, which its retention counts from, holds no time: name a date or timestamp column as 'since' in sources.yaml"
        )


def expiry_of(row: RowReader, column: str, days: float) -> int | None:
    """In µs since 1970. None where it never comes: a null, infinity, a year beyond 9999. Raises NoTimeError."""
    value = row.value(column)
    if value is None:
        return None
    if not isinstance(value, str):
        raise NoTimeError(row.table, column)
    if value.startswith("+") or value == "infinity":
        return None
    if value.startswith("-"):  # before our era, or -infinity
        return 0
    return expires_us(_time_us(value, row.table, column), days)


def _time_us(text: str, table: str, column: str) -> int:
    """``2024-02-29Z`` and ``2024-02-29T12:30:00.123Z``: a time without a zone is written as if it were of UTC."""
    try:
        found = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        raise NoTimeError(table, column) from None  # its own text would show the value
    return ((found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
