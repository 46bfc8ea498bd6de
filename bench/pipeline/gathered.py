"""Commit to first search hit for documents gathered from three tables: ``python -m bench.pipeline.gathered --rate 5 --seconds 120``.

A page is its own row, eight comments and the members of its project; a project has five pages. 50 % of the changes write a comment, 25 % delete one, 15 % take a member out
of a project and 10 % let one in. Clock and probes are those of ``bench.pipeline.freshness``. A change of members is there when the last of the project's pages has it. The
first ten seconds are not counted.
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
from bench.pipeline.shares import cores, cpu_seconds
from bench.pipeline.site import PORT_BASE, Site, bench_site
from operations.demo.watching import until

WARM_UP_SECONDS: Final = 10.0
LIMIT_SECONDS: Final = 30.0
PAGES: Final = 150
PAGES_OF_A_PROJECT: Final = 5
COMMENTS: Final = 8
KINDS: Final = ("comment",) * 10 + ("comment deleted",) * 5 + ("revoke",) * 3 + ("grant",) * 2
DDL: Final = f"""
ALTER TABLE pages ADD COLUMN project int GENERATED ALWAYS AS ((id / {PAGES_OF_A_PROJECT})::int) STORED;
CREATE TABLE comments (id bigint PRIMARY KEY, page_id bigint NOT NULL, author text NOT NULL, said text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE members (project int, who text, PRIMARY KEY (project, who));
CREATE INDEX ON pages (project); CREATE INDEX ON comments (page_id);
ALTER TABLE comments REPLICA IDENTITY FULL;
"""
DECLARED: Final[dict[str, Any]] = {
    "body": "{body}\n\n{comments}",
    "allowed": "readers",
    "related": {
        "comments": {"table": "public.comments", "on": {"page_id": "id"}, "text": "**{author}**: {said}", "order_by": ["at", "id"]},
        "readers": {"table": "public.members", "on": {"project": "project"}, "values": "group:{who}"},
    },
}
Asks = Callable[[], Awaitable[bool]]


@dataclass(slots=True)
class Run:
    """``marks`` are the comments that may be deleted, by id; ``guests`` the projects that guests are in. What is probed is in neither."""

    site: Site
    connection: psycopg.AsyncConnection[Any]
    chance: random.Random
    marks: dict[int, tuple[int, str]] = field(default_factory=dict)
    guests: set[int] = field(default_factory=set)
    others: set[int] = field(default_factory=set)
    next_id: int = 1_000_000
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    late: int = 0

    async def change(self, kind: str) -> tuple[str, Asks, Callable[[], None]]:
        """Commit one change: its kind, what asks for it, and what is so once it was seen."""
        staff = self.site.keys["staff"]
        free = self.marks if kind == "comment deleted" else self.guests | self.others
        if kind == "comment" or not free:
            number, page, mark = self.next_id, self.chance.randrange(PAGES), f"mark{self.chance.getrandbits(48):012x}"
            self.next_id += 1
            said = f"{self.site.corpus.sentence(self.chance)} The reference {mark} was added here."
            await self.connection.execute("INSERT INTO comments VALUES (%s, %s, 'Ann', %s)", (number, page, said))
            return "comment", lambda: self.site.prober.shows(staff, mark, self.site.doc_id(page)), lambda: self.marks.update({number: (page, mark)})
        if kind == "comment deleted":
            number = self.chance.choice(list(self.marks))
            page, mark = self.marks.pop(number)
            await self.connection.execute("DELETE FROM comments WHERE id = %s", (number,))
            return kind, lambda: _not(self.site.prober.shows(staff, mark, self.site.doc_id(page))), lambda: None
        revoke = self.guests and (kind == "revoke" or not self.others)
        mine, theirs = (self.guests, self.others) if revoke else (self.others, self.guests)
        project = self.chance.choice(sorted(mine))
        mine.discard(project)
        statement = "DELETE FROM members WHERE project = %s AND who = 'guests'" if revoke else "INSERT INTO members VALUES (%s, 'guests')"
        await self.connection.execute(statement, (project,))
        return "revoke" if revoke else "grant", lambda: self._shown(project, 0 if revoke else PAGES_OF_A_PROJECT), lambda: theirs.add(project)

    async def _shown(self, project: int, pages: int) -> bool:
        """Whether guests see so many of a project's pages."""
        wanted = [self.site.doc_id(project * PAGES_OF_A_PROJECT + number) for number in range(PAGES_OF_A_PROJECT)]
        hits = await self.site.prober.search(self.site.keys["guest"], "section page", mode="keyword", limit=50, filters={"doc_id": wanted})
        return len({hit["doc_id"] for hit in hits}) == pages


async def _not(asked: Awaitable[bool]) -> bool:
    return not await asked


async def measure(run: Run, rate: float, seconds: float) -> None:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int((seconds + WARM_UP_SECONDS) * rate)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            kind, asks, seen = await run.change(run.chance.choice(KINDS))
            counted = time.perf_counter() - began > WARM_UP_SECONDS
            group.create_task(_watch(run, kind, asks, seen, time.perf_counter(), counted=counted))


async def _watch(run: Run, kind: str, asks: Asks, seen: Callable[[], None], committed: float, *, counted: bool) -> None:
    took = await until(asks, committed, LIMIT_SECONDS)
    seen()
    if counted:
        run.late += took is None
        run.seconds[kind].append(LIMIT_SECONDS if took is None else took)


async def _fill(site: Site) -> None:
    await site.insert(range(PAGES))
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as connection:
        projects = PAGES // PAGES_OF_A_PROJECT
        await connection.execute(
            "INSERT INTO comments SELECT p * %s + c, p, 'Bob', 'Noted, and number ' || c || ' of what was said.' FROM generate_series(0, %s) p, generate_series(0, %s) c",
            (COMMENTS, PAGES - 1, COMMENTS - 1),
        )
        await connection.execute("INSERT INTO members SELECT p, who FROM generate_series(0, %s) p, unnest(ARRAY['staff', 'guests']) who", (projects - 1,))


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    async with bench_site(more_ddl=DDL, more=DECLARED, port_base=arguments.port_base) as site:
        await _fill(site)
        await site.apply()
        await site.loaded(PAGES, 180)
        async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as connection:
            run = Run(site, connection, random.Random(arguments.seed), guests=set(range(PAGES // PAGES_OF_A_PROJECT)))
            looked, before = time.perf_counter(), cpu_seconds(site.stack)
            await measure(run, arguments.rate, arguments.seconds)
            busy = cores(before, cpu_seconds(site.stack), time.perf_counter() - looked)
        everything = [seconds for found in run.seconds.values() for seconds in found]
        kinds = {kind: milliseconds(run.seconds[kind]) for kind in dict.fromkeys(KINDS)}
        configuration = {"pages_of_a_project": PAGES_OF_A_PROJECT, "comments_of_a_page_at_first": COMMENTS, "cores_busy": busy}
        found = {"all": milliseconds(everything), **kinds, "not_seen_in_30_s": run.late}
        return {"rate_per_second": arguments.rate, "seconds": arguments.seconds, "configuration": configuration, "milliseconds": found}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=5.0, help="commits a second")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port-base", type=int, default=PORT_BASE, help="first of the hundred ports that the stack may use")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = parse()
    seen_before = machine()
    outcome = asyncio.run(main(chosen))
    command = f"python -m bench.pipeline.gathered --rate {chosen.rate:g} --seconds {chosen.seconds:g}"
    print(write(f"freshness-gathered-{chosen.rate:g}", command, seen_before, outcome).read_text())
