"""Debezium's stand-in for a value that a change did not touch and that Postgres keeps out of line (TOAST), in the forms it has per column type."""

from __future__ import annotations

import base64
from typing import Final

PLACEHOLDER: Final = "__debezium_unavailable_value"
_ENCODED: Final = base64.b64encode(PLACEHOLDER.encode()).decode()
_BYTES: Final = list(PLACEHOLDER.encode())


def is_unavailable(value: object) -> bool:
    """Whether the value is the placeholder: text and JSON as it is, bytea in base64, arrays with it as their one element (text) or byte by byte (numbers)."""
    match value:
        case str():
            return value in {PLACEHOLDER, _ENCODED}
        case [str() as only]:
            return only in {PLACEHOLDER, _ENCODED}
        case list():
            return value == _BYTES
        case dict():
            return PLACEHOLDER in value
        case _:
            return False
