"""One node of the Atlassian Document Format, checked: the types of its fields are known from here on. Its children are checked when they are read, one
level at a time, so reading never recurses.

Fields as in https://developer.atlassian.com/cloud/jira/platform/apis/document/structure ("JSON structure": type, content, version, marks, attrs, text).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from contracts.events import InvalidRecordError


class MalformedAdfError(InvalidRecordError):
    """A document that is no Atlassian Document Format. Says where, never the content."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the Atlassian document does not read: {reason}")


@dataclass(frozen=True, slots=True)
class Mark:
    """Formatting of an inline node, such as ``strong`` or ``link``."""

    kind: str
    attrs: Mapping[str, object]

    def word(self, name: str) -> str:
        return _word(self.attrs, name)


@dataclass(frozen=True, slots=True)
class Node:
    """``children`` are as they came; ``content`` reads them."""

    kind: str
    text: str
    attrs: Mapping[str, object]
    marks: tuple[Mark, ...]
    children: Sequence[object]
    version: object = 1

    def content(self) -> Iterator[Node]:
        return map(read, self.children)

    def word(self, name: str) -> str:
        """An attribute that is text; empty where it is missing."""
        return _word(self.attrs, name)

    def number(self, name: str, default: int) -> int:
        value = self.attrs.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise MalformedAdfError(f"attribute {name} is no number")
        return int(value)

    def table(self, name: str) -> Mapping[str, object]:
        """An attribute that is an object; empty where it is missing."""
        return _object(self.attrs.get(name), f"attribute {name}")


def decoded(text: str | bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedAdfError(f"no JSON ({type(error).__name__})") from error


def read(value: object) -> Node:
    """Raises MalformedAdfError where a field has another type than the format gives it."""
    if not isinstance(value, Mapping):
        raise MalformedAdfError("a node is no object")
    kind = value.get("type")
    text = value.get("text")
    children = value.get("content")
    if not isinstance(kind, str):
        raise MalformedAdfError("a node has no type")
    if not isinstance(text, str | None):
        raise MalformedAdfError("a text is no string")
    if not isinstance(children, list | tuple | None):
        raise MalformedAdfError("a content is no list")
    return Node(kind, text or "", _object(value.get("attrs"), "attrs"), _marks(value.get("marks")), children or (), value.get("version", 1))


def _marks(value: object) -> tuple[Mark, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise MalformedAdfError("marks are no list")
    found: dict[str, Mark] = {}
    for item in value:
        mark = _object(item, "a mark")
        kind = mark.get("type")
        if not isinstance(kind, str):
            raise MalformedAdfError("a mark has no type")
        found.setdefault(kind, Mark(kind, _object(mark.get("attrs"), "attrs of a mark")))
    return tuple(found.values())


def _object(value: object, what: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise MalformedAdfError(f"{what} is no object")
    return value


def _word(attrs: Mapping[str, object], name: str) -> str:
    value = attrs.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MalformedAdfError(f"attribute {name} is no text")
    return str(value)
