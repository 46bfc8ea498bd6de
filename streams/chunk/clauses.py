"""Places to cut inside a sentence that is long, or longer than a chunk may be.

A list written in one line, a table that lost its line breaks or minified code is one "sentence" of hundreds of tokens. Two steps, both deciding by the
text around the place alone so that an edit moves few of them:

* a long sentence gets further places after ``; : , )`` and before list marks inside the line: a chunk may begin there, at a high price;
* what is still longer than a chunk is cut hard between words, and a word that is itself too long between characters, at places that a hash chooses.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex
import xxhash

from streams.chunk.structure import outside_markup

LONG_SENTENCE_TOKENS: Final = 48
_CLAUSE_CHARACTERS: Final = 60
_LAST_CLAUSE_CHARACTERS: Final = 30
_CLAUSE: Final = regex.compile(r"(?<!\s)\s++(?=(?:[-*+•|–—]|\d{1,3}[.)]|#{1,6})\s+\S)|(?<=[;:,)])\s++|(?<=[。，、；：])")
_WORD: Final = regex.compile(r"\p{Han}\s*|[\p{Hiragana}\p{Katakana}\p{Hangul}]{1,4}\s*|[\w]+\s*|[^\w\s]\s*|\s+")
_CLUSTER: Final = regex.compile(r"\X")
_SLICE_CHARACTERS: Final = 48
_ONE_IN: Final = 16


@lru_cache(maxsize=10_000)
def clause_spans(sentence: str) -> tuple[tuple[int, int], ...]:
    """The sentence cut at its clauses, each of about 60 characters or more and none inside a link or a tag; a sentence without clauses stays whole."""
    spans: list[tuple[int, int]] = []
    begin, end = 0, len(sentence)
    for place in _CLAUSE.finditer(sentence):
        if place.end() - begin >= _CLAUSE_CHARACTERS and end - place.end() >= _LAST_CLAUSE_CHARACTERS:
            spans.append((begin, place.end()))
            begin = place.end()
    return tuple(outside_markup(sentence, [*spans, (begin, end)]))


def word_spans(body: str, start: int, end: int) -> list[tuple[int, int]]:
    """The span cut between words, marks and ideographs, white space after them included."""
    return [word.span() for word in _WORD.finditer(body, start, end)]


def slice_spans(body: str, start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """One very long word cut between characters (grapheme clusters), after about 24 and at most 48 of them (or ``most``, if that is less)."""
    begin = start
    for cluster in _CLUSTER.finditer(body, start, end):
        at = cluster.end()
        if at < end and (at - begin >= min(most, _SLICE_CHARACTERS) or (at - begin >= _ONE_IN // 2 and chosen(body[max(start, at - 8) : at]))):
            yield begin, at
            begin = at
    yield begin, end


def chosen(text: str) -> bool:
    """Whether the hash of a short text is one in sixteen."""
    return xxhash.xxh3_64_intdigest(text.encode()) % _ONE_IN == 0
