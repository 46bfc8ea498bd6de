"""The form of a rule for the storage format: an element and the users' names in, ready markup and the elements to go on with out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from streams.parse.fragments import escaped
from streams.parse.storage_tree import Element

Parts = Iterator[str | Element]
Rule = Callable[[Element, Mapping[str, str]], Parts]


def content(element: Element) -> Parts:
    """The children in order, text escaped."""
    return (escaped(child) if isinstance(child, str) else child for child in element.children)
