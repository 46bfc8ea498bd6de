"""The properties of tests/property/test_history.py on the real server, with fewer examples."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.settings import WeaviateSettings, read
from index.collections import ensure_collections
from index.connection import connect
from index.store import WeaviateStore
from operations.stack import Stack
from tests.integration.index.conftest import SPACE
from tests.property.histories import History, an_edit_costs_what_it_changed, ends_in_the_last_version, histories, states
from tests.property.history import Place, State

TENANT = f"histories-{uuid.uuid4().hex[:8]}"
Run = Callable[[Callable[[WeaviateStore], Awaitable[None]]], None]


@pytest.fixture(scope="module")
def run(stack_factory: Callable[..., Stack]) -> Iterator[Run]:
    """Runs a coroutine on the loop that the client lives on: Hypothesis calls a test many times, and a loop must not end between."""
    stack_factory("weaviate")
    with asyncio.Runner() as runner:
        client = runner.run(connect(read(WeaviateSettings)))
        store = WeaviateStore(client, runner.run(ensure_collections(client, SPACE)))

        async def called(work: Callable[[WeaviateStore], Awaitable[None]]) -> None:
            await work(store)

        yield lambda work: runner.run(called(work))
        runner.run(client.close())


def new_place() -> Place:
    return Place(TENANT, f"postgres:app.public.{uuid.uuid4().hex[:12]}/")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_any_history_ends_in_the_last_version(run: Run, history: History) -> None:
    run(lambda store: ends_in_the_last_version(store, new_place(), history))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(versions=st.lists(states, min_size=1, max_size=5))
def test_an_edit_costs_what_it_changed(run: Run, versions: list[State]) -> None:
    run(lambda store: an_edit_costs_what_it_changed(store, new_place(), versions))
