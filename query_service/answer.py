"""What an answer is, whoever writes it: a stream of events that ends with the whole answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from index.reading import Hit
from query_service.steps import Steps

DONT_KNOW: Final = "I don't know: the documents that you may read do not say."
AnswerMode = Literal["extractive", "generative"]


@dataclass(frozen=True, slots=True)
class Quote:
    """A place of a document: ``text`` is its body from ``start`` to ``end``, exactly. ``number`` is the n of [n] in the answer."""

    number: int
    hit: Hit
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what was found for it."""

    text: str
    vector: Sequence[float]
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the answer will be made from."""

    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole. ``quotes`` are the places that the text cites; none where it was not answered."""

    text: str
    answered: bool
    confidence: float
    quotes: tuple[Quote, ...]


Event = Sources | Token | Answer


class Answerer(Protocol):
    """Writes answers. ``mode`` and ``name`` tell the caller who did."""

    @property
    def mode(self) -> AnswerMode: ...
    @property
    def name(self) -> str: ...
    def answer(self, asked: Asked, steps: Steps) -> AsyncGenerator[Event, None]:
        """Sources, then tokens, then the Answer as the last event. Closing the generator ends the work."""
        ...


def unanswered(confidence: float) -> Answer:
    return Answer(DONT_KNOW, answered=False, confidence=confidence, quotes=())
