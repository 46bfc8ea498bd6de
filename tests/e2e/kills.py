"""One kill: which process, by which way it comes back, and how long nothing new was searchable."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from tests.e2e.world import World

PROGRAMS: Final = ("normalize", "index", "weaviate", "kafka", "connect", "postgres")


@dataclass(frozen=True, slots=True)
class Killed:
    """``canary_seconds``: from the kill until a change committed after it was found by a search through the API."""

    program: str
    ready_seconds: float
    canary_seconds: float

    def __str__(self) -> str:
        return f"{self.program:<10} killed: ready again after {self.ready_seconds:5.1f} s, a change committed after the kill searchable after {self.canary_seconds:5.1f} s"


def kill_and_wait(world: World, program: str) -> Killed:
    """Kill a program with SIGKILL, let supervisord start it again, and wait until the path is whole from end to end."""
    began = time.perf_counter()
    old = world.stack.kill(program)
    _await_successor(world, program, old)
    world.stack.wait_ready([program])
    ready = time.perf_counter() - began
    world.canary()
    return Killed(program, ready, time.perf_counter() - began)


def _await_successor(world: World, program: str, old: int) -> None:
    """Until supervisord has noticed: a probe might otherwise still meet what is dying."""
    while any(state.name == program and state.pid in {0, old} for state in world.stack.processes()):
        time.sleep(0.05)
