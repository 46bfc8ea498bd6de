"""Postgres' text of a one-dimensional array: ``{a,"b, c",NULL}``."""

from __future__ import annotations

import re
from typing import Final

_ELEMENT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)')
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_array(text: str) -> list[str | None]:
    """Its elements; an unquoted NULL is null. Bounds (``[0:1]={…}``) are left out; inner dimensions are flattened."""
    body = text.partition("={")[2] if text.startswith("[") else text
    found: list[str | None] = []
    for element in _ELEMENT.finditer(body):
        if element[1] is not None:
            found.append(_ESCAPED.sub(r"\1", element[1]))
        else:
            found.append(None if element[2] == "NULL" else element[2])
    return found
