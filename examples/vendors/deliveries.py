"""Webhooks on their way out: signed by the vendor's rule, sent again by the vendor's rule, and lost, doubled, late or out of order as the faults say.

What was sent and how it ended is kept, for tests to compare with what arrived.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import aiohttp

from examples.vendors.faults import Faults

_HELD_BACK_SECONDS: Final = 0.25
"""How much later than its successors a reordered delivery is sent."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook. ``headers`` gets the number of the try, from 0, since some vendors sign or count each."""

    url: str
    body: bytes
    headers: Callable[[int], Mapping[str, str]]
    about: str
    """Event and id, for the log."""


@dataclass(slots=True)
class Sent:
    about: str
    url: str
    statuses: list[int] = field(default_factory=list)
    """The answer to each try; 0 where there was none."""
    sent_at: list[float] = field(default_factory=list)
    """Unix seconds at which each try began."""
    dropped: bool = False
    finished: bool = False


class Retries(Protocol):
    """A vendor's rule for sending again."""

    @property
    def timeout_seconds(self) -> float: ...

    def pause_seconds(self, statuses: Sequence[int], retry_after: float | None) -> float | None:
        """Before the next try, given the answers so far (0: none) and what the last one asked for; None when there is no further one."""
        ...


@dataclass(frozen=True, slots=True)
class RetryRule:
    """The usual one: for these statuses (and 0, no answer), after these pauses in seconds, one for each further try."""

    statuses: frozenset[int]
    pauses_seconds: tuple[float, ...]
    timeout_seconds: float = 10.0

    def pause_seconds(self, statuses: Sequence[int], retry_after: float | None) -> float | None:  # noqa: ARG002  # of the rule's form; here nobody is asked
        again = (statuses[-1] == 0 or statuses[-1] in self.statuses) and len(statuses) <= len(self.pauses_seconds)
        return self.pauses_seconds[len(statuses) - 1] if again else None


class Deliverer:
    """Sends in the background. ``speed`` shortens the pauses, whose documented lengths are minutes."""

    def __init__(self, faults: Faults, rule: Retries, speed: float = 1.0) -> None:
        self.sent: list[Sent] = []
        self._faults = faults
        self._rule = rule
        self._speed = speed
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._rule.timeout_seconds))

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def send(self, delivery: Delivery) -> None:
        """Queue one; returns at once."""
        told = self._faults.settings
        record = Sent(delivery.about, delivery.url)
        self.sent.append(record)
        if self._faults.happens(told.dropped):
            record.dropped = record.finished = True
            return
        pause = told.delay_seconds if self._faults.happens(told.delayed) else 0.0
        pause += _HELD_BACK_SECONDS if self._faults.happens(told.reordered) else 0.0
        for _ in range(2 if self._faults.happens(told.duplicated) else 1):
            task = asyncio.create_task(self._deliver(delivery, record, pause))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def settled(self, seconds: float) -> bool:
        """Whether nothing is on its way any more within so many seconds."""
        deadline = time.monotonic() + seconds
        while self._running and time.monotonic() < deadline:
            await asyncio.wait(self._running, timeout=max(0.0, deadline - time.monotonic()))
        return not self._running

    async def _deliver(self, delivery: Delivery, record: Sent, held_back_seconds: float) -> None:
        await asyncio.sleep(held_back_seconds)
        statuses: list[int] = []  # of this copy: a doubled delivery's other copy has its own tries
        while True:
            record.sent_at.append(time.time())
            status, retry_after = await self._post(delivery, len(statuses))
            statuses.append(status)
            record.statuses.append(status)
            pause = self._rule.pause_seconds(statuses, retry_after)
            if pause is None:
                break
            await asyncio.sleep(pause / self._speed)
        record.finished = True

    async def _post(self, delivery: Delivery, attempt: int) -> tuple[int, float | None]:
        """The answer's status, 0 for none, and the seconds that its ``Retry-After`` names."""
        assert self._session is not None, "start() comes first"  # noqa: S101  # a mistake in the server itself
        try:
            async with self._session.post(delivery.url, data=delivery.body, headers=dict(delivery.headers(attempt))) as response:
                return response.status, _seconds(response.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, TimeoutError):
            return 0, None


def _seconds(header: str) -> float | None:
    return float(header) if header.replace(".", "", 1).isdigit() else None  # the vendors speak of seconds, and not of dates
