"""JSON with one value of another type: whoever reads it must say which, and fail in no other way."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any


def places(value: object, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if here:
        yield here
    for name, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*here, name))


def spoiled(value: Any, place: tuple[str | int, ...], wrong: object) -> Any:
    made = inner = copy.deepcopy(value)
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = wrong
    return made
