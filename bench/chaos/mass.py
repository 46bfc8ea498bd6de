"""``python -m bench.chaos.mass``: one transaction of 25,000 small rows, Connect killed while it is on its way, and both judges at the end."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.pipeline.measure import machine, write
from operations.stack import StackSettings
from tests.e2e.kills import kill_and_wait
from tests.e2e.world import World
from tests.stack_fixture import free_port_base

TEXTS: Final = 20
"""Different texts among the rows: a model embeds each once, so that the run measures the path and not the model."""
SECONDS: Final = 3600.0
ROWS: Final = "INSERT INTO masses SELECT i, CASE i %% 2 WHEN 0 THEN 'north' ELSE 'south' END, 'Mass', 'one of twenty texts: ' || i %% %s, '{public}' FROM generate_series(1, %s) i"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos.mass", description="One large transaction through the whole path, with a kill in it.")
    parser.add_argument("--rows", type=int, default=25_000)
    parser.add_argument("--kill", choices=("connect", "normalize", "index", "weaviate", "kafka", "none"), default="connect")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="headrace-mass-"))
    os.environ["HEADRACE_HOME"] = str(home)
    settings = StackSettings() if "HEADRACE_STACK_PORT_BASE" in os.environ else StackSettings(port_base=free_port_base())
    world, before = World(home, settings), machine()
    world.start()
    found = run(world, arguments.rows, arguments.kill)
    print(write("mass", f"python -m bench.chaos.mass --rows {arguments.rows} --kill {arguments.kill}", before, found).read_text())
    world.stack.down()
    return 0


def run(world: World, rows: int, kill: str) -> dict[str, Any]:
    """Seconds from the commit until both judges are content, beside what the kill cost."""
    world.canary()
    world.sql(ROWS, TEXTS, rows)
    committed = time.monotonic()
    killed = None if kill == "none" else kill_and_wait(world, kill)
    print(killed or "no kill", flush=True)
    world.settle(timeout=SECONDS)
    settled = time.monotonic() - committed
    report = world.assert_right()
    return {
        "rows": rows,
        "killed": kill,
        "live_change_searchable_after_seconds": None if killed is None else round(killed.canary_seconds, 1),
        "settled_seconds": round(settled, 1),
        "rows_per_second": round(rows / settled, 1),
        "verified_documents": report["documents"],
        "leftovers": report["leftover"],
    }


if __name__ == "__main__":
    raise SystemExit(main())
