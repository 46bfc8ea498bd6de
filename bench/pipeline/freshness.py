"""Commit to first search hit, probed from outside through the API: ``python -m bench.pipeline.freshness --rate 5 --seconds 120``.

60 % updates (one sentence of a ten-chunk page), 25 % inserts, 10 % deletes, 5 % permission changes. The clock starts when the commit returns to its client
and stops when the answer of a search that shows the change has arrived; a change is probed every 10 ms, and later every tenth
of the time that it has taken, so that probes do not become the load. Above 10 commits/s updates and inserts share a search every 20 ms (bench.pipeline.probing),
and the others are probed half as often. Probes can only make a change look later than it was. The first ten seconds are not counted. A hit is one by the change's words, which come ahead of its
vectors; ``until_vectors`` is the time until it is found by its meaning too. With
``--backfill N``, N rows load through an incremental snapshot meanwhile. NER and overlap 0 are variants of the same run (``--names``, ``--overlap 0``).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from bench.pipeline.measure import machine, milliseconds, write
from bench.pipeline.probing import SharedProbe
from bench.pipeline.shares import cores, cpu_seconds
from bench.pipeline.site import TENANT, Site, bench_site, row
from connectors.debezium import connected, request_snapshot
from operations.demo.watching import PROBE_SECONDS, PROBE_SHARE, until

WARM_UP_SECONDS: Final = 10.0
LIMIT_SECONDS: Final = 30.0
SPARING_RATE: Final = 10.0
"""Commits a second above which changes are not probed one by one."""
PAGES: Final = 150
KINDS: Final = ("update",) * 12 + ("insert",) * 5 + ("delete",) * 2 + ("permission",)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Asks once whether a change is searchable; ``mark`` is the word that it brought, if any."""

    asks: Callable[[], Awaitable[bool]]
    mark: str = ""

    def __call__(self) -> Awaitable[bool]:
        return self.asks()


@dataclass(slots=True)
class Run:
    """What is known of the pages while the workload runs, and what was measured."""

    site: Site
    chance: random.Random
    living: list[int]
    next_id: int
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    late: int = 0
    counted_from_us: int = 0
    shared: SharedProbe | None = None
    busy: set[int] = field(default_factory=set)

    def take(self) -> int:
        """A page that no running probe watches."""
        free = [number for number in self.living if number not in self.busy]
        chosen = self.chance.choice(free)
        self.busy.add(chosen)
        return chosen


async def measure(site: Site, rate: float, seconds: float, seed: int) -> Run:
    run = Run(site, random.Random(seed), list(range(PAGES)), 1_000_000)
    began = time.perf_counter()
    run.counted_from_us = time.time_ns() // 1000 + int(WARM_UP_SECONDS * 1e6)
    watching: set[asyncio.Task[None]] = set()
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as connection, asyncio.TaskGroup() as group:
        if rate > SPARING_RATE:
            run.shared = SharedProbe(site.prober, site.keys["staff"])
        asking = group.create_task(run.shared.run()) if run.shared else None
        for number in range(int((seconds + WARM_UP_SECONDS) * rate)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            kind = run.chance.choice(KINDS)
            page, arrived = await _change(run, connection, kind)
            counted = time.perf_counter() - began > WARM_UP_SECONDS
            watching.add(group.create_task(_watch(run, kind, page, arrived, time.perf_counter(), counted=counted)))
        await asyncio.gather(*watching)
        if asking:
            asking.cancel()
    return run


async def _change(run: Run, connection: psycopg.AsyncConnection[Any], kind: str) -> tuple[int, Arrived]:
    """Commit one change; the page, and what a probe asks."""
    site, staff, guest = run.site, run.site.keys["staff"], run.site.keys["guest"]
    mark = f"mark{run.chance.getrandbits(48):012x}"
    if kind == "insert":
        page = run.next_id
        run.next_id += 1
        run.busy.add(page)
        fresh = site.corpus.page(page)
        body = fresh.body + f"\n\nThe newest entry is {mark} and closes the page."
        await connection.execute("INSERT INTO pages VALUES (%s, %s, %s, %s, %s)", (page, TENANT, fresh.title, body, list(fresh.allowed)))
        run.living.append(page)
        return page, Arrived(lambda: site.prober.shows(staff, mark, site.doc_id(page)), mark)
    page = run.take()
    doc_id = site.doc_id(page)
    if kind == "update":
        cursor = await connection.execute("SELECT body FROM pages WHERE id = %s", (page,))
        found = await cursor.fetchone()
        assert found is not None
        paragraphs = found[0].split("\n\n")
        at = run.chance.choice([index for index, text in enumerate(paragraphs) if not text.startswith("#")])
        paragraphs[at] = f"{paragraphs[at].partition('. ')[2] or site.corpus.sentence(run.chance)} The reference {mark} was added here."
        await connection.execute("UPDATE pages SET body = %s WHERE id = %s", ("\n\n".join(paragraphs), page))
        return page, Arrived(lambda: site.prober.shows(staff, mark, doc_id), mark)
    if kind == "delete":
        run.living.remove(page)
        await connection.execute("DELETE FROM pages WHERE id = %s", (page,))
        return page, Arrived(lambda: _hidden(site, staff, doc_id))
    cursor = await connection.execute(
        "UPDATE pages SET allowed = CASE WHEN 'group:guests' = ANY(allowed) THEN array_remove(allowed, 'group:guests') ELSE array_append(allowed, 'group:guests') END"
        " WHERE id = %s RETURNING 'group:guests' = ANY(allowed)",
        (page,),
    )
    found = await cursor.fetchone()
    granted = bool(found and found[0])
    return page, Arrived(lambda: _visible(site, guest, doc_id) if granted else _hidden(site, guest, doc_id))


async def _visible(site: Site, key: str, doc_id: str) -> bool:
    return bool(await site.prober.search(key, "section page", mode="keyword", limit=1, filters={"doc_id": [doc_id]}))


async def _hidden(site: Site, key: str, doc_id: str) -> bool:
    return not await _visible(site, key, doc_id)


async def _watch(run: Run, kind: str, page: int, arrived: Arrived, committed: float, *, counted: bool) -> None:
    seconds = await _seconds(run, kind, page, arrived, committed)
    run.busy.discard(page)
    if not counted:
        return
    if seconds is None:
        run.late += 1
    run.seconds[kind].append(seconds if seconds is not None else LIMIT_SECONDS)


async def _seconds(run: Run, kind: str, page: int, arrived: Arrived, committed: float) -> float | None:
    if run.shared is None:
        return await until(arrived, committed, LIMIT_SECONDS)
    if kind in {"update", "insert"}:
        return await run.shared.seen(arrived.mark, run.site.doc_id(page), committed, LIMIT_SECONDS)
    return await until(arrived, committed, LIMIT_SECONDS, 2 * PROBE_SECONDS, 2 * PROBE_SHARE)


def report(run: Run) -> dict[str, Any]:
    everything = [seconds for found in run.seconds.values() for seconds in found]
    kinds = {kind: milliseconds(run.seconds[kind]) for kind in dict.fromkeys(KINDS)}
    return {"all": milliseconds(everything), **kinds, "not_seen_in_30_s": run.late, "until_vectors": milliseconds(vectors_seconds(run))}


def vectors_seconds(run: Run) -> list[float]:
    """From the commit's time at the source until the last vector was there, for each change that embedded something, as ``index.changes`` tells it."""
    changes = (change for change in run.site.watch.changes if change.embedded and change.source_time_us >= run.counted_from_us)
    return [(change.whole_time_us - change.source_time_us) / 1e6 for change in changes]


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    async with bench_site(overlap=arguments.overlap, names=arguments.names) as site:
        await site.insert(range(PAGES))
        await site.apply()
        await site.loaded(PAGES, 180)
        words = [
            len(page.body.split()) / max(1, change.added) for change in site.watch.changes for page in [site.corpus.page(int(change.doc_id.rpartition("/")[2]))]
        ]
        if arguments.backfill:
            await _start_backfill(site, arguments.backfill)
        indexed, looked, before = len(site.watch.documents), time.perf_counter(), cpu_seconds(site.stack)
        run = await measure(site, arguments.rate, arguments.seconds, arguments.seed)
        busy = cores(before, cpu_seconds(site.stack), time.perf_counter() - looked)
        configuration = {
            "chunks_per_document": round(sum(change.added for change in site.watch.changes[:PAGES]) / PAGES, 1),
            "words_per_chunk_without_overlap": round(sum(words) / len(words), 1),
            "backfill_documents_loaded_meanwhile": len(site.watch.documents) - indexed if arguments.backfill else 0,
            "cores_busy": busy,
        }
        return {"rate_per_second": arguments.rate, "seconds": arguments.seconds, "configuration": configuration, "milliseconds": report(run)}


async def _start_backfill(site: Site, rows: int) -> None:
    """Rows that were there before the connector looked at them: inserted past the replication slot's eyes, then read by an incremental snapshot."""
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as connection:
        await connection.execute("ALTER PUBLICATION headrace_pages SET (publish = 'update, delete, truncate')")
        async with connection.cursor() as cursor:
            for at in range(0, rows, 1000):
                await cursor.executemany(
                    "INSERT INTO pages VALUES (%s, %s, %s, %s, %s)", [row(site.corpus.page(2_000_000 + number)) for number in range(at, min(rows, at + 1000))]
                )
        await connection.execute("ALTER PUBLICATION headrace_pages SET (publish = 'insert, update, delete, truncate')")
    before = len(site.watch.documents)
    await asyncio.to_thread(_request, site)
    await site.loaded(before + 50, 120)


def _request(site: Site) -> None:
    with connected(site.source) as connection:
        request_snapshot(site.source, "public.pages", None, connection)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=5.0, help="commits a second")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--backfill", type=int, default=0, help="rows that load through an incremental snapshot meanwhile")
    parser.add_argument("--overlap", type=float, default=0.2)
    parser.add_argument("--names", action="store_true", help="redact names too (NER)")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = parse()
    seen = machine()
    variant = (
        f"freshness-{chosen.rate:g}"
        + (f"-backfill-{chosen.backfill}" if chosen.backfill else "")
        + ("-names" if chosen.names else "")
        + ("-overlap-0" if not chosen.overlap else "")
    )
    outcome = asyncio.run(main(chosen))
    flags = (
        f"--rate {chosen.rate:g} --seconds {chosen.seconds:g}"
        + (f" --backfill {chosen.backfill}" if chosen.backfill else "")
        + (" --names" if chosen.names else "")
        + (f" --overlap {chosen.overlap:g}" if chosen.overlap != 0.2 else "")
    )
    print(write(variant, f"python -m bench.pipeline.freshness {flags}", seen, outcome).read_text())
