"""Times as senders and APIs that we do not know write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

TimeFormat = Literal["iso", "seconds", "milliseconds"]
_MILLISECONDS_FROM: Final = 1e11
"""A number of seconds this large is in the year 5138: it is one of milliseconds."""


def parse_time(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970 as a number or its text, or ISO 8601; None for anything else."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def written_time(seconds: float, how: TimeFormat) -> str:
    """As an API wants it: ISO 8601 in UTC, or seconds or milliseconds since 1970."""
    if how == "iso":
        return datetime.fromtimestamp(max(0.0, seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(max(0, int(seconds * (1000 if how == "milliseconds" else 1))))
