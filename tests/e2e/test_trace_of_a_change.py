"""A change is one trace, from the record that Debezium wrote until its vectors are in the index, exported by OTLP to a receiver in a process of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.processes import served, worker
from tests.e2e.world import ARRIVAL_SECONDS, TEST_SECONDS, World, await_true

RECEIVER_PORT, NORMALIZE_METRICS, INDEX_METRICS = 73, 74, 75
STEPS = ["headrace.normalize", "headrace.index", "headrace.index.vectors"]
pytestmark = pytest.mark.timeout(TEST_SECONDS)


@pytest.fixture
def receiver(world: World) -> Iterator[httpx.Client]:
    with served(world, "otlp-receiver", "tests.otlp_receiver", world.stack.site.settings.port_base + RECEIVER_PORT, "/spans") as client:
        yield client


@pytest.fixture
def traced_workers(world: World, receiver: httpx.Client) -> Iterator[None]:
    """The live workers, in the place of the stack's, with an endpoint to send traces to."""
    own = {"HEADRACE_TELEMETRY_OTLP_ENDPOINT": str(receiver.base_url), "HEADRACE_KAFKA_INSTANCE_ID": "local"}
    for name in ("normalize", "index"):
        world.stack.stop(name)
    try:
        with worker(world, "normalize-traced", "normalize", NORMALIZE_METRICS, **own), worker(world, "index-traced", "index", INDEX_METRICS, **own):
            yield
    finally:
        for name in ("normalize", "index"):
            world.stack.start(name)
        world.stack.wait_ready(["normalize", "index"])


def whole_traces(receiver: httpx.Client) -> list[list[dict[str, object]]]:
    traces: dict[object, list[dict[str, object]]] = defaultdict(list)
    for span in receiver.get("/spans").json():
        traces[span["trace"]].append(span)
    return [spans for spans in traces.values() if {span["name"] for span in spans} >= set(STEPS)]


def test_a_change_is_one_trace_from_its_record_to_its_vectors(world: World, receiver: httpx.Client, traced_workers: None) -> None:
    world.canary()
    await_true(lambda: bool(whole_traces(receiver)), ARRIVAL_SECONDS, "a trace with every step of a change")
    by_name = {span["name"]: span for span in whole_traces(receiver)[0]}
    normalize, index, vectors = (by_name[step] for step in STEPS)
    assert not normalize["parent"]
    assert index["parent"] == vectors["parent"] == normalize["id"]
    assert [span["service"] for span in (normalize, index)] == ["headrace-normalize-live", "headrace-index-live"]
