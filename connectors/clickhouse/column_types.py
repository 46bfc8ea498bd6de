"""ClickHouse's types, as far as it matters here: what a value of the server's JSON becomes in the canonical form that the mapping reads, and as what a column is read.

The server writes times in ISO 8601 and UTC, decimals as text, enums by name. What is left to do: a date has a ``Z`` in the canonical form (as Debezium writes it),
and a number that JSON cannot hold is ``NaN``, ``Infinity`` or ``-Infinity``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

Convert = Callable[[object], object]

_TYPE: Final = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)
_NAMED: Final = re.compile(r"(`(?:[^`\\]|\\.)+`|[A-Za-z_]\w*)\s+(\S.*)", re.DOTALL)
_WIDE: Final = re.compile(r"\bU?Int(?:128|256)\b")
_PART: Final = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[(),]|[^'`(),]+")
_DENORMALS: Final = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_TEXTS: Final = frozenset({"String", "FixedString"})


@dataclass(frozen=True, slots=True)
class ColumnType:
    """``name(argument, …)``; the arguments as they are written."""

    name: str
    arguments: tuple[str, ...]

    @property
    def plain(self) -> ColumnType:
        """Without the wrappers that change no value: LowCardinality, Nullable, SimpleAggregateFunction."""
        match self.name:
            case "LowCardinality" | "Nullable":
                return parse_type(self.arguments[0]).plain
            case "SimpleAggregateFunction":
                return parse_type(self.arguments[1]).plain
            case _:
                return self

    @property
    def nullable(self) -> bool:
        match self.name:
            case "LowCardinality":
                return parse_type(self.arguments[0]).nullable
            case name:
                return name == "Nullable"

    @property
    def is_text(self) -> bool:
        return self.plain.name in _TEXTS


def parse_type(text: str) -> ColumnType:
    """From the text that ``system.columns`` shows. What is no such text is a type of that name, without arguments."""
    found = _TYPE.fullmatch(text.strip())
    if found is None:
        return ColumnType(text, ())
    return ColumnType(found[1], () if found[2] is None else tuple(_arguments(found[2])))


def converter(text: str) -> Convert | None:
    """From the server's JSON to the canonical form; None where they are the same."""
    column_type = parse_type(text)
    arguments = column_type.arguments
    match column_type.name:
        case "Nullable" | "LowCardinality":
            return _optional(converter(arguments[0]))
        case "SimpleAggregateFunction":
            return converter(arguments[1])
        case "Array":
            return _each(converter(arguments[0]))
        case "Map":
            return _values(converter(arguments[1]))
        case "Tuple":
            return _fields(arguments)
        case name:
            return _SIMPLE.get(name)


def read_as(text: str) -> str | None:
    """The type to cast to before reading: numbers of more than 64 bits as text, since a JSON parser would round them. None for no cast."""
    return _WIDE.sub("String", text) if _WIDE.search(text) else None


def _arguments(text: str) -> Iterator[str]:
    depth, current = 0, ""
    for part in _PART.findall(text):
        depth += (part == "(") - (part == ")")
        if part == "," and depth == 0:
            yield current.strip()
            current = ""
        else:
            current += part
    yield current.strip()


def _optional(inner: Convert | None) -> Convert | None:
    return None if inner is None else lambda value: None if value is None else inner(value)


def _each(inner: Convert | None) -> Convert | None:
    return None if inner is None else lambda value: [inner(item) for item in value] if isinstance(value, list) else value


def _values(inner: Convert | None) -> Convert | None:
    return None if inner is None else lambda value: {key: inner(item) for key, item in value.items()} if isinstance(value, dict) else value


def _fields(arguments: tuple[str, ...]) -> Convert | None:
    """A tuple with names is an object in JSON, one without a list."""
    named = [found for argument in arguments if (found := _NAMED.fullmatch(argument))]
    inner = [converter(found[2]) for found in named] if len(named) == len(arguments) else [converter(argument) for argument in arguments]
    if not any(inner):
        return None

    def convert(value: object) -> object:
        match value:
            case dict():
                return {key: item if one is None else one(item) for (key, item), one in zip(value.items(), inner, strict=True)}
            case list():
                return [item if one is None else one(item) for item, one in zip(value, inner, strict=True)]
            case _:
                return value

    return convert


def _date(value: object) -> object:
    return f"{value}Z"


def _float(value: object) -> object:
    return _DENORMALS.get(value, value) if isinstance(value, str) else value


_SIMPLE: Final[dict[str, Convert]] = {"Date": _date, "Date32": _date, "Float32": _float, "Float64": _float, "BFloat16": _float}
