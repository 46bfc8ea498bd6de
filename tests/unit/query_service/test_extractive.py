"""Which sentence is chosen, what is expected of it, and that quotes are exact."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from contracts.settings import EmbeddingSettings
from index.embedding import Embedder, load
from query_service.answer import DONT_KNOW, Answer, Asked, Event, Sources, Token
from query_service.extractive.answerer import ExtractiveAnswerer
from query_service.extractive.candidates import pool, promising
from query_service.extractive.confidence import calibration
from query_service.extractive.cues import holds, kind_asked
from query_service.extractive.evidence import NAMES, Evidence
from query_service.extractive.words import content_stems, coverage, stem, weigh
from query_service.steps import Steps
from tests.unit.query_service.hits import hit

HANDBOOK = (
    "# Leave\n\nThis page explains leave. Parents get 26 weeks of paid parental leave after the birth of a child. "
    "Sick leave needs a doctor's note from the third day on.\n\n- Ask your lead first.\n"
)
TRAVEL = "Trains are booked by the travel office in Hamburg. Flights within Europe need the approval of a lead."


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When does it open?", "time"),
        ("In which year was it built?", "time"),
        ("How many days do I get?", "amount"),
        ("How long may I stay?", "amount"),
        ("Who approves flights?", "person"),
        ("Where is the office?", "place"),
        ("Why was it closed?", "reason"),
        ("What is parental leave?", None),
        ("Wie viele Tage Urlaub habe ich?", None),
    ],
)
def test_the_kind_asked_for(question: str, kind: str | None) -> None:
    assert kind_asked(question) == kind


def test_a_thing_that_the_question_names_itself_is_no_answer() -> None:
    assert holds("amount", "There are 26 weeks.", "How many weeks?")
    assert not holds("amount", "There are 26 weeks.", "What about the 26 weeks, how many?")
    assert not holds("time", "It was built of stone.", "When was it built?")
    assert holds("time", "It was built in 1890.", "When was it built?")


def test_words_meet_in_their_stems() -> None:
    assert stem("approvals")[:7] == stem("approval")[:7]
    assert stem("booked") == stem("booking") == stem("books") == "book"
    assert stem("休暇") == "休暇"
    assert content_stems("What is the approval for?") == {stem("approval")}
    assert content_stems("What is it?") == {"what", "is", "it"}


def test_a_rare_word_weighs_more() -> None:
    weights = weigh({"leave", "sick"}, [frozenset({"leave", "sick"}), frozenset({"leave"}), frozenset({"leave"})])
    assert weights["sick"] > weights["leave"] > 0
    assert coverage(frozenset({"leave", "sick"}), frozenset({"sick"}), weights) > 0.5
    assert coverage(frozenset(), frozenset({"sick"}), weights) == 0.0


def test_candidates_are_exact_and_once_though_chunks_overlap() -> None:
    cut = HANDBOOK.index("Sick leave")
    whole, tail = hit(HANDBOOK), hit(HANDBOOK[cut:], start=cut)
    found = pool("How many weeks of parental leave?", [whole, tail])
    assert [HANDBOOK[one.start : one.end] for one in found.candidates] == [one.text for one in found.candidates]
    texts = [one.text for one in found.candidates]
    assert len(texts) == len(set(texts))
    assert not any(text.startswith("#") for text in texts)
    assert promising(found, 1)[0].text.startswith("Parents get 26 weeks")


def test_the_shipped_calibration_fits_the_evidence() -> None:
    judged = calibration()
    assert len(judged.weights) == len(NAMES)
    assert 0 < judged.threshold < 1
    strong = judged.confidence(Evidence(similarity=0.8, coverage=1.0, kind=1.0, names=1.0, polarity=1.0))
    weak = judged.confidence(Evidence(similarity=0.1, coverage=0.1, kind=0.0, names=0.0, polarity=1.0))
    assert strong > 0.7 > judged.threshold > weak


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load(EmbeddingSettings())


async def _events(embedder: Embedder, question: str, texts: Sequence[str]) -> list[Event]:
    vector = (await embedder.embed([question]))[0]
    hits = tuple(hit(text, doc_id=f"files:x/{number}") for number, text in enumerate(texts))
    return [event async for event in ExtractiveAnswerer(embedder).answer(Asked(question, vector, hits), Steps())]


def test_a_supported_question_is_answered_with_its_sentence(embedder: Embedder) -> None:
    events = asyncio.run(_events(embedder, "How many weeks of parental leave do parents get?", [HANDBOOK, TRAVEL]))
    assert isinstance(events[0], Sources)
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.answered
    assert "26 weeks" in answer.text
    assert answer.text == "".join(event.text for event in events if isinstance(event, Token))
    for quote in answer.quotes:
        assert quote.hit.text[quote.start : quote.end] == quote.text
        assert f"[{quote.number}]" in answer.text


@pytest.mark.parametrize(("question", "texts"), [("What is the boiling point of tungsten?", [HANDBOOK, TRAVEL]), ("Anything?", []), ("???", ["", "x"])])
def test_what_the_text_does_not_say_is_not_answered(embedder: Embedder, question: str, texts: list[str]) -> None:
    answer = asyncio.run(_events(embedder, question, texts))[-1]
    assert isinstance(answer, Answer)
    assert (answer.answered, answer.text, answer.quotes) == (False, DONT_KNOW, ())
