"""``python -m bench.chaos``: kills in a seeded order under seeded edits, round after round, and both judges every few rounds.

A round kills each of the six programs once, in an order of its own, so that a hundred rounds kill each a hundred times. Every tenth round Weaviate is away for two
minutes as well. The run ends at the first difference, with the stack left as it was found for whoever wants to look.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.chaos.summary import summary
from bench.pipeline.measure import RESULTS, machine, write
from operations.stack import StackSettings
from tests.e2e.away import weaviate_away
from tests.e2e.kills import PROGRAMS, kill_and_wait
from tests.e2e.topics import dead_letters
from tests.e2e.workload import PER_SECOND
from tests.e2e.world import World
from tests.stack_fixture import free_port_base

AWAY_SECONDS: Final = 120.0
PROGRAMS_WATCHED: Final = ("normalize", "index", "weaviate", "kafka", "connect", "query")


@dataclass
class Results:
    """What is written down. ``verified``: how often both judges were asked and were content."""

    seed: int
    edits_per_second: float
    rounds: int = 0
    kills: list[dict[str, Any]] = field(default_factory=list)
    away: list[dict[str, Any]] = field(default_factory=list)
    verified: int = 0
    edits: dict[str, int] = field(default_factory=dict)
    commits_in_doubt: int = 0
    documents: int = 0
    leftovers: int = 0
    dead_letters: int = 0
    memory_mib: list[dict[str, int]] = field(default_factory=list)
    failure: str = ""
    seconds: float = 0.0


def main() -> int:
    arguments = _arguments()
    home = arguments.home or Path(tempfile.mkdtemp(prefix="headrace-chaos-"))
    os.environ["HEADRACE_HOME"] = str(home)
    settings = StackSettings() if "HEADRACE_STACK_PORT_BASE" in os.environ else StackSettings(port_base=free_port_base())
    world, before = World(home, settings), machine()
    results = Results(arguments.seed, PER_SECOND)
    began = time.monotonic()
    world.start()
    try:
        _run(world, results, arguments)
    except Exception as error:
        results.failure = f"{type(error).__name__}: {error}"
        raise
    finally:
        results.seconds = round(time.monotonic() - began, 1)
        print(f"results: {_write(results, arguments, before)}; home: {home}")
    world.stack.down()
    return 0


def _write(results: Results, arguments: argparse.Namespace, before: dict[str, Any]) -> Path:
    """The figures that RESULTS.md shows; every single kill beside them, in the raw results."""
    raw = RESULTS / "raw" / "chaos.json"
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text(json.dumps(asdict(results), indent=1) + "\n")
    memory = {name: max(taken.get(name, 0) for taken in results.memory_mib) for name in PROGRAMS_WATCHED} if results.memory_mib else {}
    found = {name: value for name, value in asdict(results).items() if name not in {"kills", "away", "memory_mib"}}
    away = [taken["canary_seconds"] for taken in results.away]
    found |= {"weaviate_away": len(away), "slowest_after_weaviate_came_back_seconds": max(away, default=None), "most_resident_mib": memory}
    given = ("rounds", "seed", "verify_every", "away_every")
    command = " ".join(["python -m bench.chaos", *(f"--{name.replace('_', '-')} {getattr(arguments, name)}" for name in given)])
    return write("chaos", command, before, {"kills": summary(results.kills), **found})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description="Kill each program of the path once a round, under edits, and judge the index.")
    parser.add_argument("--rounds", type=int, default=100, help="kills of each program")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another order")
    parser.add_argument("--verify-every", type=int, default=5, help="rounds between two judgements; the last round is always judged")
    parser.add_argument("--away-every", type=int, default=10, help="rounds between two outages of Weaviate of two minutes; 0: none")
    parser.add_argument("--home", type=Path, help="keep the stack's data here")
    return parser.parse_args()


def _run(world: World, results: Results, arguments: argparse.Namespace) -> None:
    rng = random.Random(arguments.seed)
    work = world.workload(arguments.seed)
    with dead_letters(world) as dead:
        while results.rounds < arguments.rounds:
            results.rounds += 1
            last = results.rounds == arguments.rounds
            with work:
                kills = _kill_all(world, results, rng)
                if arguments.away_every and results.rounds % arguments.away_every == 0:
                    away = weaviate_away(world, AWAY_SECONDS)
                    results.away.append(asdict(away))
                    print(away, flush=True)
            results.edits, results.commits_in_doubt = dict(work.counts), work.doubts
            if last or results.rounds % arguments.verify_every == 0:
                _judge(world, results, work.differences(), len(dead.letters()))
            _report(world, results, kills)


def _kill_all(world: World, results: Results, rng: random.Random) -> str:
    seconds = []
    for program in rng.sample(PROGRAMS, len(PROGRAMS)):
        killed = kill_and_wait(world, program)
        results.kills.append({"round": results.rounds, **asdict(killed)})
        seconds.append(f"{program} {killed.canary_seconds:.1f}")
    return ", ".join(seconds)


def _judge(world: World, results: Results, lost: list[int], letters: int) -> None:
    report = world.assert_right()
    assert not lost, f"Postgres lost the commits of rows {lost[:10]}"
    assert not letters, f"{letters} dead letters, none were expected"
    results.verified += 1
    results.documents, results.leftovers = report["documents"], report["leftover"]


def _report(world: World, results: Results, kills: str) -> None:
    memory = {state.name: state.rss_bytes // 2**20 for state in world.stack.processes() if state.name in PROGRAMS_WATCHED}
    results.memory_mib.append(memory)
    print(
        f"round {results.rounds}: {sum(results.edits.values())} edits, judged {results.verified}x; seconds until searchable: {kills}; MiB: {memory}", flush=True
    )


if __name__ == "__main__":
    raise SystemExit(main())
