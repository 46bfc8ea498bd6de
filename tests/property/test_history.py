"""Whole histories through IndexDriver on a store in memory: many runs. The same on the real server: tests/integration/index/test_history_on_weaviate.py."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.property.histories import History, an_edit_costs_what_it_changed, ends_in_the_last_version, histories, living, states
from tests.property.history import MemoryStore, Place, State

PLACE = Place()


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
@example(History((State("AB"), State(None), State("AB")), 5, (((6, None, False), (2, 3, True)), ((4, 1, True), (5, 2, False), (4, None, False))), (1, 2, 0, 3)))
def test_any_history_ends_in_the_last_version(history: History) -> None:
    asyncio.run(ends_in_the_last_version(MemoryStore(), PLACE, history))


@settings(max_examples=200, deadline=None)
@given(st.lists(states, min_size=1, max_size=6))
@example([State("ABAB"), State("AAAA"), State("BA", allowed=()), State("BA", allowed=("user:1",))])
def test_an_edit_costs_what_it_changed(versions: list[State]) -> None:
    asyncio.run(an_edit_costs_what_it_changed(MemoryStore(), PLACE, versions))


@settings(max_examples=100, deadline=None)
@given(living, st.integers(0, 12), st.booleans())
def test_a_deleted_document_never_returns(state: State, dies_at: int, after: bool) -> None:
    """The delete first, its document late and cut anywhere."""
    history = History((state, State(None)), None, (((4, None, False), (2, dies_at, after)), ((2, None, False),)), ())
    asyncio.run(ends_in_the_last_version(MemoryStore(), PLACE, history))
