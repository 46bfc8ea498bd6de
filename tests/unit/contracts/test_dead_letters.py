from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dead_letters import REASON_LIMIT, DeadLetter, NotADeadLetterError

LETTER = DeadLetter("normalize", "MissingColumnError", "column body is not in the row", "source.app.public.tickets", 2, 17, 1, 1_700_000_000_000_000)


def test_headers_come_back_as_the_letter() -> None:
    assert DeadLetter.from_headers(LETTER.headers()) == LETTER


@given(reason=st.text(), doc_id=st.text())
def test_any_text_survives_the_headers_up_to_the_limit(reason: str, doc_id: str) -> None:
    try:
        (reason + doc_id).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is no text that JSON or Postgres could have given
    letter = DeadLetter("index", "E", reason, "documents", 0, 0, 1, 0, tenant="a", doc_id=doc_id)
    found = DeadLetter.from_headers(letter.headers())
    assert found.reason == reason[:REASON_LIMIT]
    assert found.doc_id == doc_id


@pytest.mark.parametrize("missing", ["headrace-dead-offset", "headrace-dead-stage", "headrace-dead-reason"])
def test_a_record_without_the_headers_is_named_as_such(missing: str) -> None:
    with pytest.raises(NotADeadLetterError):
        DeadLetter.from_headers([(name, value) for name, value in LETTER.headers() if name != missing])


def test_an_unknown_stage_is_refused() -> None:
    headers = [(name, b"nowhere" if name == "headrace-dead-stage" else value) for name, value in LETTER.headers()]
    with pytest.raises(NotADeadLetterError, match="nowhere"):
        DeadLetter.from_headers(headers)
