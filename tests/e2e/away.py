"""Weaviate stopped for a while under edits, and what that did to the indexer."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.e2e.processes import Memory, resident_mib
from tests.e2e.world import World


@dataclass(frozen=True, slots=True)
class Away:
    """``canary_seconds``: from Weaviate's being ready again until a change committed then was found by a search."""

    seconds: float
    edits_waiting: int
    canary_seconds: float
    before_mib: int
    peak_mib: int
    same_process: bool

    @property
    def growth_mib(self) -> int:
        return self.peak_mib - self.before_mib

    def __str__(self) -> str:
        return (
            f"Weaviate away for {self.seconds:.0f} s, {self.edits_waiting} records waiting; searchable again {self.canary_seconds:.1f} s after it was ready; "
            f"indexer {self.before_mib} MiB before, {self.peak_mib} MiB at most"
        )


def weaviate_away(world: World, seconds: float) -> Away:
    pid = world.stack.pid("index")
    before = resident_mib(pid)
    with Memory(world, "index") as memory:
        began = time.monotonic()
        world.stack.stop("weaviate")
        time.sleep(seconds)  # the fault itself: nothing to wait for
        waiting = world.behind()
        world.stack.start("weaviate")
        world.stack.wait_ready(["weaviate"])
        lasted = time.monotonic() - began
        canary = world.canary()
    return Away(lasted, waiting, canary, before, memory.peak_mib["index"], world.stack.pid("index") == pid)
