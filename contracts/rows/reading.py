"""One statement that reads rows of a declared table with all that belongs to their documents, in one state of the database. Builds text only; the caller runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.rows.related_sql import PARENT, Types, column_of, related_expression
from contracts.rows.sql_rows import as_text, quoted
from contracts.rows.sql_values import value_from_text
from contracts.sources import Table


@dataclass(frozen=True, slots=True)
class TableReading:
    """``types`` by table: the declared one's and those of its related tables, as ``COLUMN_TYPES`` gives them."""

    table: Table
    types: Mapping[str, Types]

    @property
    def own_types(self) -> Types:
        return self.types[self.table.name]

    def absent(self) -> list[str]:
        """Columns, with their tables, that the declaration names and the database does not have."""
        wanted = [(self.table.name, column) for column in self.table.columns]
        wanted += [(related.table, column) for related in self.table.related.values() for column in related.columns]
        return list(dict.fromkeys(f"{table}.{column}" for table, column in wanted if column not in self.types.get(table, {})))

    def select(self) -> str:
        """Without conditions: the caller may append WHERE, ORDER BY and LIMIT, in which the table is ``parent``."""
        return f"SELECT {self.expressions()} FROM {self.source()}"  # noqa: S608 - identifiers are quoted, and there is nothing else

    def expressions(self) -> str:
        own = [f"{as_text(column, self.own_types.get(column, 'text'), PARENT + '.')} AS {quoted(column)}" for column in self.table.columns]
        made = [f"{related_expression(related, self.types.get(related.table, {}))} AS {quoted(name)}" for name, related in self.table.related.items()]
        return ", ".join((*own, *made))

    def source(self) -> str:
        return f"{quoted(self.table.schema_name)}.{quoted(self.table.table_name)} AS {PARENT}"

    def key_arrays(self) -> str:
        """The keys that are asked for, as rows of the parameters ``$1``, ``$2`` …: each is an array of texts, cast to its column's type."""
        arrays = ", ".join(f"${number}::text[]::{self.own_types[column]}[]" for number, column in enumerate(self.table.key, 1))
        return f"unnest({arrays}) AS asked({', '.join(f'k{number}' for number in range(len(self.table.key)))})"

    def key_condition(self) -> str:
        return " AND ".join(f"{PARENT}.{quoted(column)} = asked.k{number}" for number, column in enumerate(self.table.key))

    def row(self, raw: Mapping[str, object]) -> dict[str, object]:
        """A row of ``select`` as the connector writes one, the related rows' columns included."""
        found: dict[str, object] = {}
        for column in self.table.columns:
            text = raw[column]
            found[column] = None if text is None else value_from_text(str(text), self.own_types.get(column, "text"))
        for name, related in self.table.related.items():
            found[name] = column_of(related, str(raw[name]), self.types.get(related.table, {}))
        return found


def tables_of(table: Table) -> Sequence[str]:
    """The tables that a reading needs the types of."""
    return tuple(dict.fromkeys((table.name, *(related.table for related in table.related.values()))))
