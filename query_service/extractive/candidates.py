"""The sentences that an answer may be made of: of the chunks found, each sentence once, though chunks overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import regex

from index.reading import Hit
from index.text.sentences import sentence_spans
from query_service.extractive.words import Weights, content_stems, coverage, stems, weigh

_FEWEST_WORDS: Final = 3
_HEADING: Final = regex.compile(r"\s*#{1,6}\s")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence: ``text`` is the document's body from ``start`` to ``end``, without white space at either side."""

    hit: Hit
    rank: int
    """Of its hit, from 0."""
    start: int
    end: int
    text: str
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates of one question and what its words weigh among them."""

    wanted: frozenset[str]
    weights: Weights
    candidates: tuple[Candidate, ...]

    def coverage(self, found: frozenset[str]) -> float:
        return coverage(self.wanted, found, self.weights)


def pool(question: str, hits: Iterable[Hit]) -> Pool:
    """All candidates, in the order of the hits."""
    found: dict[tuple[str, int, int], Candidate] = {}
    for rank, hit in enumerate(hits):
        for candidate in _of_hit(hit, rank):
            found.setdefault((hit.doc_id, candidate.start, candidate.end), candidate)
    wanted = content_stems(question)
    candidates = tuple(found.values())
    return Pool(wanted, weigh(wanted, (candidate.stems for candidate in candidates)), candidates)


def _of_hit(hit: Hit, rank: int) -> Iterable[Candidate]:
    for start, end in sentence_spans(hit.text):
        raw = hit.text[start:end]
        text = raw.strip()
        words = stems(text)
        if len(words) < _FEWEST_WORDS or _HEADING.match(text):
            continue
        first = hit.start + start + len(raw) - len(raw.lstrip())
        yield Candidate(hit, rank, first, first + len(text), text, frozenset(words))


def promising(found: Pool, most: int) -> list[Candidate]:
    """The ``most`` candidates by words and by the rank of their hit: the others are not worth an embedding."""
    return sorted(found.candidates, key=lambda candidate: found.coverage(candidate.stems) - 0.04 * candidate.rank, reverse=True)[:most]
