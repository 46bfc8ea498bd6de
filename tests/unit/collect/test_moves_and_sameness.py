"""What the collector writes of objects that were moved, are as before, or are refused; what a sweep makes of them. Plain values in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from connectors.collect.fetching import recognised
from connectors.collect.hint_queue import HintQueue, Pending
from connectors.collect.outcome import outcome_of, refused
from connectors.sweep.cursors import SweepCursor
from connectors.sweep.sweeper import MANY, Sweeper
from contracts.fetched import FetchedState
from contracts.hints import Hint
from rest_sources.api import ApiUnavailableError
from rest_sources.source import GONE, Account, Fetched, Listed, ListedPage

NEW, OLD = "file/new.txt", "file/old.txt"
RECORD = {"format": "text"}
BEFORE = FetchedState(offset=1, stamp="s1", content="c", identity="i", parts=(NEW,))


def pending(**options: object) -> Pending:
    return Pending(NEW, (5,), 1000, "scan", **options)  # type: ignore[arg-type]  # by name


def test_the_old_place_is_looked_at_once_the_new_one_is_written() -> None:
    outcome = outcome_of(pending(moved_from=OLD), Fetched({NEW: RECORD}, content="c"), None, (), 2000)
    assert [(state.native, state.moved_from) for state in outcome.states] == [(NEW, OLD)]
    assert [(hint.id, hint.delay_ms, hint.found_by) for hint in outcome.hints] == [(OLD, 2000, "scan")]


def test_the_old_place_is_looked_at_even_where_the_new_one_cannot_be_read() -> None:
    assert [hint.id for hint in refused(pending(moved_from=OLD), "X", "why").hints] == [OLD]
    assert [hint.id for hint in outcome_of(pending(moved_from=OLD), GONE, None, ()).hints] == [OLD]
    assert [hint.id for hint in outcome_of(pending(moved_from=OLD), Fetched(same=True), BEFORE, ()).hints] == [OLD]


def test_an_object_that_decides_for_others_is_written_again_only_where_it_shows_something_else() -> None:
    page = Fetched({"page/1": {"text": "a", "readers": ["x"]}}, stamp="1", access="x", changed_us=7)
    asked = Pending("page/1", (5,), 1000, "scan")
    first = recognised(page, asked, None)
    before = outcome_of(asked, first, None, ()).state
    assert before is not None
    assert not first.same
    again = recognised(page, asked, before)
    assert (again.same, outcome_of(asked, again, before, ()).states) == (True, ())
    others = (
        replace(page, records={"page/1": {"text": "a", "readers": ["y"]}}),
        replace(page, records={"page/1": {"text": "b", "readers": ["x"]}}),
        replace(page, refused={"page/1/attachment/2": "no text"}),
        replace(page, changed_us=8),
    )
    assert not any(recognised(other, asked, before).same for other in others)
    assert not recognised(page, replace(asked, again=True), before).same
    assert recognised(GONE, asked, before) == GONE  # its delete is written


def test_what_is_as_before_is_remembered_and_not_written() -> None:
    outcome = outcome_of(pending(), Fetched(stamp="s2", identity="i2", content="c", same=True), BEFORE, ())
    assert outcome.states == ()
    assert outcome.state == BEFORE.model_copy(update={"offset": 5, "stamp": "s2", "identity": "i2"})


def test_a_refused_object_has_a_letter_for_each_of_its_states() -> None:
    no = Fetched(stamp="s1", refused={NEW: "an archive"})
    first = outcome_of(pending(), no, None, ())
    assert first.state is not None
    assert not first.state.gone
    assert len(first.refusals) == 1
    assert outcome_of(pending(), no, first.state, ()).refusals == ()
    assert len(outcome_of(pending(again=True), no, first.state, ()).refusals) == 1
    assert len(outcome_of(pending(), Fetched(stamp="s2", refused={NEW: "an archive"}), first.state, ()).refusals) == 1


def test_hints_that_wait_together_keep_what_each_asks_for() -> None:
    queue = HintQueue(0, {})
    queue.add(0, Hint(id=NEW, source_time_us=1, found_by="sweep", moved_from=OLD, delay_ms=2000))
    queue.add(1, Hint(id=NEW, source_time_us=2, again=True))
    taken = queue.take_urgent()
    assert taken is not None
    assert (taken.again, taken.moved_from, taken.delay_ms) == (True, OLD, 0)


class Listing:
    """A source that lists what it is given."""

    def __init__(self, *listed: Listed) -> None:
        self._listed = listed

    async def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        del cursor
        yield ListedPage(self._listed, "")

    def changed_since(self, cursor: str) -> AsyncIterator[ListedPage]:
        return self.listing(cursor)

    async def fetch(self, native: str) -> Fetched:
        raise KeyError(native)

    async def below(self, native: str) -> AsyncIterator[str]:
        yield native

    async def containers(self) -> AsyncIterator[str]:
        yield ""

    async def accounts(self) -> AsyncIterator[Account]:
        yield Account("", "", frozenset())


async def swept(states: dict[str, FetchedState], *listed: Listed) -> list[Hint]:
    told: list[Hint] = []

    async def tell(hints: list[Hint]) -> None:
        told.extend(hints)

    async def keep(cursor: SweepCursor) -> None:
        del cursor

    await Sweeper("docs", Listing(*listed), states, tell, keep).everything(SweepCursor())
    return told


async def test_a_sweep_names_where_a_new_object_was_before() -> None:
    known = BEFORE.model_copy(update={"parts": (OLD,)})
    assert [(hint.id, hint.moved_from) for hint in await swept({OLD: known}, Listed(NEW, "s9", "i"))] == [(NEW, OLD)]
    assert [(hint.id, hint.moved_from) for hint in await swept({OLD: known}, Listed(NEW, "s9", "other"))] == [(NEW, ""), (OLD, "")]


async def test_a_sweep_lets_a_refused_object_rest() -> None:
    refused_before = FetchedState(offset=1, stamp="s1", refused=(NEW,))
    assert await swept({NEW: refused_before}, Listed(NEW, "s1")) == []
    assert [hint.id for hint in await swept({NEW: refused_before}, Listed(NEW, "s2"))] == [NEW]
    assert [hint.id for hint in await swept({NEW: refused_before})] == [NEW]


async def test_a_listing_of_nothing_deletes_nothing() -> None:
    many = {f"file/{number}": FetchedState(offset=1, parts=(f"file/{number}",)) for number in range(MANY)}
    with pytest.raises(ApiUnavailableError, match="verify --repair"):
        await swept(many)
    few = dict(list(many.items())[1:])
    assert len(await swept(few)) == MANY - 1
