"""Webhooks that get lost: ``python -m bench.rest.lossy --events 10000``.

Comments, changes of readers, new tickets and deletes on Zendesk, through the whole stack, while 5 % of the deliveries are dropped, 10 % come twice and 10 % out of order; then one sweep of everything. Bar: the
code of ``headrace verify`` finds no difference between what the vendor shows and what the index holds, and no document was embedded more often than its text changed.
Zendesk's stamps count whole seconds: a comment in the second of the change before it is told by its delivery alone, and no sweep can find it. So no ticket is changed twice in one second here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from bench.pipeline.measure import machine, write
from bench.rest.site import RestSite, rest_site
from bench.rest.vendors import Zendesk, opened_zendesk
from connectors.collect.app import opened_reader
from connectors.sweep.schedule import take
from contracts.settings import KafkaSettings, SourcesSettings, read
from contracts.sources import load_sources
from operations.lag import GROUPS, lags
from operations.verify.command import Wishes, choose
from operations.verify.command import run as verify

FAULTS: Final = {"dropped": 0.05, "duplicated": 0.1, "reordered": 0.1, "seed": 5}
TICKETS: Final = 200
AT_ONCE: Final = 4
KINDS: Final = ("comment",) * 13 + ("readers",) * 4 + ("new",) * 2 + ("delete",)
QUIET_SECONDS: Final = 300.0
NEVER: Final = 1e5
SETTLE_SECONDS: Final = 10.0


@dataclass(slots=True)
class Changes:
    """What was done at the vendor: how often each ticket's text changed, its making included."""

    vendor: Zendesk
    texts: Counter[str] = field(default_factory=Counter)
    living: list[str] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    changed_at: dict[str, float] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(3))

    async def one(self) -> None:
        kind = self.chance.choice(KINDS)
        self.made[kind] += 1
        number = self.chance.getrandbits(40)
        native = "" if kind == "new" else await self._free()
        match kind:
            case "new":
                native = await self.vendor.create(f"The pump of station {number} does not start.")
                self.texts[native] += 1
            case "delete":
                await self.vendor.delete(native)
                return
            case "comment":
                await self.vendor.edit(native, "", f"We replaced valve {number} and will look again tomorrow.")
                self.texts[native] += 1
            case _:
                await self.vendor.let_guests(native, allowed=self.chance.random() < 0.5)
        self.changed_at[native] = time.time()
        self.living.append(native)

    async def _free(self) -> str:
        """One whose last change lies in a second that is over, taken out of ``living``."""
        while True:
            over = int(time.time())
            if found := [native for native in self.living if self.changed_at.get(native, 0.0) < over]:
                self.living.remove(chosen := self.chance.choice(found))
                return chosen
            await asyncio.sleep(0.05)


async def main(events: int) -> dict[str, Any]:
    async with opened_zendesk() as vendor:
        planted = await vendor.plant([f"The sonde of river {number} shows nothing." for number in range(TICKETS)])
        changes = Changes(vendor, Counter(planted), list(planted))
        sweep = {"changed_minutes": NEVER, "all_hours": NEVER, "access_minutes": NEVER, "per_second": 500}
        async with rest_site([vendor], articles=False, sweep=sweep) as site:
            await site.loaded([vendor.doc_id(native) for native in planted], 120)
            await vendor.faults(**FAULTS)
            began = time.perf_counter()
            await _all(changes, events)
            sent = await vendor.deliveries(60)
            await _quiet()
            changed_seconds = time.perf_counter() - began
            swept = await _sweep(site)
            return _report(changes, site, swept, changed_seconds, await _differences(vendor)) | {
                "deliveries": len(sent),
                "dropped": sum(one["dropped"] for one in sent),
                "sent_twice": sum(len(one["sent_at"]) > 1 for one in sent),
            }


async def _all(changes: Changes, events: int) -> None:
    """A ticket is changed by one at a time, several tickets at once."""
    left = iter(range(events))

    async def worker() -> None:
        for _ in left:
            await changes.one()

    await asyncio.gather(*[worker() for _ in range(AT_ONCE)])


async def _quiet() -> None:
    """Until nobody has anything to do: groups in the order of the way, so that what one hands on is seen with the next."""
    groups = ("headrace-collector-zendesk", *GROUPS)
    async with asyncio.timeout(QUIET_SECONDS):
        while any(lag.records for lag in await lags(read(KafkaSettings), groups)):  # noqa: ASYNC110  # Kafka has no event for it
            await asyncio.sleep(0.5)


async def _sweep(site: RestSite) -> int:
    """How many objects the one sweep found."""
    source = site.sources["zendesk"]
    async with opened_reader(source, site.environment) as reader:
        swept = await take("all", source, reader, read(KafkaSettings))
    await _quiet()
    return swept.found


async def _differences(vendor: Zendesk) -> list[str]:
    chosen = choose(load_sources(read(SourcesSettings).sources), vendor.name, None)
    report = await verify(chosen, Wishes(SETTLE_SECONDS, None, repair=False), lambda *_: None)
    return [f"{subject.key.doc_id}: {', '.join(one.kind for one in found)}" for subject, found in report.findings.differences.items()]


def _report(changes: Changes, site: RestSite, swept: int, seconds: float, wrong: list[str]) -> dict[str, Any]:
    embedded = Counter(change.doc_id for change in site.watch.changes if change.embedded)
    too_often = [doc_id for native in changes.texts if embedded[doc_id := changes.vendor.doc_id(native)] > changes.texts[native]]
    return {
        "events": dict(changes.made),
        "seconds": round(seconds, 1),
        "found_by_the_sweep": swept,
        "documents": site.watch.count(),
        "text_changes": changes.texts.total(),
        "documents_embedded": embedded.total(),
        "differences": wrong[:20],
        "embedded_too_often": too_often[:20],
        "bar": {"differences": 0, "embedded_too_often": 0},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    chosen = parser.parse_args()
    before = machine()
    result = asyncio.run(main(chosen.events))
    print(json.dumps(result, indent=1))
    print(f"written: {write('rest-lossy', f'python -m bench.rest.lossy --events {chosen.events}', before, result)}")
    raise SystemExit(0 if not result["differences"] and not result["embedded_too_often"] else 1)
