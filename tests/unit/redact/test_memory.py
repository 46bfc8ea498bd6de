"""Pieces cover the text; memory changes cost, never the result; hostile input cannot stop a worker."""

import pytest

from streams.redact import RedactionPolicy, Redactor
from streams.redact.segments import pieces

LONG = "The pump is at 10.20.30.40 since Monday. " * 400


def test_pieces_join_to_the_text_and_stay_bounded():
    texts = ["", "a\n\nb\n \n\nc", LONG, "word " * 20_000, "```\na\n\nb\n```\n\nc"]
    for text in texts:
        cut = list(pieces(text))
        assert "".join(piece.text for piece in cut) == text
        assert max((len(piece.text) for piece in cut), default=0) <= 8_000


def test_a_fence_holds_over_blank_lines():
    assert [piece.code for piece in pieces("a\n\n```\nb\n\nc\n```\n\nd")] == [False, True, True, False]


def test_an_edit_costs_what_it_changed():
    redactor = Redactor(b"k", policy=RedactionPolicy())
    searched = []
    search = redactor._search
    redactor._search = lambda piece: searched.append(piece.text) or search(piece)
    page = "\n\n".join(f"paragraph {i} by p{i}@x.example" for i in range(50))
    redactor.redact(page)
    assert len(searched) == 50
    redactor.redact(page.replace("paragraph 7 ", "paragraph seven "))
    assert len(searched) == 51
    flat = LONG.replace("Monday", "Friday", 1)
    redactor.redact(LONG)
    before = len(searched)
    redactor.redact(flat)
    assert len(searched) - before <= 1


def test_memory_is_bounded_and_holds_no_raw_text():
    redactor = Redactor(b"k", policy=RedactionPolicy(), memory_paragraphs=10)
    redactor.redact("\n\n".join(f"p{i}@x.example" for i in range(100)))
    assert len(redactor._memory) == 10
    assert "@" not in repr(list(redactor._memory.values()))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "@",
        "a@",
        "1 ",
        "1-",
        "1.2.3.4 ",
        "::",
        "+",
        "(",
        "key=",
        "password: ",
        "eyJ",
        "eyJaaaaaaaa.",
        "://a:",
        "-----BEGIN PRIVATE KEY-----",
        "4111 ",
        "a@b.co ",
    ],
)
@pytest.mark.timeout(60)
def test_hostile_input_ends(unit):
    """A search that went over the rest of the text for every character would take many minutes at this length."""
    redactor = Redactor(b"k", policy=RedactionPolicy(), memory_paragraphs=0)
    size = 300_000
    assert redactor.redact((unit * size)[:size]).text
