"""Webhook received → first search hit, probed from outside through the API: ``python -m bench.rest.freshness --rate 5 --seconds 120``.

55 % edits, 20 % new objects, 10 % deletes, 15 % changes of readers (half of them revokes), on Zendesk's tickets and Confluence's pages in turn; both vendors answer each request after 50 ms.
The clock starts when the vendor begins to send the first delivery of the change, before the receiver has a byte of it, and stops when the answer of a search
that shows the change has arrived; all clocks are the machine's one. A change is probed as in bench.pipeline.freshness. The first ten seconds are not counted. ``hops`` tells where the time went, by the
times of the records in Kafka.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.pipeline.corpus import Corpus
from bench.pipeline.measure import machine, milliseconds, write
from bench.pipeline.shares import cores, cpu_seconds
from bench.rest.hops import read_hops
from bench.rest.site import RestSite, rest_site
from bench.rest.vendors import Vendor, opened_confluence, opened_zendesk
from operations.demo.watching import until

WARM_UP_SECONDS: Final = 10.0
LIMIT_SECONDS: Final = 30.0
VENDOR_SECONDS: Final = 0.05
OBJECTS: Final = 40
"""Of each vendor, at the start."""
P50_MS: Final = 200.0
P99_MS: Final = 600.0
KINDS: Final = ("edit",) * 11 + ("new",) * 4 + ("delete",) * 2 + ("readers",) * 3


@dataclass(frozen=True, slots=True)
class Seen:
    """A change that was asked for at ``asked`` and seen at ``at`` (Unix seconds); None where it was not in time."""

    vendor: str
    native: str
    kind: str
    asked: float
    at: float | None


@dataclass(slots=True)
class Workload:
    """One vendor's objects while they change: their texts, and whom a guest is shown."""

    vendor: Vendor
    site: RestSite
    corpus: Corpus
    texts: dict[str, str]
    hidden: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    async def change(self, kind: str) -> tuple[str, str, Callable[[], Awaitable[bool]]]:
        """Make one; the object, what it was, and what a probe asks."""
        if kind == "new":
            return await self._new()
        native = self.chance.choice([native for native in self.texts if native not in self.busy])
        self.busy.add(native)
        doc_id = self.vendor.doc_id(native)
        match kind:
            case "edit":
                mark = self._mark()
                self.texts[native] = await self.vendor.edit(native, self.texts[native], self._edited(self.texts[native], mark))
                return native, kind, lambda: self._shows("staff", mark, doc_id)
            case "delete":
                del self.texts[native]
                await self.vendor.delete(native)
                return native, kind, lambda: self._hidden("staff", doc_id)
            case _:
                allowed = native in self.hidden
                (self.hidden.discard if allowed else self.hidden.add)(native)
                await self.vendor.let_guests(native, allowed=allowed)
                return native, "grant" if allowed else "revoke", lambda: self._visible("guest", doc_id) if allowed else self._hidden("guest", doc_id)

    async def _new(self) -> tuple[str, str, Callable[[], Awaitable[bool]]]:
        mark = self._mark()
        body = f"{self.corpus.page(self.chance.randrange(10**6, 10**7)).body}\n\nThe newest entry is {mark} and closes the text."
        native = await self.vendor.create(body)
        self.texts[native] = body
        self.busy.add(native)
        return native, "new", lambda: self._shows("staff", mark, self.vendor.doc_id(native))

    def _mark(self) -> str:
        return f"mark{self.chance.getrandbits(48):012x}"

    def _edited(self, text: str, mark: str) -> str:
        paragraphs = text.split("\n\n")
        at = self.chance.choice([index for index, paragraph in enumerate(paragraphs) if not paragraph.startswith("#")])
        paragraphs[at] = f"{self.corpus.sentence(self.chance)} The reference {mark} was added here."
        return "\n\n".join(paragraphs)

    async def _shows(self, reader: str, mark: str, doc_id: str) -> bool:
        return await self.site.prober.shows(self.site.keys[(self.vendor.name, reader)], mark, doc_id)

    async def _visible(self, reader: str, doc_id: str) -> bool:
        return bool(await self.site.prober.search(self.site.keys[(self.vendor.name, reader)], "section", mode="keyword", limit=1, filters={"doc_id": [doc_id]}))

    async def _hidden(self, reader: str, doc_id: str) -> bool:
        return not await self._visible(reader, doc_id)


async def run(workloads: Sequence[Workload], rate: float, seconds: float) -> list[Seen]:
    """Changes at fixed times, whatever the index does."""
    seen: list[Seen] = []
    chance, began = random.Random(11), time.perf_counter()

    async def one(workload: Workload, kind: str) -> None:
        asked = time.time()
        native, what, arrived = await workload.change(kind)
        elapsed = time.perf_counter()
        found = await until(arrived, elapsed, LIMIT_SECONDS)
        at = None if found is None else time.time()
        workload.busy.discard(native)
        if asked - started > WARM_UP_SECONDS:
            seen.append(Seen(workload.vendor.name, native, what, asked, at))

    started = time.time()
    async with asyncio.TaskGroup() as group:
        for number in range(int((seconds + WARM_UP_SECONDS) * rate)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            group.create_task(one(workloads[number % len(workloads)], chance.choice(KINDS)))
    return seen


async def sent_times(vendor: Vendor) -> dict[str, list[float]]:
    """Native id → when each of its deliveries began to be sent."""
    times: dict[str, list[float]] = defaultdict(list)
    for delivery in await vendor.deliveries(10):
        times[vendor.native_of(delivery["about"])] += delivery["sent_at"]
    return times


def latencies(seen: Sequence[Seen], sent: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[tuple[str, str], list[float]]:
    """(vendor, kind) → seconds from the first delivery of each change. One that no delivery told is a failure of the benchmark."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for change in seen:
        told = [at for at in sent[change.vendor].get(change.native, ()) if at >= change.asked]
        if not told:
            raise SystemExit(f"no delivery told of {change.kind} of {change.native}")
        found[(change.vendor, change.kind)].append(LIMIT_SECONDS if change.at is None else change.at - min(told))
    return found


async def main(rate: float, seconds: float) -> dict[str, Any]:
    async with opened_zendesk() as zendesk, opened_confluence() as confluence:
        vendors: list[Vendor] = [zendesk, confluence]
        corpus = Corpus()
        bodies = [corpus.page(number).body for number in range(OBJECTS)]
        texts = {vendor.name: dict(zip(await vendor.plant(bodies), bodies, strict=True)) for vendor in vendors}
        async with rest_site(vendors, sweep={"per_second": 200}) as site:
            await site.loaded([vendor.doc_id(native) for vendor in vendors for native in texts[vendor.name]], 90)
            for vendor in vendors:
                await vendor.faults(slow_seconds=VENDOR_SECONDS)
            since, looked, spent = time.time() + WARM_UP_SECONDS, time.perf_counter(), cpu_seconds(site.stack)
            seen = await run([Workload(vendor, site, corpus, texts[vendor.name]) for vendor in vendors], rate, seconds)
            busy = cores(spent, cpu_seconds(site.stack), time.perf_counter() - looked)
            sent = {vendor.name: await sent_times(vendor) for vendor in vendors}
            hops = await read_hops([vendor.name for vendor in vendors], site.watch.changes, since)
            by_document = {vendor.doc_id(native): times for vendor in vendors for native, times in sent[vendor.name].items()}
            return report(latencies(seen, sent), seen, rate, seconds) | {"hops": hops.rows(by_document), "cores_busy": busy}


def report(found: Mapping[tuple[str, str], Sequence[float]], seen: Sequence[Seen], rate: float, seconds: float) -> dict[str, Any]:
    everything = [value for values in found.values() for value in values]
    rows = {f"{vendor} {kind}": milliseconds(values) for (vendor, kind), values in sorted(found.items())}
    return {
        "rate_per_second": rate,
        "seconds": seconds,
        "vendor_answers_after_ms": VENDOR_SECONDS * 1000,
        "not_seen_in_30_s": sum(change.at is None for change in seen),
        "changes": {"all": milliseconds(everything), **rows},
        "bar": {"all": {"p50_ms": P50_MS, "p99_ms": P99_MS}},
    }


def met(result: Mapping[str, Any]) -> bool:
    row = result["changes"]["all"]
    return bool(row["n"] and row["p50"] <= P50_MS and row["p99"] <= P99_MS and not result["not_seen_in_30_s"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=5.0, help="changes a second, of all vendors together")
    parser.add_argument("--seconds", type=float, default=120.0)
    chosen = parser.parse_args()
    before = machine()
    result = asyncio.run(main(chosen.rate, chosen.seconds))
    path = write("rest-freshness", f"python -m bench.rest.freshness --rate {chosen.rate:g} --seconds {chosen.seconds:g}", before, result)
    print(json.dumps(result, indent=1))
    print(f"written: {path}")
    raise SystemExit(0 if met(result) else 1)
