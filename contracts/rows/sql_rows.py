"""Rows by SQL, as the connector would have written them: the statement, the session it needs, and the conversion. Builds text only; the caller runs it.

Every column is read through its type's own output function (``format('%s', …)``), because casts to text differ from it (inet, char, boolean).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.rows.sql_values import value_from_text
from contracts.sources import Table

SESSION: Final = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
"""Settings of the session that reads: ``SET`` them, or pass ``session_options()`` when connecting."""

COLUMN_TYPES: Final = """
WITH RECURSIVE base(attname, typid, typmod) AS (
  SELECT a.attname, a.atttypid, a.atttypmod FROM pg_attribute a
  WHERE a.attrelid = to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text)) AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attname, t.typbasetype, t.typtypmod FROM base b JOIN pg_type t ON t.oid = b.typid WHERE t.typtype = 'd'
)
SELECT b.attname AS name, format_type(b.typid, b.typmod) AS type FROM base b JOIN pg_type t ON t.oid = b.typid WHERE t.typtype <> 'd'
"""
"""Columns of a table with their types, domains resolved; parameters ``schema`` and ``table``."""


def session_options() -> str:
    """``SESSION`` for libpq's ``options``."""
    return " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in SESSION.items())


def select_rows(table: Table, types: Mapping[str, str], columns: Sequence[str] | None = None) -> str:
    """``SELECT`` of the mapped columns, each as text or null; the caller may append WHERE, ORDER BY and LIMIT."""
    chosen = table.columns if columns is None else columns
    listed = ", ".join(f"{as_text(column, types.get(column, 'text'))} AS {quoted(column)}" for column in chosen)
    return f"SELECT {listed} FROM {quoted(table.schema_name)}.{quoted(table.table_name)}"  # noqa: S608 - identifiers are quoted, and there is nothing else


def row_from_sql(row: Mapping[str, object], types: Mapping[str, str]) -> dict[str, object]:
    """A row of ``select_rows`` as Debezium writes it; ``types`` by column as ``COLUMN_TYPES`` gives them."""
    return {column: None if text is None else value_from_text(str(text), types.get(column, "text")) for column, text in row.items()}


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def as_text(column: str, type_name: str, of: str = "") -> str:
    """The expression of a column's text, or null; ``of`` is the alias of its table with a dot."""
    name = of + quoted(column)
    shown = f"{name}::numeric" if type_name == "money" else name
    return f"CASE WHEN {name} IS NOT NULL THEN format('%s', {shown}) END"
