"""A body as a row of atoms: sentences, lines of code, rows of tables, headings; and how good a place each atom's start is to begin a chunk."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

import regex

from contracts.events import TextFormat
from index.text.embedded import unbroken_spans
from index.text.sentences import fences, sentence_spans

_FRONT_MATTER: Final = regex.compile(r"\A---[ \t]*+\r?\n(?:[^\n]*+\n){0,100}?---[ \t]*+\r?(?:\n\s*+|\Z)")
_ATX: Final = regex.compile(r"[ ]{0,3}(#{1,6})[ \t]")
_LIST_ITEM: Final = regex.compile(r"(?:[-*+•]|\d{1,9}[.)])[ \t]")
_MARKUP: Final = regex.compile(r"<[^<>\n]*+>|\[([^\[\]]*+)\]\([^()\s]*+\)|[*_`]{1,3}")


class Place(IntEnum):
    """Where an atom begins, from the best place for a chunk to begin to the worst."""

    SECTION = 0
    PARAGRAPH = 1
    ITEM = 2
    SENTENCE = 3
    LINE = 4
    """Inside code, a table or front matter."""
    CLAUSE = 5
    """Inside one long sentence."""
    UNDER_HEADING = 6
    """A heading stays with what follows it."""


class Atom(NamedTuple):
    """A named tuple, since a text has hundreds of them and they are made several times as quickly."""

    start: int
    end: int
    place: Place
    heading: tuple[int, str] | None = None
    """Depth and title, where the atom is a heading."""


def atoms(body: str, text_format: TextFormat) -> list[Atom]:
    """The body's atoms in order, covering it without a gap. Plain text has no headings, code or front matter."""
    spans = outside_markup(body, sentence_spans(body))
    if text_format == "text":
        return _plain(body, spans)
    return _markdown(body, spans)


def outside_markup(body: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbouring spans, those put together that part a link or a tag."""
    whole = unbroken_spans(body)
    if not whole:
        return spans
    found: list[tuple[int, int]] = []
    place = 0
    for start, end in spans:
        while place < len(whole) and whole[place][1] <= start:
            place += 1
        if found and place < len(whole) and whole[place][0] < start:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found


def _plain(body: str, spans: list[tuple[int, int]]) -> list[Atom]:
    return [Atom(start, end, place) for start, end, place, _ in _placed(body, spans)]


def _placed(body: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int, Place, bool]]:
    """Each span with its place as prose has it, and whether it begins a line."""
    newlines = 2
    for start, end in spans:
        text = body[start:end]
        if newlines > 1:
            place = Place.PARAGRAPH
        elif newlines and _LIST_ITEM.match(text.lstrip(" \t")):
            place = Place.ITEM
        elif newlines and text[0] == "|":
            place = Place.LINE
        else:
            place = Place.SENTENCE
        yield start, end, place, newlines > 0
        newlines = body.count("\n", start + len(text.rstrip()), end)


def _markdown(body: str, spans: list[tuple[int, int]]) -> list[Atom]:
    blocks = _unbroken_blocks(body)
    found: list[Atom] = []
    block = 0
    under_heading = False
    for start, end, prose_place, begins_line in _placed(body, spans):
        while block < len(blocks) and blocks[block][1] <= start:
            block += 1
        inside = block < len(blocks) and blocks[block][0] <= start
        heading = _heading(body[start:end]) if begins_line and not inside else None
        place = Place.LINE if inside and blocks[block][0] < start else Place.SECTION if heading else prose_place
        found.append(Atom(start, end, Place.UNDER_HEADING if under_heading else place, heading))
        under_heading = heading is not None
    return found


def _unbroken_blocks(body: str) -> list[tuple[int, int]]:
    front = _FRONT_MATTER.match(body)
    code = fences(body)
    return [front.span(), *(span for span in code if span[0] >= front.end())] if front else code


def _heading(text: str) -> tuple[int, str] | None:
    """Depth and title of an ATX heading, or of one that a row of ``=`` or ``-`` underlines."""
    if "#" not in text[:4] and "---" not in text and "===" not in text:
        return None
    if atx := _ATX.match(text):
        return len(atx[1]), _plain_title(text[atx.end() :].strip().rstrip("#"))
    title, line_break, underline = text.rstrip().rpartition("\n")
    mark = underline.strip()
    if line_break and len(mark) > 2 and mark in {"=" * len(mark), "-" * len(mark)}:
        return (1 if mark[0] == "=" else 2), _plain_title(title)
    return None


def _plain_title(title: str) -> str:
    return " ".join(_MARKUP.sub(r"\1", title).split())
