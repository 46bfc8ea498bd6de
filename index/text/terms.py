"""The words of a text as BM25 shall see them: one function for texts and for questions, so that both meet.

Weaviate's own tokenisers know no overlapping bigrams and cut ``PROJ-12`` in two or not at all, so the terms are made here and kept in a property
with white space as its only separator.

* NFKC and case folding; Arabic tashkeel and tatweel, Hebrew points and invisible characters are removed.
* A compound (``PROJ-12``, ``a.b@example.org``, ``/etc/hosts``, ``snake_case``) gives itself and its parts.
* Chinese, Japanese and Korean runs give overlapping bigrams; Thai, Lao, Khmer and Burmese ones overlapping bigrams of grapheme clusters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import regex

_EAST_ASIAN: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}ー々〆"
_SOUTH_EAST_ASIAN: Final = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD: Final = rf"[\w--[{_EAST_ASIAN}{_SOUTH_EAST_ASIAN}]]"
_IGNORED: Final = regex.compile(
    r"[\p{Cf}\u0640\u064B-\u065F\u0610-\u061A\u0670\u06D6-\u06DC\u06DF-\u06E8\u06EA-\u06ED\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7]"
)
_TERM: Final = regex.compile(
    rf"(?P<word>{_WORD}+(?:(?:[-._@/:+&'’#\\]|(?<=\d),(?=\d)|://){_WORD}+)*\+*\#?)|(?P<cjk>[{_EAST_ASIAN}]+)|(?P<sea>[{_SOUTH_EAST_ASIAN}]+)", regex.V1
)
_PART: Final = regex.compile(r"[^\W_]+")
_POSSESSIVE: Final = regex.compile(r"['’]s$")
_NUMBER: Final = regex.compile(r"\d+(?:[.,]\d+)+")
_CLUSTER: Final = regex.compile(r"\X")


def bm25_terms(text: str) -> str:
    """The terms of a text in its order, lower case, joined by single spaces; empty where the text has none."""
    folded = _IGNORED.sub("", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))
    return " ".join(_terms(folded))


def _terms(folded: str) -> Iterator[str]:
    for match in _TERM.finditer(folded):
        if match.lastgroup == "word":
            yield from _word_terms(match[0])
        elif match.lastgroup == "cjk":
            yield from _bigrams(match[0])
        else:
            yield from _bigrams(_CLUSTER.findall(match[0]))


def _word_terms(word: str) -> Iterator[str]:
    whole = _POSSESSIVE.sub("", word).replace("’", "'")
    if whole.isalnum() or _NUMBER.fullmatch(whole):
        yield whole
        return
    parts = _PART.findall(whole)
    yield whole
    if len(parts) > 1 and "'" not in whole:
        yield from parts


def _bigrams(run: str | list[str]) -> Iterator[str]:
    if len(run) == 1:
        yield run[0]
    for first, second in pairwise(run):
        yield first + second
