"""Sweeps of unchanged Confluence pages: ``python -m bench.rest.sweep --pages 20000``.

The pages are loaded by the collector's own first sweep; no part behind it runs, so what it does not write nothing can embed. Then each of the three looks is taken once more: everything, what
changed, and permissions. Counted: records written to the topics of the source, hints, and requests at the vendor, which refuses more than ``--limit`` a second with 429. Bar: no record at all, no
hint but those that ask the collector to compare containers, and at most one request in fifty refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import TopicPartition

from bench.pipeline.measure import machine, write
from bench.pipeline.servers import running
from bench.rest.collecting import ENVIRON, collecting, declare, states
from bench.rest.vendors import SPACE, Confluence, opened_confluence
from connectors.collect.app import opened_reader
from connectors.sweep.schedule import take
from connectors.sweep.sweeper import Look
from contracts.hints import hints_topic
from contracts.rest_records import OBJECTS
from contracts.settings import KafkaSettings, read
from contracts.sources import RestSource
from contracts.topics import source_backfill_topic, source_topic
from operations.topic_reading import topic_reader

NEVER: Final = 1e5
"""Minutes, or hours: past any run, and short of 1970, so that each look is taken once at the start."""
REFUSED_SHARE: Final = 0.02
QUIET_SECONDS: Final = 60.0
LOOKS: Final[tuple[Look, ...]] = ("all", "changed", "access")


async def main(pages: int, limit: int) -> dict[str, Any]:
    async with opened_confluence() as vendor:
        await vendor.people()
        await vendor.ask("POST", "/_control/seed", {"generate": {"space": SPACE, "pages": pages, "restricted": 0.05, "to": ["group:staff"]}})
        source = await declare(vendor, sweep={"changed_minutes": NEVER, "all_hours": NEVER, "access_minutes": NEVER, "per_second": 100_000}, concurrency=32)
        began = time.perf_counter()
        async with collecting(source):
            await _loaded(source, pages)
            load_seconds = time.perf_counter() - began
            await vendor.faults(most_per_second=limit)
            looks = {look: await _look(look, source, vendor) for look in LOOKS}
        rate = await vendor.ask("GET", "/_control/rate")
    return {
        "pages": pages,
        "vendor_limit_per_second": limit,
        "load_seconds": round(load_seconds, 1),
        "looks": looks,
        "requests_refused": rate["refused"],
        "bar": {"records": 0, "hints of all and changed": 0, "share of requests refused": REFUSED_SHARE},
    }


async def _loaded(source: RestSource, pages: int) -> None:
    """TimeoutError where nothing more is fetched for a while."""
    have, since = 0, time.monotonic()
    while True:
        now = sum(1 for native in await states(source) if native.startswith("content/"))
        if now >= pages:
            return
        if now > have:
            have, since = now, time.monotonic()
        if time.monotonic() - since > QUIET_SECONDS:
            raise TimeoutError(f"{have} of {pages} pages are fetched, and none for {QUIET_SECONDS:.0f} s")
        await asyncio.sleep(3.0)


async def _look(look: Look, source: RestSource, vendor: Confluence) -> dict[str, Any]:
    asked, written, began = sum((await vendor.requests()).values()), await _written(source), time.perf_counter()
    async with opened_reader(source, ENVIRON) as reader:
        swept = await take(look, source, reader, read(KafkaSettings))
    await _settled(source)
    seconds, requests, after = time.perf_counter() - began, sum((await vendor.requests()).values()) - asked, await _written(source)
    found = {
        "listed": swept.listed,
        "found": swept.found,
        "requests": requests,
        "seconds": round(seconds, 1),
        "requests_per_second": round(requests / seconds, 1),
    }
    return found | {name: after[name] - written[name] for name in written}


async def _settled(source: RestSource) -> None:
    """Until the collector has served every hint. A transaction's marker may be the last of a partition: it takes an offset and is no hint."""
    topic, group = hints_topic(source.name), f"headrace-collector-{source.name}"
    async with asyncio.timeout(QUIET_SECONDS), topic_reader(read(KafkaSettings)) as reader:
        while True:
            served = await reader.committed(group)
            ends = {TopicPartition(topic, partition): (await reader.bounds(topic, partition))[1] for partition in await reader.partitions(topic)}
            if all(served.get(place, 0) >= end - 1 for place, end in ends.items() if end):
                return
            await asyncio.sleep(0.2)


async def _written(source: RestSource) -> dict[str, int]:
    """Records so far, by the ends of the partitions."""
    async with topic_reader(read(KafkaSettings)) as reader:

        async def ends(topic: str) -> int:
            return sum([(await reader.bounds(topic, partition))[1] for partition in await reader.partitions(topic)])

        records = [await ends(topic(source.name, OBJECTS)) for topic in (source_topic, source_backfill_topic)]
        return {"records": sum(records), "hints": await ends(hints_topic(source.name))}


def met(result: Mapping[str, Any]) -> bool:
    looks = result["looks"]
    requests = sum(look["requests"] for look in looks.values())
    quiet = not any(look["records"] for look in looks.values()) and not any(looks[look]["hints"] for look in ("all", "changed"))
    return quiet and result["requests_refused"] <= REFUSED_SHARE * requests and looks["all"]["listed"] >= result["pages"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--limit", type=int, default=50, help="requests a second that the vendor takes")
    chosen = parser.parse_args()
    before = machine()
    with running("kafka"):
        result = asyncio.run(main(chosen.pages, chosen.limit))
    print(json.dumps(result, indent=1))
    print(f"written: {write('rest-sweep', f'python -m bench.rest.sweep --pages {chosen.pages} --limit {chosen.limit}', before, result)}")
    raise SystemExit(0 if met(result) else 1)
