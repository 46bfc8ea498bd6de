"""Words of questions and sentences as the extractive answer compares them: stemmed lightly, weighed by how rare they are among what was found.

Terms come from index.text.terms, the same as BM25's, so every language is compared in some form; stems and stop words are English only, where they
do most good, and do no harm elsewhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from index.text.terms import bm25_terms

STOP_WORDS: Final = frozenset(
    """
    a about also am an and any are as at be because been being but by can could did do does done for from get gets got had has have having he her here him his
    how i if in into is it its just kind kinds let like make made many may me might more most much must my name named names no nor of off on one or our out over
    own s shall she should since so some such sort t than that the their them then there these they this those though through to too type types under until
    up upon us use used very was we were what when where which while who whom whose why will with within without would you your
    """.split()  # noqa: SIM905  # words read better so than as a list
)  # fmt: skip
_SUFFIXES: Final = ("ation", "ment", "ing", "ie", "ied", "er", "or", "ed", "ly", "al", "e")
_SHORTEST_STEM: Final = 4
Weights = Mapping[str, float]


def stem(term: str) -> str:
    """An English word without its commonest endings; anything else as it is. Crude on purpose: it only has to be the same for both sides."""
    if not (term.isascii() and term.isalpha()):
        return term.rstrip("y") if len(term) > _SHORTEST_STEM else term
    if term.endswith("s") and not term.endswith(("ss", "us", "is")) and len(term) > _SHORTEST_STEM:
        term = term[:-1]
    for suffix in _SUFFIXES:
        if term.endswith(suffix) and len(term) - len(suffix) >= _SHORTEST_STEM:
            return term[: -len(suffix)].rstrip("eiy")
    return term.rstrip("y") if len(term) > _SHORTEST_STEM else term


def stems(text: str) -> list[str]:
    """Of all terms of a text, in order."""
    return [stem(term) for term in bm25_terms(text).split()]


def content_stems(question: str) -> frozenset[str]:
    """Of the words that carry the question; of all of them where none does."""
    terms = bm25_terms(question).split()
    return frozenset(stem(term) for term in terms if term not in STOP_WORDS) or frozenset(stem(term) for term in terms)


def weigh(words: Iterable[str], texts: Iterable[frozenset[str]]) -> dict[str, float]:
    """How much each word says: the rarer among ``texts``, the more. A word that none of them holds weighs most."""
    counted: Counter[str] = Counter()
    total = 0
    wanted = frozenset(words)
    for text in texts:
        total += 1
        counted.update(text & wanted)
    return {word: math.log(1 + (total - counted[word] + 0.5) / (counted[word] + 0.5)) for word in wanted}


def coverage(wanted: frozenset[str], found: frozenset[str], weights: Weights) -> float:
    """Share of what ``wanted`` says that ``found`` holds, 0 to 1."""
    total = sum(weights[word] for word in wanted)
    return sum(weights[word] for word in wanted & found) / total if total else 0.0
