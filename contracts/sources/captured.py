"""Which tables of a source a connector delivers, and which of their columns: no other column leaves the database.

Of a table whose documents are gathered, and of its related tables, a change says only which documents it touches; their contents are read from the database when they are gathered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contracts.sources.model import Table
    from contracts.sources.related import Related


@dataclass(frozen=True, slots=True)
class Captured:
    """``key`` makes the records' key; ``related`` says that no document is a row of it."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    related: bool

    @property
    def schema_name(self) -> str:
        return self.name.partition(".")[0]

    @property
    def table_name(self) -> str:
        return self.name.partition(".")[2]


def captured_tables(tables: Iterable[Table]) -> tuple[Captured, ...]:
    """Declared tables in their order, then the related ones."""
    declared = tuple(tables)
    found = {table.name: Captured(table.name, table.key, table.identity_columns if table.related else table.columns, related=False) for table in declared}
    for related in (related for table in declared for related in table.related.values()):
        found[related.table] = _with(found.get(related.table), related)
    return tuple(found.values())


def _with(captured: Captured | None, related: Related) -> Captured:
    on = tuple(related.on)
    if captured is None:
        return Captured(related.table, on, on, related=True)
    columns = tuple(dict.fromkeys((*captured.columns, *on)))
    return replace(captured, columns=columns, key=columns if captured.related else captured.key)
