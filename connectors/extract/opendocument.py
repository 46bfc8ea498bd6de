"""OpenDocument text, sheets and slides (.odt, .ods, .odp) as Markdown, from their one content part with lxml.

Kept libraries for it (odfdo, odfpy) know texts and sheets but no slides, and expand a cell that is repeated a million times; this walk reads what the three have in common.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator
from typing import Final

from lxml import etree

from connectors.extract.errors import BrokenFileError, EncryptedFileError
from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, Page
from connectors.extract.tables import markdown_table

_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW: Final = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_PRESENTATION: Final = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_TITLE: Final = "{http://purl.org/dc/elements/1.1/}title"
_UNSEEN: Final = frozenset({f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_OFFICE}forms", f"{_TEXT}sequence-decls"})
_MOST_REPEATED: Final = 200
"""Of one cell with text. Sheets fill up to their edge with repeated empty cells, and those are not written."""
_DEEPEST_HEADING: Final = 6
_NESTED: Final = 200


def read(file: File, reading: Reading) -> Extracted:
    content, title = _parts(file.content)
    body = content.find(f"{_OFFICE}body")
    if body is None or not len(body):
        raise BrokenFileError("the OpenDocument file has no body", "open it in its application and save it anew")
    kind = body[0]
    if kind.tag == f"{_OFFICE}presentation":
        slides = kind.findall(f"{_DRAW}page")
        reading.count_pages(len(slides))
        return Extracted("markdown", tuple(Page(number, reading.text(_blocks(slide))) for number, slide in enumerate(slides, 1)), title)
    if kind.tag == f"{_OFFICE}spreadsheet":
        tables = ((table.get(f"{_TABLE}name", ""), _rows(table)) for table in kind.findall(f"{_TABLE}table"))
        return Extracted("markdown", tuple(Page(None, reading.text(f"## {name}\n\n{rows}")) for name, rows in tables if rows), title)
    return Extracted("markdown", (Page(None, reading.text(_blocks(kind))),), title)


def _parts(content: bytes) -> tuple[etree._Element, str | None]:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = parts.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in parts.read("META-INF/manifest.xml"):
            raise EncryptedFileError("the OpenDocument file is protected by a password", "save it without a password")
        if "content.xml" not in names:
            raise BrokenFileError("the OpenDocument file has no content.xml", "open it in its application and save it anew")
        meta = _parsed(parts.read("meta.xml")) if "meta.xml" in names else None
        title = meta.findtext(f".//{_TITLE}") if meta is not None else None
        return _parsed(parts.read("content.xml")), " ".join(title.split()) or None if title else None


def _parsed(xml: bytes) -> etree._Element:
    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def _blocks(element: etree._Element, depth: int = 0) -> str:
    return "\n\n".join(block for block in _walk(element, depth) if block.strip())


def _walk(element: etree._Element, depth: int) -> Iterator[str]:
    if depth > _NESTED:
        raise BrokenFileError(f"the OpenDocument file is nested more than {_NESTED} levels deep", "open it in its application and save it anew")
    for child in element:
        if not isinstance(child.tag, str) or child.tag in _UNSEEN:
            continue
        if child.tag == f"{_TEXT}h":
            yield f"{'#' * _level(child)} {_inline(child).strip()}"
        elif child.tag == f"{_TEXT}p":
            yield _inline(child).strip()
            yield from _framed(child, depth)
        elif child.tag == f"{_TEXT}list":
            yield "\n".join(_items(child, 0))
        elif child.tag == f"{_TABLE}table":
            yield _rows(child, depth + 1)
        elif child.tag == f"{_PRESENTATION}notes":
            notes = _blocks(child, depth + 1)
            yield f"Notes: {notes}" if notes else ""
        else:
            yield from _walk(child, depth + 1)


def _framed(paragraph: etree._Element, depth: int) -> Iterator[str]:
    """Text boxes and tables that hang on a paragraph; `_inline` leaves them out. Those within one are found when it is walked."""
    for frame in _outermost(paragraph, {f"{_DRAW}text-box"}):
        yield from _walk(frame, depth + 1)


def _outermost(element: etree._Element, tags: Collection[str]) -> Iterator[etree._Element]:
    """The elements of these tags below this one that are below none of them, in their order; iterative, since groups nest."""
    waiting = list(reversed(element))
    while waiting:
        inner = waiting.pop()
        if inner.tag in tags:
            yield inner
        else:
            waiting.extend(reversed(inner))


def _level(heading: etree._Element) -> int:
    level = heading.get(f"{_TEXT}outline-level", "1")
    return min(int(level), _DEEPEST_HEADING) if level.isdecimal() and level != "0" else 1


def _items(listed: etree._Element, level: int) -> Iterator[str]:
    if level > _NESTED:
        return
    for item in listed:
        if not isinstance(item.tag, str):
            continue
        for child in item:
            if child.tag == f"{_TEXT}list":
                yield from _items(child, level + 1)
            elif child.tag in {f"{_TEXT}p", f"{_TEXT}h"} and (text := _inline(child).strip()):
                yield f"{'  ' * level}- {text}"


def _inline(element: etree._Element) -> str:
    """Its text with the spaces, tabs and line breaks that are elements; iterative, since spans nest."""
    pieces: list[str] = []
    skipped: etree._Element | None = None
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if event == "start" and skipped is None:
            if part.tag in _UNSEEN or part.tag == f"{_DRAW}text-box":
                skipped = part
            else:
                pieces.append(_of(part))
        elif event == "end":
            if part is skipped:
                skipped = None
            if skipped is None and part is not element:
                pieces.append(part.tail or "")
    return "".join(pieces)


def _of(part: etree._Element) -> str:
    match part.tag:
        case tag if tag == f"{_TEXT}s":
            count = part.get(f"{_TEXT}c", "1")
            return " " * (min(int(count), _MOST_REPEATED) if count.isdecimal() else 1)
        case tag if tag == f"{_TEXT}tab":
            return "\t"
        case tag if tag == f"{_TEXT}line-break":
            return "\n"
        case _:
            return part.text or ""


def _rows(table: etree._Element, depth: int = 0) -> str:
    """Its own; a table in a cell is the cell's."""
    return markdown_table(_cells(row, depth) for row in _outermost(table, {f"{_TABLE}table-row"}))


def _cells(row: etree._Element, depth: int) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag not in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            continue
        repeated = cell.get(f"{_TABLE}number-columns-repeated", "1")
        cells += [_blocks(cell, depth)] * (min(int(repeated), _MOST_REPEATED) if repeated.isdecimal() else 1)
    return cells
