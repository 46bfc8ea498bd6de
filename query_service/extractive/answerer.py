"""Answers by quoting: of the chunks found, the sentences that support an answer best, or that there are none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Final

from query_service.answer import Answer, Asked, Event, Quote, Sources, Token, unanswered
from query_service.extractive.candidates import Pool, pool, promising
from query_service.extractive.confidence import Calibration, calibration
from query_service.extractive.evidence import Scored, evidence, rank
from query_service.steps import Steps

if TYPE_CHECKING:
    from index.embedding import Embedder

EMBEDDED_SENTENCES: Final = 12
"""Each costs some milliseconds of a CPU; in the calibration set 99.5 % of the answers were among the first twelve."""
MOST_SENTENCES: Final = 3
_NEAR: Final = 0.12
"""A further sentence is quoted only if its score is that near to the best."""
_ALIKE: Final = 0.7


class ExtractiveAnswerer:
    mode: Final = "extractive"

    def __init__(self, embedder: Embedder, judged_by: Calibration | None = None) -> None:
        self._embedder = embedder
        self._calibration = judged_by or calibration()

    @property
    def name(self) -> str:
        return self._embedder.space.model

    async def answer(self, asked: Asked, steps: Steps) -> AsyncGenerator[Event, None]:
        """Raises EmbeddingUnavailableError."""
        with steps.step("sentences"):
            found = await asyncio.to_thread(pool, asked.text, asked.hits)
            candidates = promising(found, EMBEDDED_SENTENCES)
        with steps.step("embed_sentences"):
            vectors = await self._embedder.embed([candidate.text for candidate in candidates]) if candidates else []
        with steps.step("choose"):
            ranked = rank(asked.text, found, candidates, [_cosine(asked.vector, vector) for vector in vectors])
            answer = self._judged(asked.text, found, ranked)
        yield Sources(answer.quotes)
        if answer.answered:
            for quote in answer.quotes:
                yield Token(("" if quote.number == 1 else " ") + _cited(quote))
        yield answer

    def _judged(self, question: str, found: Pool, ranked: Sequence[Scored]) -> Answer:
        if not ranked:
            return unanswered(0.0)
        confidence = round(self._calibration.confidence(evidence(question, found, ranked)), 4)
        if confidence < self._calibration.threshold:
            return unanswered(confidence)
        quotes = tuple(_quote(number, scored) for number, scored in enumerate(chosen(found, ranked), 1))
        return Answer(" ".join(_cited(quote) for quote in quotes), answered=True, confidence=confidence, quotes=quotes)


def chosen(found: Pool, ranked: Sequence[Scored]) -> list[Scored]:
    """The best sentence, and those nearly as good that hold words of the question which it lacks and do not repeat it."""
    taken = [ranked[0]]
    for scored in ranked[1:]:
        if scored.score < ranked[0].score - _NEAR or len(taken) == MOST_SENTENCES:
            break
        held = frozenset().union(*(one.candidate.stems for one in taken))
        adds = bool((scored.candidate.stems & found.wanted) - held)
        if adds and all(_likeness(scored, one) < _ALIKE for one in taken):
            taken.append(scored)
    return taken


def _likeness(one: Scored, other: Scored) -> float:
    """Jaccard index of their words."""
    return len(one.candidate.stems & other.candidate.stems) / len(one.candidate.stems | other.candidate.stems)


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Both are of length 1."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def _quote(number: int, scored: Scored) -> Quote:
    candidate = scored.candidate
    return Quote(number, candidate.hit, candidate.start, candidate.end, candidate.text, scored.score)


def _cited(quote: Quote) -> str:
    return f"{' '.join(quote.text.split())} [{quote.number}]"
