"""A burst of hints on few objects: ``python -m bench.rest.hints --hints 1000 --objects 50``.

Every object is edited once, then hints of all of them arrive at once, many for each. Counted at the vendor: how often each object was asked for. Bar: at most two fetches of an object on
average, and the last record of each is its last state.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaProducer

from bench.pipeline.measure import machine, write
from bench.pipeline.servers import running
from bench.rest.collecting import collecting, declare, until_fetched
from bench.rest.hops import read_topic
from bench.rest.vendors import Zendesk, opened_zendesk
from contracts.hints import Hint, encode_hint, hints_topic
from contracts.rest_records import OBJECTS
from contracts.settings import KafkaSettings, read
from contracts.sources import RestSource
from contracts.topics import source_topic

SECONDS: Final = 120.0
NEVER: Final = 1e6
FETCHES_OF_AN_OBJECT: Final = 2.0


async def main(hints: int, objects: int) -> dict[str, Any]:
    async with opened_zendesk() as vendor:
        natives = await vendor.plant([f"Ticket {number}." for number in range(objects)])
        source = await declare(vendor, articles=False, sweep={"changed_minutes": NEVER, "all_hours": NEVER, "access_minutes": NEVER, "per_second": 1000})
        async with collecting(source):
            await until_fetched(source, set(natives), SECONDS)
            for native in natives:
                await vendor.edit(native, "", f"The last word on {native}.")
            before = await _fetches(vendor)
            began = time.perf_counter()
            await _tell(source, [natives[number % objects] for number in range(hints)])
            wrong = await _until_right(source, natives)
            seconds = time.perf_counter() - began
        fetched = await _fetches(vendor) - before
    return {
        "hints": hints,
        "objects": objects,
        "fetches": fetched.total(),
        "most_of_one_object": max(fetched.values(), default=0),
        "objects_wrong_at_the_end": len(wrong),
        "seconds": round(seconds, 2),
        "bar": {"fetches": FETCHES_OF_AN_OBJECT * objects, "objects_wrong_at_the_end": 0},
    }


async def _fetches(vendor: Zendesk) -> Counter[str]:
    asked = await vendor.requests()
    return Counter({path: times for path, times in asked.items() if path.startswith("GET /api/v2/tickets/") and path.count("/") == 4})


async def _tell(source: RestSource, natives: list[str]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=read(KafkaSettings).bootstrap_servers, acks="all")
    await producer.start()
    try:
        now = time.time_ns() // 1000
        records = [encode_hint(Hint(id=native, source_time_us=now)) for native in natives]
        await asyncio.gather(*[await producer.send(hints_topic(source.name), value, key=key) for key, value in records])
    finally:
        await producer.stop()


async def _until_right(source: RestSource, natives: list[str]) -> list[str]:
    """Objects whose last record does not hold their last text, once none is left or the time is over."""
    deadline = time.monotonic() + SECONDS
    while True:
        last = {orjson.loads(record.key or b"")["id"]: record.value or b"" for record in await read_topic(source_topic(source.name, OBJECTS))}
        wrong = [native for native in natives if f"The last word on {native}.".encode() not in last.get(native, b"")]
        if not wrong or time.monotonic() > deadline:
            return wrong
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hints", type=int, default=1000)
    parser.add_argument("--objects", type=int, default=50)
    chosen = parser.parse_args()
    before = machine()
    with running("kafka"):
        result = asyncio.run(main(chosen.hints, chosen.objects))
    print(json.dumps(result, indent=1))
    print(f"written: {write('rest-hints', f'python -m bench.rest.hints --hints {chosen.hints} --objects {chosen.objects}', before, result)}")
    raise SystemExit(0 if result["fetches"] <= result["bar"]["fetches"] and not result["objects_wrong_at_the_end"] else 1)
