"""Citations: what exists, what it stands for, how well it supports the answer."""

from __future__ import annotations

import pytest

from query_service.generative.citations import check
from tests.unit.query_service.hits import hit

LEAVE = "Please read on.  Parents get 26 weeks of leave. Nobody gets 27.\n"
TRAVEL = "Trains are booked by the office. Flights need the approval of a lead."


def test_a_quote_is_the_exact_text_at_its_place() -> None:
    checked = check("Parents get 26 weeks of leave [1]. Flights need approval [2].", [hit(LEAVE, start=100), hit(TRAVEL, start=7)])
    assert [quote.number for quote in checked.quotes] == [1, 2]
    first, second = checked.quotes
    assert first.text == "Parents get 26 weeks of leave."
    assert LEAVE[first.start - 100 : first.end - 100] == first.text
    assert TRAVEL[second.start - 7 : second.end - 7] == second.text == "Flights need the approval of a lead."
    assert checked.support == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("answer", "text", "numbers", "refused"),
    [
        ("So it is [1].", "So it is [1].", [1], 0),
        ("So it is.[1]", "So it is. [1]", [1], 0),
        ("So it is [1, 2].", "So it is [1] [2].", [1, 2], 0),
        ("So it is [1][2].", "So it is [1] [2].", [1, 2], 0),
        ("So it is [7].", "So it is.", [], 1),
        ("So it is [0][1].", "So it is [1].", [1], 1),
        ("So it is [2024 edition] [1].", "So it is [2024 edition] [1].", [1], 0),
        ("So it is.", "So it is.", [], 0),
    ],
)
def test_forms_of_citations(answer: str, text: str, numbers: list[int], refused: int) -> None:
    checked = check(answer, [hit(LEAVE), hit(TRAVEL)])
    assert checked.text == text
    assert [quote.number for quote in checked.quotes] == numbers
    assert checked.refused == refused


def test_what_the_source_does_not_say_is_not_supported() -> None:
    sources = [hit(LEAVE), hit(TRAVEL)]
    assert check("The moon is made of green cheese [1].", sources).support == 0.0
    assert check("Parents get 26 weeks of leave.", sources).support == 0.0  # true, and cites nothing
    assert check("Parents get 26 weeks of leave [2].", sources).support < 0.5  # cites the wrong one
    half = check("Parents get 26 weeks of leave [1]. Cheese is served daily.", sources).support
    assert half == pytest.approx(0.5)


def test_no_answer_at_all() -> None:
    assert check("", [hit(LEAVE)]).support == 0.0
    assert check(" [1]", [hit(LEAVE)]).quotes == ()
