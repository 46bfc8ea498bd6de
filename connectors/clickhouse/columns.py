"""A declared table as it is in the server: which columns are read and how, and how its key and its time are written in a query. Pure.

Invariants: a position (time, key) is written in a query so that the server's own order of it is the order of the rows, and no value of a row becomes SQL unquoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.clickhouse.column_types import Convert, converter, parse_type, read_as
from connectors.clickhouse.errors import MissingColumnError, UnfitColumnError
from contracts.sources.clickhouse import ClickHouseTable
from contracts.topics import MAX_TEXT_BYTES

_KEY_TYPES: Final = frozenset({"String", "FixedString", "UUID", "Date", "Date32", "Bool", "Enum8", "Enum16", "IPv4", "IPv6"}) | {
    f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)
}
_VERSION_TYPES: Final = frozenset({"DateTime", "DateTime64"}) | {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
MICROSECONDS: Final = 1_000_000
NANOSECONDS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What ``system`` says of a table, checked against its declaration."""

    table: ClickHouseTable
    engine: str
    types: Mapping[str, str]

    @property
    def in_parts(self) -> bool:
        """Whether the rows lie in parts, whose numbers tell what was inserted when."""
        return self.engine.endswith("MergeTree")

    @property
    def ticks_per_second(self) -> int:
        """The unit of this table's times: microseconds, or nanoseconds where the column has more than six digits."""
        updated_at = parse_type(self.types[self.table.updated_at])
        digits = int(updated_at.arguments[0]) if updated_at.name == "DateTime64" else 0
        return NANOSECONDS if digits > 6 else MICROSECONDS

    @property
    def converters(self) -> tuple[Convert | None, ...]:
        """One for each of the table's ``columns``."""
        return tuple(converter(self.types[column]) for column in self.table.columns)


def checked(table: ClickHouseTable, engine: str, types: Mapping[str, str]) -> Shape:
    """Raises MissingColumnError for all columns that are not there, UnfitColumnError for the first that is of no use."""
    if missing := [column for column in dict.fromkeys((*table.columns, *table.order_columns)) if column not in types]:
        raise MissingColumnError(table.name, missing)
    _check_updated_at(table, types[table.updated_at])
    for column in table.key:
        kind = parse_type(types[column])
        if kind.nullable or kind.plain.name not in _KEY_TYPES:
            cure = "Name key columns that are whole numbers, texts, UUIDs, dates, enums or IP addresses, and never null."
            raise UnfitColumnError(f"the key column {column} of {table.name} is {types[column]}", cure)
    if table.version is not None and parse_type(types[table.version]).name not in _VERSION_TYPES:
        _refuse_version(table, types[table.version])
    if unreadable := [column for column in table.columns if parse_type(types[column]).name == "AggregateFunction"]:
        cure = "Declare a view that gives finalizeAggregation(…) of it."
        raise UnfitColumnError(f"the column {unreadable[0]} of {table.name} holds states of an aggregation, not values", cure)
    return Shape(table, engine, dict(types))


def quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def shown(column: str, type_text: str) -> str:
    """The column as it is read. A text is cut where the normaliser refuses it anyway, so that no row is too large to be told of."""
    name = quoted(column)
    if (cast := read_as(type_text)) is not None:
        return f"CAST({name} AS {cast})"
    if parse_type(type_text).is_text:
        return f"if(length({name}) > {MAX_TEXT_BYTES}, substringUTF8(toString({name}), 1, {MAX_TEXT_BYTES + 1}), {name})"
    return name


def key_place(column: str, type_text: str) -> str:
    """The key column as a position remembers it: a text in hexadecimal, since it may hold bytes that JSON cannot."""
    return f"hex({quoted(column)})" if parse_type(type_text).is_text else f"toString({quoted(column)})"


def place_of(text: str, type_text: str) -> str:
    """From what a document's id shows of a key column to what a position remembers of it."""
    return text.encode().hex().upper() if parse_type(type_text).is_text else text


def key_literal(place: str, type_text: str) -> str:
    """The constant that a remembered position stands for."""
    if parse_type(type_text).is_text:
        return f"unhex({literal(place)})"
    return f"CAST({literal(place)} AS {type_text})"


def ticks_of(column: str, type_text: str, per_second: int) -> str:
    """A time column as a whole number."""
    name = quoted(column)
    if parse_type(type_text).name == "DateTime":
        return f"toInt64(toUnixTimestamp({name})) * {per_second}"
    return f"toUnixTimestamp64{_unit(per_second)}({name})"


def time_literal(ticks: int, type_text: str, per_second: int) -> str:
    """The constant for so many ticks; for a column of whole seconds the second that they are in."""
    if parse_type(type_text).name == "DateTime":
        return f"toDateTime({max(0, ticks // per_second)}, 'UTC')"
    return f"fromUnixTimestamp64{_unit(per_second)}({ticks}, 'UTC')"


def _unit(per_second: int) -> str:
    return "Nano" if per_second == NANOSECONDS else "Micro"


def _check_updated_at(table: ClickHouseTable, type_text: str) -> None:
    if parse_type(type_text).name not in {"DateTime", "DateTime64"}:
        cure = "It must be DateTime or DateTime64 and never null: DateTime64(3) DEFAULT now64(3), for instance."
        raise UnfitColumnError(f"updated_at of {table.name} is the column {table.updated_at}, which is {type_text}", cure)


def _refuse_version(table: ClickHouseTable, type_text: str) -> None:
    cure = "It must be a whole number of up to 64 bits, DateTime or DateTime64, and never null."
    raise UnfitColumnError(f"version of {table.name} is the column {table.version}, which is {type_text}", cure)
