"""Canonical values: what a column holds, as the connector's JSON says it, and the text that it becomes.

A row read by SQL is turned into the very values that Debezium writes (``sql_rows``), so that ``verify`` computes the same document.
"""

from __future__ import annotations

import math
import re
from typing import Final

import orjson

from contracts.events import MetadataValue

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dZ")


def text_of(value: object) -> str:
    """A value inside a text: null is nothing, booleans are true and false, a list is joined by comma and space, an object is compact JSON."""
    match value:
        case None | bool():
            return {None: "", True: "true", False: "false"}[value]
        case float():
            return _float_text(value)
        case list():
            return ", ".join(text_of(item) for item in value)
        case dict():
            return orjson.dumps(value).decode()
        case str() if _DATE.fullmatch(value):  # a date has no zone to speak of
            return value[:-1]
        case _:
            return str(value)


def metadata_of(value: object) -> MetadataValue | None:
    """A value to filter by: text, number, boolean or a list of texts as they are, null as None, anything else as its text."""
    match value:
        case None:
            return None
        case bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else _float_text(value)
        case list():
            return [text_of(item) for item in value if item is not None]
        case _:
            return text_of(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
