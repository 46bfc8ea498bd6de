"""Two live indexers share the partitions; one is frozen beyond its session, so that the other takes over, and woken while its half-done writes are long stale."""

from __future__ import annotations

import os
import signal
import time
from typing import Final

import pytest

from contracts.topics import DOCUMENTS
from tests.e2e.groups import owners
from tests.e2e.processes import worker
from tests.e2e.topics import dead_letters
from tests.e2e.world import ARRIVAL_SECONDS, TEST_SECONDS, Tell, World, await_true

FROZEN_SECONDS: Final = 20.0
SECOND_METRICS: Final = 70
pytestmark = pytest.mark.timeout(TEST_SECONDS)


def test_a_frozen_indexer_that_wakes_brings_nothing_back(world: World, tell: Tell) -> None:
    work = world.workload()
    with dead_letters(world) as dead, worker(world, "second", "index", SECOND_METRICS) as second:
        await_true(lambda: len(set(_owners(world).values())) == 2, ARRIVAL_SECONDS, "both indexers own partitions")
        with work:
            for pid, other in ((world.stack.pid("index"), "second"), (second.pid, "local")):
                frozen = _freeze(world, pid, other)
                tell(f"indexer frozen for {frozen:.1f} s: all partitions went to the other, a change was searchable meanwhile")
                await_true(lambda: len(set(_owners(world).values())) == 2, ARRIVAL_SECONDS, "the woken indexer owns partitions again")
        world.assert_right()
        assert dead.letters() == []
    assert work.differences() == []
    world.canary()


def _freeze(world: World, pid: int, other: str) -> float:
    """Stop a process until the other owns everything and the time is over; wake it; seconds that it was frozen."""
    began = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    try:
        await_true(lambda: all(owner.endswith(other) for owner in _owners(world).values()), ARRIVAL_SECONDS, f"all partitions with {other}")
        world.canary()
        time.sleep(max(0.0, FROZEN_SECONDS - (time.monotonic() - began)))  # as long as the fault is defined to last
    finally:
        os.kill(pid, signal.SIGCONT)
    return time.monotonic() - began


def _owners(world: World) -> dict[int, str]:
    return owners(world, "headrace-index-live", DOCUMENTS)
