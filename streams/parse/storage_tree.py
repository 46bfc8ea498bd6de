"""Confluence's storage format as a tree. It is XML with prefixes that nothing declares and HTML's named entities, so an XML parser refuses it and an HTML
parser loses its CDATA and its empty elements.

Mechanism: references are turned into characters first, in one pass that leaves CDATA alone; then expat reads the text without namespaces, so ``ac:link``
is a name like any other. Safe by construction: the text stands inside a root of our own, where XML allows no document type, so there are no entities to
expand and nothing outside to fetch; depth is counted while reading; no step recurses.

Vendor's page: https://confluence.atlassian.com/display/DOC/Confluence+Storage+Format ("we should call it XML").
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.entities import html5
from typing import Final
from xml.parsers import expat

from contracts.events import InvalidRecordError
from streams.parse.fragments import MAX_DEPTH, clean

_ROOT: Final = "storage"
_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]*\?>")
_LITERAL_OR_REFERENCE: Final = re.compile(
    r"(?P<literal><!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z))|&(?:(?P<name>[A-Za-z][A-Za-z0-9]{0,40};)|(?P<number>\#(?:[0-9]{1,8}|[xX][0-9a-fA-F]{1,8});))?",
    re.DOTALL,
)


class MalformedStorageError(InvalidRecordError):
    """A body that is no storage format. Says what, never the content."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the Confluence storage format does not read: {reason}")


@dataclass(frozen=True, slots=True)
class Element:
    """Children are filled while the text is read, and stay as they are from then on."""

    name: str
    attributes: Mapping[str, str]
    children: list[Element | str] = field(default_factory=list)

    def elements(self, *names: str) -> Iterator[Element]:
        """The children of these names."""
        return (child for child in self.children if isinstance(child, Element) and child.name in names)

    def descendants(self) -> Iterator[Element | str]:
        """Everything below, in the order of the text."""
        waiting = [iter(self.children)]
        while waiting:
            child = next(waiting[-1], None)
            if child is None:
                waiting.pop()
                continue
            yield child
            if isinstance(child, Element):
                waiting.append(iter(child.children))

    def text(self) -> str:
        return "".join(part for part in self.descendants() if isinstance(part, str))


def read(storage: str) -> Element:
    """The tree below one root of our own. Raises MalformedStorageError."""
    source = _LITERAL_OR_REFERENCE.sub(_resolved, _DECLARATION.sub("", clean(storage)))
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        parser.Parse(f"<{_ROOT}>{source}</{_ROOT}>", True)
    except expat.ExpatError as error:
        raise MalformedStorageError(f"{expat.ErrorString(error.code)} in line {error.lineno}") from error
    return builder.root


def _resolved(match: re.Match[str]) -> str:
    """A reference as the character it names, escaped anew where XML needs it; one that names nothing as the text it is."""
    if match["literal"]:
        return match["literal"]
    if match["name"]:
        return html.escape(html5.get(match["name"], match[0]))
    return html.escape(clean(html.unescape(match[0])))


class _Builder:
    """Expat's handlers: keeps the open elements, and so the depth."""

    def __init__(self) -> None:
        self.root = Element(_ROOT, {})
        self._open: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > MAX_DEPTH:
            raise MalformedStorageError(f"nested deeper than {MAX_DEPTH} levels")
        element = Element(name, attributes) if self._open else self.root
        if self._open:
            self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].children.append(text)
