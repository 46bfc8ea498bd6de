"""How well a sentence answers a question, as a few numbers between 0 and 1: what chooses the sentence and what its confidence is computed from.

Pure. ``similarity`` is the cosine of the question's and the sentence's vectors; the rest looks at words (query_service.extractive.words) and at the kind of
thing that is asked for (query_service.extractive.cues).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Final

import regex

from query_service.extractive.candidates import Candidate, Pool
from query_service.extractive.cues import holds, kind_asked
from query_service.extractive.words import stems

_COVERAGE_SHARE: Final = 0.5
_KIND_SHARE: Final = 0.1
_RANK_COST: Final = 0.02
_NAME: Final = regex.compile(r"(?<=\s[\"'(]?)(?:\p{Lu}[\p{L}\d'’-]*|\d[\d.,]*)")
_NEGATION: Final = regex.compile(r"\b(?:not|cannot|never|no|none|neither|nor|without|except|\w+n['’]t)\b", regex.I)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of the best sentence."""

    similarity: float
    coverage: float
    """Share of the question's words, by weight, that the sentence holds."""
    kind: float
    """1 if it holds a thing of the kind asked for, 0 if not, 0.5 where no kind is known."""
    names: float
    """Share of the question's names and numbers that the sentence holds; 1 where it has none."""
    polarity: float
    """1 where question and sentence are both negated or both not."""

    def values(self) -> tuple[float, ...]:
        return astuple(self)


NAMES: Final = tuple(field.name for field in fields(Evidence))


@dataclass(frozen=True, slots=True)
class Scored:
    candidate: Candidate
    similarity: float
    score: float


def rank(question: str, found: Pool, candidates: Sequence[Candidate], similarities: Sequence[float]) -> list[Scored]:
    """The candidates, best first."""
    kind = kind_asked(question)
    scored: list[Scored] = []
    for candidate, similarity in zip(candidates, similarities, strict=True):
        held = 0.5 if kind is None else float(holds(kind, candidate.text, question))
        score = similarity + _COVERAGE_SHARE * found.coverage(candidate.stems) + _KIND_SHARE * held - _RANK_COST * candidate.rank
        scored.append(Scored(candidate, similarity, score))
    return sorted(scored, key=lambda one: one.score, reverse=True)


def evidence(question: str, found: Pool, ranked: Sequence[Scored]) -> Evidence:
    """Of the first of ``ranked``, which must not be empty."""
    best = ranked[0].candidate
    kind = kind_asked(question)
    names = frozenset(word for name in _NAME.findall(question) for word in stems(name))
    return Evidence(
        similarity=ranked[0].similarity,
        coverage=found.coverage(best.stems),
        kind=0.5 if kind is None else float(holds(kind, best.text, question)),
        names=len(names & best.stems) / len(names) if names else 1.0,
        polarity=float(bool(_NEGATION.search(question)) == bool(_NEGATION.search(best.text))),
    )
