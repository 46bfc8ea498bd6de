"""``headrace up`` until everything is ready, and what the stack then holds in memory: ``python -m bench.pipeline.startup``.

A first start makes data folders (initdb, Kafka's storage); the second finds them. Memory is the proportional set size of every process (a page that
several share counts once), and the resident size beside it, after a first load of a hundred documents and a hundred searches.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

import psutil

from bench.pipeline.measure import machine, write
from bench.pipeline.site import Site, bench_site


def memory(site: Site) -> dict[str, Any]:
    """Mebibytes by program, and together."""
    rows: dict[str, dict[str, float]] = {}
    for state in site.stack.processes():
        tree = [psutil.Process(state.pid), *psutil.Process(state.pid).children(recursive=True)]
        infos = [process.memory_full_info() for process in tree]
        rows[state.name] = {"pss": round(sum(info.pss for info in infos) / 2**20), "rss": round(sum(info.rss for info in infos) / 2**20)}
    return {"programs": rows, "pss_mib": sum(found["pss"] for found in rows.values()), "rss_mib": sum(found["rss"] for found in rows.values())}


async def main() -> dict[str, Any]:
    began = time.perf_counter()
    async with bench_site() as site:
        first = time.perf_counter() - began
        await site.insert(range(100))
        await site.apply()
        await site.loaded(100, 180)
        for number in range(100):
            await site.prober.search(site.keys["staff"], f"what does section {number} say", limit=10)
        held = memory(site)
        await asyncio.to_thread(site.stack.down)
        began = time.perf_counter()
        await asyncio.to_thread(site.stack.up)
        second = time.perf_counter() - began
    return {"first_start_seconds": round(first, 1), "later_start_seconds": round(second, 1), "memory": held}


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    seen = machine()
    print(write("startup", "python -m bench.pipeline.startup", seen, asyncio.run(main())).read_text())
