"""Idempotence, no survivor, and memory that cannot be seen in the result."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.redact import RedactionPolicy, Redactor

POLICY = RedactionPolicy()
FRESH = Redactor(b"k", policy=POLICY, memory_paragraphs=0)
SHARED = Redactor(b"k", policy=POLICY, memory_paragraphs=64)

VALUES = ["jane.roe@mail.example", "+49 30 1234567", "(415) 555-2671", "4111 1111 1111 1111", "DE89370400440532013000", "192.168.4.20", "536-22-1234", "RCCMNL83S18D969H",
          "AKIAIOSFODNN7EXAMPLE", "2001:db8:85a3::8a2e:370:7334", "AB123456C", "ghp_" + "a1B2" * 9]  # fmt: skip
FRAGMENTS = [
    *VALUES,
    " ",
    "\n",
    "\n\n",
    ". ",
    "1",
    "42",
    "-",
    "/",
    ":",
    "@",
    "<",
    ">",
    "(",
    "password=",
    "token: ",
    "key",
    "Then",
    "word",
    "info",
    "v",
    "<EMAIL:c3fa91b07e>",
    "+",
    "0",
    "ssn",
    "tel",
    "```\n",
    "é",
    "中",
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join) | st.text(alphabet="a1@.:-/+ ()<>=\nZé", max_size=120)
PROSE = st.text(alphabet=st.characters(categories=("Ll", "Lu", "Zs"), include_characters=",\n"), max_size=60)
EDGE = st.sampled_from([" ", "\n", ", ", " (", "\t", "| ", "\n\n", '"', ": "])


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_idempotent(text):
    once = FRESH.redact(text).text
    assert FRESH.redact(once).text == once
    assert not FRESH.redact(once).counts


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.integers(min_value=1, max_value=4))
def test_idempotent_when_long(text, times):
    long = (text + " and then some more plain words. ") * (times * 20)
    once = FRESH.redact(long).text
    assert FRESH.redact(once).text == once


@settings(max_examples=300, deadline=None)
@given(PROSE, EDGE, st.sampled_from(VALUES), st.sampled_from([" ", "\n", ", ", ".", ") ", ";", '"', "\n\n", "!", "?"]), PROSE)
def test_seeded_values_never_survive(before, left, value, right, after):
    redacted = FRESH.redact(before + left + value + right + after)
    assert value not in redacted.text
    assert redacted.counts


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_memory_cannot_be_seen(text):
    assert SHARED.redact(text) == FRESH.redact(text) == SHARED.redact(text)
