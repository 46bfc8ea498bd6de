"""How long documents stay in the index: so many days from a time that their source tells. Frozen and pure.

A document's time is a column's for tables (when a row changed is not known of rows that a snapshot reads), and for REST sources when the vendor says that the object
was last changed. Whoever has no such time stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

_DAY_US: Final = 24 * 3600 * 1_000_000


class Retention(BaseModel):
    """``retention: {days: 365}`` on a source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: float = Field(gt=0, le=36_500, description="older documents are not in the index")


class TableRetention(BaseModel):
    """``retention: {since: created_at}`` on a table, with ``days`` of its own or the source's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: str = Field(min_length=1, description="the column whose time counts: a date, or a timestamp with or without time zone; a row where it is null stays")
    days: float | None = Field(default=None, gt=0, le=36_500, description="instead of the source's")


def expires_us(time_us: int, days: float) -> int:
    """When a document of that time expires, in µs since 1970."""
    return time_us + round(days * _DAY_US)


def days_of(source: Retention | None, table: TableRetention | None) -> float | None:
    """How long a table's documents stay; None for ever."""
    if table is None:
        return None
    return table.days or (source.days if source else None)


def check_retention(source: Retention | None, tables: Iterable[tuple[str, TableRetention | None]]) -> None:
    """``tables`` by name. Raises ValueError for one whose column or days nobody tells."""
    for name, table in tables:
        if source is not None and table is None:
            raise ValueError(
                f"the source has a retention, and {name} does not say since when: add retention: {{since: created_at}} to it, a column with a time"
            )
        if table is not None and days_of(source, table) is None:
            raise ValueError(f"{name} has a retention without days: add them there, as in {{days: 365, since: {table.since}}}, or to the source")
