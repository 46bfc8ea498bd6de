"""Weaviate frozen, away, killed; workers that start at the same moment."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from weaviate import WeaviateAsyncClient

from contracts.settings import WeaviateSettings, read
from index.collections import CollectionNames, ensure_collections
from index.connection import connect
from index.driver import IndexDriver, Job
from index.store import StoreUnavailableError, WeaviateStore
from operations.stack import Stack, StackSettings
from operations.stack.errors import MissingBinaryError
from tests.integration.index.conftest import SPACE
from tests.property.history import HashEmbed, Place, State, check_at_rest, in_thread, index_record, job_of
from tests.stack_fixture import free_port_base

TENANT = "faults"
LIMIT_SECONDS = 4.0


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A Weaviate that nothing else uses, so that it can be killed, and empty at first."""
    stack = Stack(tmp_path_factory.mktemp("home"), StackSettings(port_base=free_port_base()), ("weaviate",))
    try:
        stack.up()
    except MissingBinaryError as error:
        pytest.skip(f"{error.cause} {error.cure}")
    yield stack
    stack.down()


def settings_of(home: Path) -> WeaviateSettings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADRACE_HOME", str(home))
        return read(WeaviateSettings).model_copy(update={"timeout_seconds": LIMIT_SECONDS})


@pytest.fixture
async def client(own_stack: Stack) -> AsyncIterator[WeaviateAsyncClient]:
    connected = await connect(settings_of(own_stack.site.home))
    yield connected
    await connected.close()


@pytest.fixture
async def store(client: WeaviateAsyncClient) -> WeaviateStore:
    return WeaviateStore(client, await ensure_collections(client, SPACE), timeout_seconds=LIMIT_SECONDS)


def page(name: str) -> Place:
    return Place(TENANT, f"postgres:app.public.{name}/")


async def _ensure(home: Path) -> CollectionNames:
    client = await connect(settings_of(home))
    try:
        return await ensure_collections(client, SPACE)
    finally:
        await client.close()


def _ensure_in_a_process(home: Path) -> CollectionNames:
    return asyncio.run(_ensure(home))


def test_four_workers_start_on_an_empty_server(own_stack: Stack) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = pool.map(_ensure_in_a_process, [own_stack.site.home] * 4, chunksize=1)
    assert set(made) == {CollectionNames.of(SPACE)}


async def test_a_tenant_made_by_many_at_once(client: WeaviateAsyncClient, store: WeaviateStore) -> None:
    names = CollectionNames.of(SPACE)
    stores = [WeaviateStore(client, names) for _ in range(4)]
    await asyncio.gather(*(one.look([page("many").key._replace(tenant="made-at-once")]) for one in stores))


@pytest.mark.timeout(90)  # without the store's limit the call would wait for as long as the server is frozen: for ever
async def test_a_frozen_server_is_an_error_in_bounded_time(own_stack: Stack, store: WeaviateStore) -> None:
    place, embed = page("frozen"), HashEmbed()
    await index_record(store, embed, place.record(1, State("AB")))
    own_stack.kill("weaviate", signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailableError):
            await index_record(store, embed, place.record(2, State("AC")))
    finally:
        own_stack.kill("weaviate", signal.SIGCONT)
    own_stack.wait_ready()
    await index_record(store, embed, place.record(2, State("AC")))
    await check_at_rest(store, place, 2, State("AC"))


@pytest.mark.timeout(120)
async def test_every_call_of_a_server_that_is_away_says_so(own_stack: Stack, store: WeaviateStore) -> None:
    place = page("away")
    await index_record(store, HashEmbed(), place.record(1, State("A")))
    own_stack.stop("weaviate")
    key = place.key
    calls = (
        lambda: store.look([key]),
        lambda: store.look([key._replace(tenant="never-seen")]),
        lambda: store.vectors(key.tenant, ["00000000-0000-0000-0000-000000000001"]),
        lambda: store.remove_chunks(key.tenant, ["00000000-0000-0000-0000-000000000001"]),
        lambda: store.raise_floor(place.floor(3)),
        lambda: store.living_below(place.scope, place.floor(3).version),
    )
    try:
        for call in calls:
            with pytest.raises(StoreUnavailableError):
                await call()
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            await connect(settings_of(own_stack.site.home))
    finally:
        own_stack.start("weaviate")
        own_stack.wait_ready()
    await check_at_rest(store, place, 1, State("A"))


@pytest.mark.parametrize("delay_seconds", [0.02, 0.1, 0.3])
async def test_killed_during_a_batch_then_redelivered(own_stack: Stack, store: WeaviateStore, delay_seconds: float) -> None:
    """Kill -9 while documents are written, edited and deleted: after redelivery each is what its last version says."""
    places = [page(f"killed-{int(delay_seconds * 1000)}-{number}") for number in range(48)]
    driver = IndexDriver(store, HashEmbed(), in_thread=in_thread)
    first = [State("ABCDEFGH"[at % 5 :] * 4) for at in range(48)]
    second = [State(None) if at % 3 == 0 else State("XABCDEFGH"[: at % 7 + 2], allowed=("user:1",)) for at in range(48)]
    await driver.index([job_of(place.record(1, state)) for place, state in zip(places, first, strict=True)])
    batch = [job_of(place.record(2, state)) for place, state in zip(places, second, strict=True)]
    under_way = asyncio.create_task(driver.index(batch))
    await asyncio.sleep(delay_seconds)
    own_stack.kill("weaviate")
    [ended] = await asyncio.gather(under_way, return_exceptions=True)
    assert isinstance(ended, list | StoreUnavailableError), ended
    own_stack.wait_ready()
    await _until_taken(driver, batch)
    for place, state in zip(places, second, strict=True):
        await check_at_rest(store, place, 2, state)


async def _until_taken(driver: IndexDriver, batch: list[Job]) -> None:
    """Redelivered with a pause after each failure, as the worker does."""
    for _ in range(20):
        try:
            await driver.index(batch)
        except StoreUnavailableError:
            await asyncio.sleep(0.5)
        else:
            return
    pytest.fail("Weaviate is ready and takes nothing")
