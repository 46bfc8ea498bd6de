"""The lines of a wiki text: headings, lists, tables, quotes, rules and paragraphs.

Invariants: lines keep their order; a line that is none of these is part of the paragraph, item or row that it follows, or begins a paragraph.

Vendor's page: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa, sections ``headings``, ``lists``, ``tables``, ``breaks`` and ``texteffects``
(``bq.``). That a line without markup goes on with the item above it is what Jira shows, and on none of these (not verified).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from streams.parse.wiki_inline import ASIDE, PLAIN_PARTS, Inline

_HEADING: Final = re.compile(r"[ \t]*h([1-6])\.[ \t]+(\S.*)")
_QUOTE: Final = re.compile(r"[ \t]*bq\.[ \t]+(\S.*)")
_RULE: Final = re.compile(r"[ \t]*-{4,}[ \t]*")
_ITEM: Final = re.compile(r"[ \t]*(?!-{2,}[ \t])([*#-]{1,10})[ \t]+(\S.*)")
_ROW: Final = re.compile(r"[ \t]*\|.*\S")
_CELL_PART: Final = re.compile(rf"(?P<bar>\|\|?)|{PLAIN_PARTS}|[^|\\\[{{!]+|.", re.DOTALL)
_LIST_TAGS: Final = {"*": "ul", "-": "ul", "#": "ol"}


@dataclass(frozen=True, slots=True)
class _Element:
    """A heading or a quote of one line, or a rule."""

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _List:
    """(marks, lines) of each item; the marks say every list that the item is in, from the outside in."""

    items: list[tuple[str, list[str]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Table:
    rows: list[str] = field(default_factory=list)


_Block = _Element | _Paragraph | _List | _Table


def lines_to_html(text: str, inline: Inline) -> str:
    return "".join(_html(block, inline) for block in _blocks(text))


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    for line in text.split("\n"):
        following = _following(line, block)
        if following is not block and block is not None:
            yield block
        block = following
    if block is not None:
        yield block


def _following(line: str, block: _Block | None) -> _Block | None:
    """The block that a line belongs to: the one before it, with the line in it, or a new one."""
    if not line.strip():
        return None
    if element := _element(line):
        return element
    if item := _ITEM.fullmatch(line):
        listed = block if isinstance(block, _List) else _List()
        listed.items.append((item[1], [item[2]]))
        return listed
    if _ROW.match(line):
        table = block if isinstance(block, _Table) else _Table()
        table.rows.append(line.strip())
        return table
    return _continued(line, block)


def _element(line: str) -> _Element | None:
    if heading := _HEADING.fullmatch(line):
        return _Element(f"h{heading[1]}", heading[2])
    if quote := _QUOTE.fullmatch(line):
        return _Element("blockquote", quote[1])
    return _Element("hr") if _RULE.fullmatch(line) else None


def _continued(line: str, block: _Block | None) -> _Block:
    match block:
        case _List():
            block.items[-1][1].append(line)
            return block
        case _Table() if not block.rows[-1].endswith("|"):
            block.rows[-1] += f"\n{line.strip()}"
            return block
        case _Paragraph():
            block.lines.append(line)
            return block
        case _:
            return _Paragraph([line])


def _html(block: _Block, inline: Inline) -> str:
    match block:
        case _Element("hr"):
            return "<hr>"
        case _Element():
            return f"<{block.name}>{inline.html(block.text)}</{block.name}>"
        case _Paragraph():
            return "".join(_paragraph("\n".join(block.lines), inline))
        case _List():
            return "".join(_list(block.items, inline))
        case _Table():
            return f"<table><tbody>{''.join(_row(row, inline) for row in block.rows)}</tbody></table>"


def _paragraph(text: str, inline: Inline) -> Iterator[str]:
    """A block of code ends the paragraph that it stands in."""
    for part in ASIDE.split(text):
        if ASIDE.fullmatch(part):
            yield inline.html(part)
        elif part.strip():
            yield f"<p>{inline.html(part.strip(chr(10)))}</p>"


def _list(items: Sequence[tuple[str, list[str]]], inline: Inline) -> Iterator[str]:
    """Lists open and close where the marks of an item part from those of the one above; each open list has one open item."""
    above = ""
    for marks, lines in items:
        shared = 0
        while shared < min(len(marks), len(above)) and _LIST_TAGS[marks[shared]] == _LIST_TAGS[above[shared]]:
            shared += 1
        yield from (f"</li></{_LIST_TAGS[mark]}>" for mark in reversed(above[shared:]))
        if shared == len(marks):
            yield "</li><li>"
        yield from (f"<{_LIST_TAGS[mark]}><li>" for mark in marks[shared:])
        yield inline.html("\n".join(lines))
        above = marks
    yield from (f"</li></{_LIST_TAGS[mark]}>" for mark in reversed(above))


def _row(row: str, inline: Inline) -> str:
    """``||`` begins a header cell, ``|`` a cell; the last bar of a row begins none."""
    cells: list[tuple[str, str]] = []
    name, start = "", 0
    for part in _CELL_PART.finditer(row):
        if part["bar"] is None:
            continue
        if name:
            cells.append((name, row[start : part.start()]))
        name, start = "th" if part["bar"] == "||" else "td", part.end()
    if row[start:].strip() or not cells:
        cells.append((name or "td", row[start:]))
    return f"<tr>{''.join(f'<{name}>{inline.html(text.strip())}</{name}>' for name, text in cells)}</tr>"
