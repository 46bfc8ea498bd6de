"""``python -m bench.chaos.connectors``: SIGKILL for receiver, collector and poller, each many times at seeded moments, all three at once on one Kafka.

Judged by what stands in Kafka at the end: nothing that was taken is lost, and no delivery, no fetch for a hint and no row of a load is there twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from bench.chaos.collector_kills import kill_collector
from bench.chaos.poller_kills import kill_poller
from bench.chaos.receiver_kills import kill_receiver
from bench.pipeline.measure import machine, write
from bench.pipeline.servers import running

PROGRAMS: Final[dict[str, Callable[[int, int, Path], Awaitable[dict[str, Any]]]]] = {
    "receiver": kill_receiver,
    "collector": kill_collector,
    "poller": kill_poller,
}


async def kill_all(names: list[str], kills: int, seed: int, folder: Path) -> dict[str, dict[str, Any]]:
    found = await asyncio.gather(*[PROGRAMS[name](kills, seed, folder) for name in names])
    return dict(zip(names, found, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos.connectors", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="of each program")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other moments")
    parser.add_argument("--only", choices=tuple(PROGRAMS), action="append", help="this program; may be given again")
    options = parser.parse_args()
    before, names = machine(), options.only or list(PROGRAMS)
    with running("kafka"), tempfile.TemporaryDirectory(prefix="headrace-kills-") as folder:
        found = asyncio.run(kill_all(names, options.kills, options.seed, Path(folder)))
    print(json.dumps(found, indent=1))
    only = "".join(f" --only {name}" for name in options.only or ())
    command = f"python -m bench.chaos.connectors --kills {options.kills} --seed {options.seed}{only}"
    print(f"written: {write('chaos-connectors', command, before, {'programs': found})}")
    return 1 if any(row["lost"] or row["doubled"] for row in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
