"""Cuts a text into the pieces that memory keeps.

A piece is a paragraph: what blank lines separate. A long one is cut further at every safe boundary: a line break, or a sentence's end whose last word has four
letters or more and whose next word starts upper case. No finder matches or looks for context across a safe boundary, so the result does not
depend on where pieces end. Private keys span paragraphs and are taken out first (``credentials``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

LONG_PARAGRAPH: Final = 2_000
LONGEST_PIECE: Final = 8_000

_BLANK: Final = re.compile(r"\n[ \t\r]*\n\s*")
_SAFE: Final = re.compile(r"\n+|(?<=[^\W\d_]{4}[.!?])[ \t]+(?=[^\W\d_a-z]|<[A-Z])|(?<=[0-9a-f]{4}>[.!?])[ \t]+(?=[^\W\d_a-z]|<[A-Z])")
_FENCE: Final = re.compile(r"^[ \t]{0,3}(?:```|~~~)", re.MULTILINE)
_WORD_GAP: Final = re.compile(r"[^\W\d_]{4}[ \t]+(?=[^\W\d_]{4})")


class Piece(NamedTuple):
    """A stretch of the text; ``code`` where it lies in a fenced block (no names are looked for there)."""

    text: str
    code: bool


def pieces(text: str) -> Iterator[Piece]:
    """The text's pieces in order; joined they are the text."""
    code = False
    start = 0
    while start < len(text):
        blank = _BLANK.search(text, start)
        end = blank.end() if blank else len(text)
        paragraph = text[start:end]
        start = end
        fences = len(_FENCE.findall(paragraph)) if "```" in paragraph or "~~~" in paragraph else 0
        inside = code or fences > 0
        code ^= bool(fences % 2)
        if len(paragraph) <= LONG_PARAGRAPH:
            yield Piece(paragraph, inside)
        else:
            for part in sentences(paragraph):
                yield Piece(part, inside)


def sentences(paragraph: str) -> Iterator[str]:
    """Cuts at each safe boundary; a stretch without one is cut between two plain words once it is very long."""
    start = 0
    for boundary in _SAFE.finditer(paragraph):
        yield from _bounded(paragraph[start : boundary.end()])
        start = boundary.end()
    if start < len(paragraph):
        yield from _bounded(paragraph[start:])


def _bounded(sentence: str) -> Iterator[str]:
    start = 0
    while len(sentence) - start > LONGEST_PIECE:
        gap = _WORD_GAP.search(sentence, start + LONGEST_PIECE // 2)
        if gap is None:
            break
        yield sentence[start : gap.end()]
        start = gap.end()
    yield sentence[start:]
