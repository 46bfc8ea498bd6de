from __future__ import annotations

from connectors.collect.hint_queue import Pending
from connectors.collect.outcome import MOST_URGENT, forbidden, outcome_of, passes_on
from contracts.envelope import Envelope, decode_envelope
from contracts.fetched import FetchedState
from contracts.hints import FoundBy
from contracts.rest_records import encode_object, vendor_changed_us
from rest_sources.source import GONE, Fetched

TICKET = {"subject": "x"}


def pending(native: str = "ticket/7", found_by: FoundBy = "webhook") -> Pending:
    return Pending(native, (3, 5), 1000, found_by)


def test_an_object_and_its_parts_are_records_of_one_version() -> None:
    outcome = outcome_of(pending(), Fetched({"ticket/7": TICKET, "ticket/7/internal": TICKET}, stamp="s"), None, ())
    assert [(state.native, state.offset, state.changed_us) for state in outcome.states] == [("ticket/7", 5, 1000), ("ticket/7/internal", 5, 1000)]
    assert outcome.state == FetchedState(offset=5, stamp="s", parts=("ticket/7", "ticket/7/internal"))


def test_what_the_vendor_says_of_the_time_goes_along() -> None:
    """A sweep's hint knows only when it looked."""
    outcome = outcome_of(pending(), Fetched({"ticket/7": TICKET, "ticket/7/internal": TICKET}, changed_us=77), None, ())
    for state in outcome.states:
        key, value = encode_object("desk", state)
        envelope = decode_envelope(key, value)
        assert isinstance(envelope, Envelope)
        assert (envelope.source.time_us, vendor_changed_us(envelope.after)) == (1000, 77)
    assert vendor_changed_us({"id": "ticket/7", "record": {}}) == vendor_changed_us(None) == 0


def test_a_part_that_is_no_longer_given_is_deleted() -> None:
    before = FetchedState(offset=1, parts=("ticket/7", "ticket/7/attachment/1"))
    outcome = outcome_of(pending(), Fetched({"ticket/7": TICKET}), before, ())
    assert {state.native: state.record is None for state in outcome.states} == {"ticket/7": False, "ticket/7/attachment/1": True}


def test_what_is_gone_is_deleted_with_its_parts() -> None:
    before = FetchedState(offset=1, parts=("ticket/7", "ticket/7/internal"))
    outcome = outcome_of(pending(), GONE, before, ())
    assert {state.native for state in outcome.states if state.record is None} == {"ticket/7", "ticket/7/internal"}
    assert outcome.state is not None
    assert outcome.state.gone
    assert outcome.state.parts == ()


def test_what_is_gone_and_was_never_fetched_is_deleted_all_the_same() -> None:
    """The states may have been lost, the index not."""
    assert [state.native for state in outcome_of(pending(), GONE, None, ()).states] == ["ticket/7"]


def test_what_was_gone_already_costs_nothing() -> None:
    assert outcome_of(pending(), GONE, FetchedState(offset=1, gone=True), ()).states == ()


def test_a_container_is_no_document() -> None:
    assert outcome_of(pending("space/HR"), Fetched(access="a"), None, ()).states == ()


def test_those_below_are_asked_for_again_when_access_changed() -> None:
    page = Fetched({"content/1": TICKET}, access="a")
    assert not passes_on(pending(), page, None)
    assert not passes_on(pending(), page, FetchedState(offset=1, access="a"))
    assert passes_on(pending(), page, FetchedState(offset=1, access="b"))
    assert passes_on(pending(), Fetched(access="a"), None), "a container of which a webhook tells before it was ever fetched"
    assert not passes_on(pending(found_by="scan"), Fetched(access="a"), None), "the first scan has nothing to compare with"


def test_few_below_are_urgent_and_many_take_a_sweeps_pace() -> None:
    below = [f"content/{number}" for number in range(MOST_URGENT + 1)]
    assert {hint.found_by for hint in outcome_of(pending(), GONE, None, below[:2]).hints} == {"scan"}
    assert {hint.found_by for hint in outcome_of(pending(), GONE, None, below).hints} == {"sweep"}
    assert {hint.found_by for hint in outcome_of(pending(found_by="sweep"), GONE, None, below[:2]).hints} == {"sweep"}


def test_an_unreadable_part_is_told_once() -> None:
    fetched = Fetched({"ticket/7": TICKET}, refused={"ticket/7/attachment/1": "encrypted"})
    first = outcome_of(pending(), fetched, None, ())
    assert [refusal.native for refusal in first.refusals] == ["ticket/7/attachment/1"]
    assert outcome_of(pending(), fetched, first.state, ()).refusals == ()


def test_what_our_account_may_not_read_nobody_may_see() -> None:
    outcome = forbidden(pending(), FetchedState(offset=1, parts=("ticket/7",)), "no")
    assert [(state.native, state.record) for state in outcome.states] == [("ticket/7", None)]
    assert [refusal.error for refusal in outcome.refusals] == ["ForbiddenError"]


def test_a_record_that_nobody_may_read_is_written_and_told_once() -> None:
    fetched = Fetched({"article/7": TICKET}, refused={"article/7": "no principals"})
    first = outcome_of(pending("article/7"), fetched, None, ())
    assert [state.native for state in first.states if state.record is not None] == ["article/7"]
    assert [refusal.error for refusal in first.refusals] == ["NobodyMayReadError"]
    assert outcome_of(pending("article/7"), fetched, first.state, ()).refusals == ()
