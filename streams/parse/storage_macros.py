"""What each of Confluence's macros turns into. A macro without a rule keeps its bodies, rich or plain, and loses its parameters; so the table of contents
and other decoration, which have no body, leave nothing.

Vendor's pages stand at each group; names and parameters of ``jira``, ``children``, ``panel`` and ``include`` are those of public pages (not verified).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from streams.parse.fragments import code_block, escaped, note, title_line
from streams.parse.storage_parts import Parts, content
from streams.parse.storage_resources import FILE_MACROS, PageReference, included_page, parameter, shown_file
from streams.parse.storage_tree import Element


def macro(element: Element, _: Mapping[str, str]) -> Parts:
    return _MACROS.get(element.attributes.get("ac:name", ""), _bodies)(element)


def _bodies(element: Element, language: str = "") -> Parts:
    for body in element.elements("ac:rich-text-body", "ac:plain-text-body"):
        if body.name == "ac:rich-text-body":
            yield from content(body)
        else:
            yield code_block(body.text(), language)


def _code(element: Element) -> Parts:
    """Parameters ``title`` and ``language``: https://confluence.atlassian.com/x/2AOPGQ, examples: https://confluence.atlassian.com/x/1gOPGQ."""
    yield title_line("", parameter(element, "title"))
    yield from _bodies(element, parameter(element, "language"))


def _box(kind: str) -> Callable[[Element], Parts]:
    """https://confluence.atlassian.com/doc/info-tip-note-and-warning-macros-51872369.html (examples: https://confluence.atlassian.com/x/1wOBG) and
    https://confluence.atlassian.com/doc/expand-macro-223222352.html.
    """

    def rule(element: Element) -> Parts:
        yield f"<div>{title_line(kind, parameter(element, 'title'))}"
        yield from _bodies(element)
        yield "</div>"

    return rule


def _status(element: Element) -> Parts:
    """Without a title it shows its colour's name, which is grey if none is given.

    https://confluence.atlassian.com/plugins/viewsource/viewpagesrc.action?pageId=407721873.
    """
    yield escaped(parameter(element, "title") or parameter(element, "colour") or "Grey")
    yield from _bodies(element)


def _jira(element: Element) -> Parts:
    """One issue's key, or the query of a table of issues."""
    key, query = parameter(element, "key"), parameter(element, "jqlQuery")
    yield escaped(key) if key else note("Jira issues", query)
    yield from _bodies(element)


def _include(element: Element) -> Parts:
    yield note(f"includes page {included_page(element) or PageReference('unnamed')}")
    yield from _bodies(element)


def _children(element: Element) -> Parts:
    """Without a page it lists the children of the page it stands on."""
    page = included_page(element)
    yield note(f"lists the pages below {page}" if page else "lists the pages below this one")
    yield from _bodies(element)


def _file(element: Element) -> Parts:
    """https://confluence.atlassian.com/plugins/viewsource/viewpagesrc.action?pageId=401441430."""
    yield note("file", shown_file(element))
    yield from _bodies(element)


_MACROS: Final[Mapping[str, Callable[[Element], Parts]]] = {
    "code": _code,
    "noformat": _code,
    **{kind: _box(kind) for kind in ("info", "note", "warning", "tip", "panel")},
    "expand": _box(""),
    "status": _status,
    "jira": _jira,
    "jiraissues": _jira,
    "include": _include,
    "excerpt-include": _include,
    "children": _children,
    **dict.fromkeys(FILE_MACROS, _file),
}
