"""Inline nodes of the Atlassian Document Format, and the leaves that stand for a file or a link: markup in the end, without nodes to go on with.

Structure of the nodes: https://developer.atlassian.com/platform/framework/adf-builder/reference/nodes/NAME/ (NAME as the functions are called).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from streams.parse.adf_node import Mark, Node
from streams.parse.fragments import escaped, link_opening, note, opening

Parts = Iterator[str | Node]

_TAGS: Final = {"strong": "strong", "em": "em", "code": "code", "strike": "s", "underline": "u"}


def text(node: Node) -> Parts:
    """Text and its marks, the first outermost; colours, alignment and comments leave no trace.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/marks/strong/ and its neighbours.
    """
    return _marked(node, escaped(node.text))


def _marked(node: Node, inner: str) -> Parts:
    ends: list[str] = []
    for mark in node.marks:
        start, end = _mark(mark)
        ends.append(end)
        yield start
    yield inner
    yield from reversed(ends)


def _mark(mark: Mark) -> tuple[str, str]:
    if mark.kind == "link":
        return link_opening(mark.word("href"), mark.word("title")), "</a>"
    name = _TAGS.get(mark.kind, "") if mark.kind != "subsup" else "sub" if mark.word("type") == "sub" else "sup"
    return (f"<{name}>", f"</{name}>") if name else ("", "")


def mention(node: Node) -> Parts:
    """``text`` holds the name as it was written, with its ``@``; where it is missing, the id stands for it."""
    name = node.word("text") or node.text or node.word("id")
    yield from _marked(node, escaped(name if name.startswith("@") or not name else f"@{name}"))


def emoji(node: Node) -> Parts:
    yield from _marked(node, escaped(node.word("text") or node.word("shortName")))


def status(node: Node) -> Parts:
    yield from _marked(node, escaped(node.word("text")))


def date(node: Node) -> Parts:
    """``timestamp`` is milliseconds since 1970 as text; one that is not stays as it is."""
    stamp = node.word("timestamp")
    try:
        day = datetime.fromtimestamp(int(stamp) / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        yield escaped(stamp)
        return
    yield from _marked(node, f"{opening('time', {'datetime': day})}{day}</time>")


def card(node: Node) -> Parts:
    """``url``, or ``data`` as JSON-LD: https://developer.atlassian.com/platform/framework/adf-builder/reference/nodes/inlineCard/."""
    data = node.table("data")
    name, linked = data.get("name"), data.get("url")
    url = node.word("url") or (linked if isinstance(linked, str) else "")
    label = name if isinstance(name, str) and name else url
    yield f"{link_opening(url)}{escaped(label)}</a>" if label else note("link")


def media(node: Node) -> Parts:
    """A file by its alternative text or name. ``__fileName`` is the editor's own and undocumented, so it need not be text."""
    file_name = node.attrs.get("__fileName")
    name = node.word("alt") or (file_name if isinstance(file_name, str) else "") or node.word("url")
    yield from _marked(node, note("image" if node.word("type") in {"external", "image"} else "file", name))
