"""One partition of a source's hints: fetches under way, and the transactions that end them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.collect.fetching import Fetching, Later
from connectors.collect.hint_queue import HintQueue, Pending
from connectors.collect.pace import Pace
from connectors.collect.writing import PartitionWriter, Result
from connectors.rest.http_api import MAY_WAIT
from contracts.events import InvalidRecordError
from contracts.fetched import FetchedState
from contracts.hints import decode_hint
from contracts.telemetry import HINTS_WAITING

SCANNED_SHARE: Final = 2
"""What follows from other changes has at most one of so many places."""
MOST_RESULTS: Final = 200
"""Most fetches in one transaction."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """What the partitions of a source share: ``slow`` bounds how many fetches of sweeps are under way, ``pace`` how many begin in a second."""

    fetches: int
    slow: asyncio.Semaphore
    pace: Pace


def worth_keeping(native: str, state: FetchedState) -> bool:
    """Whether a state says more than that the object is an ordinary document: only these are kept in memory."""
    return bool(state.access or state.refused or state.gone or state.content) or state.parts != (native,)


class PartitionCollector:
    """``known`` is what earlier fetches showed, as far as worth keeping; ``queue`` begins at the committed offset."""

    def __init__(self, partition: int, fetching: Fetching, writer: PartitionWriter, queue: HintQueue, known: Mapping[str, FetchedState], lanes: Lanes) -> None:
        self._partition = partition
        self._fetching = fetching
        self._writer = writer
        self._queue = queue
        self._known = dict(known)
        self._lanes = lanes
        self._results: asyncio.Queue[Result] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._more_slow = asyncio.Event()
        self._urgent = 0
        self._scanned = 0
        self._writing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def take(self, offset: int, value: bytes | None) -> None:
        """The next record of the partition."""
        try:
            hint = decode_hint(value)
        except InvalidRecordError as error:
            self._queue.add(offset, None)
            async with self._writing:
                await self._writer.refuse_unreadable(offset, str(error), self._queue.committable)
            return
        self._queue.add(offset, hint)
        self._look()

    async def run(self) -> None:
        """Until it is cancelled. Raises KafkaError."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write())
            group.create_task(self._slowly(group))
            while True:
                HINTS_WAITING.labels(self._fetching.source, str(self._partition)).set(len(self._queue))
                self._start_urgent(group)
                await self._wake.wait()
                self._wake.clear()

    def _start_urgent(self, group: asyncio.TaskGroup) -> None:
        """What follows from another change, such as all pages below a restricted one, never has all of the places: the next edit would wait for it."""
        most_scanned = max(1, self._lanes.fetches // SCANNED_SHARE)
        while self._urgent < self._lanes.fetches and (pending := self._queue.take_urgent(scanned=self._scanned < most_scanned)) is not None:
            self._urgent += 1
            self._scanned += pending.found_by == "scan"
            group.create_task(self._fetch_urgent(pending))

    async def _fetch_urgent(self, pending: Pending) -> None:
        try:
            await self._fetch(pending)
        finally:
            self._urgent -= 1
            self._scanned -= pending.found_by == "scan"
            self._look()

    async def _slowly(self, group: asyncio.TaskGroup) -> None:
        """Sweeps' findings: at their pace, and never all of the places. Taken when its turn has come, for until then it may become urgent."""
        while True:
            if not self._queue.has_slow:
                self._more_slow.clear()
                await self._more_slow.wait()
                continue
            await self._lanes.slow.acquire()
            await self._lanes.pace.turn()
            pending = self._queue.take_slow()
            if pending is None:
                self._lanes.slow.release()
            else:
                group.create_task(self._fetch_slow(pending))

    async def _fetch_slow(self, pending: Pending) -> None:
        try:
            await self._fetch(pending)
        finally:
            self._lanes.slow.release()

    async def _fetch(self, pending: Pending) -> None:
        MAY_WAIT.set(pending.found_by != "webhook")
        wait = bool(pending.delay_ms) and not pending.attempts
        outcome = Later(pending.delay_ms / 1000) if wait else await self._fetching.fetch(pending, self._known)
        if isinstance(outcome, Later):
            self._queue.delay(pending)
            asyncio.get_running_loop().call_later(outcome.seconds, self._resume, pending.native)
        else:
            await self._results.put((pending, outcome))

    def _resume(self, native: str) -> None:
        self._queue.resume(native)
        self._look()

    def _look(self) -> None:
        """There may be something to fetch."""
        self._wake.set()
        self._more_slow.set()

    async def _write(self) -> None:
        while True:
            results = [await self._results.get()]
            while len(results) < MOST_RESULTS and not self._results.empty():
                results.append(self._results.get_nowait())
            async with self._writing:
                for pending, _ in results:
                    self._queue.serve(pending)
                await self._writer.write(results, self._queue.committable)
            self._remember(results)
            for pending, _ in results:
                self._queue.free(pending)
            self._look()

    def _remember(self, results: list[Result]) -> None:
        for pending, outcome in results:
            if outcome.state is None:
                continue
            if worth_keeping(pending.native, outcome.state):
                self._known[pending.native] = outcome.state
            else:
                self._known.pop(pending.native, None)
