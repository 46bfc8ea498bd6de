"""The live part: edits, inserts, deletes and permission changes at a steady rate, each watched from its commit until a search shows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

import psycopg

from contracts.identity import document_id
from contracts.sources import PostgresSource
from examples.company.edits import Edit
from operations.demo.home import Callers
from operations.demo.watching import IndexWatch, Prober, until

LIMIT_SECONDS: Final = 5.0
"""A change that is not searchable by then has failed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One change as it was seen from outside. ``seconds`` is None where it was not searchable in time."""

    edit: Edit
    doc_id: str
    seconds: float | None
    embedded: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the changes happen and by whom they are seen."""

    dsn: str
    source: PostgresSource
    callers: Callers
    prober: Prober
    watch: IndexWatch

    def doc_id(self, edit: Edit) -> str:
        return document_id(self.source.scope_of(self.source.table(f"public.{edit.table}")), edit.key)


async def play(scene: Scene, edits: Iterator[Edit], count: int, per_second: float) -> AsyncIterator[Seen]:
    """Carry out ``count`` edits, one every 1/``per_second`` seconds whatever the one before takes, and yield each when it was seen."""
    results: asyncio.Queue[Seen] = asyncio.Queue()
    async with await psycopg.AsyncConnection.connect(scene.dsn, autocommit=True) as connection, asyncio.TaskGroup() as group:

        async def commit_all() -> None:
            began = time.perf_counter()
            for number in range(count):
                await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
                edit = next(edits)
                since_us = time.time_ns() // 1000
                await connection.execute(edit.sql, edit.params)
                group.create_task(_watch(scene, edit, since_us, time.perf_counter(), results))

        group.create_task(commit_all())
        for _ in range(count):
            yield await results.get()


async def _watch(scene: Scene, edit: Edit, since_us: int, committed: float, results: asyncio.Queue[Seen]) -> None:
    doc_id = scene.doc_id(edit)
    seconds = await until(lambda: _arrived(scene, edit, doc_id), committed, LIMIT_SECONDS)
    change = await scene.watch.change_of(edit.tenant, doc_id, since_us) if seconds is not None else None
    await results.put(Seen(edit, doc_id, seconds, change.embedded if change else 0, change.kept if change else 0))


async def _arrived(scene: Scene, edit: Edit, doc_id: str) -> bool:
    for principal in edit.probe.found_by:
        if not await scene.prober.shows(scene.callers.of(edit.tenant, (principal,)).key, edit.probe.phrase, doc_id):
            return False
    for principal in edit.probe.hidden_from:
        if await scene.prober.shows(scene.callers.of(edit.tenant, (principal,)).key, edit.probe.phrase, doc_id):
            return False
    return True
