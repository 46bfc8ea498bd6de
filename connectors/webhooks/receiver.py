"""One delivery, from its bytes to its answer. No HTTP here: app.py has that."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from weakref import WeakValueDictionary

from connectors.webhooks.known import KnownDeliveries
from contracts.hints import Hint
from rest_sources.delivery import Delivery, Verifier

Outcome = Literal["accepted", "duplicate", "ignored"]
MAX_BODY_BYTES: Final = 25 * 1024 * 1024
"""Jira's largest body (https://developer.atlassian.com/cloud/jira/platform/webhooks/, "Limits")."""
CATCH_UP_SECONDS: Final = 4.0
"""How long after a start a delivery waits for those that came before: senders wait for about ten seconds."""


@dataclass(frozen=True, slots=True)
class WebhookSource:
    """Whom to believe, and how much of it. ``secrets`` are those in force; none of them is empty."""

    name: str
    verify: Verifier
    secrets: tuple[bytes, ...]
    max_body_bytes: int = MAX_BODY_BYTES
    per_second: int = 500

    def __post_init__(self) -> None:
        if not self.secrets or not all(self.secrets):
            raise ValueError(f"the webhook secret of {self.name} is empty: anybody could sign with it")


class Log(Protocol):
    """``caught_up``: all that was there at the start is known."""

    @property
    def caught_up(self) -> asyncio.Event: ...
    async def append(self, source: str, hints: Sequence[Hint]) -> None: ...


class Receiver:
    """Verifies, drops what came before, and has the rest in the log before it returns.

    The same delivery twice at once, as from a sender that lost patience, is taken one after the other. Soon after a start a delivery waits for those before it to be known; not
    for longer than its sender would: to take it twice costs a fetch, to turn it away may lose it.
    """

    def __init__(self, log: Log, known: KnownDeliveries) -> None:
        self._log = log
        self._known = known
        self._taking: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def take(self, source: WebhookSource, delivery: Delivery) -> Outcome:
        """Raises RefusedDeliveryError, and HintsUnavailableError when the sender is to come again."""
        hints = source.verify(delivery, source.secrets)
        if not hints:
            return "ignored"
        await self._others_known()
        if not hints[0].delivery_id:
            return await self._append(source, hints)
        lock = self._taking.setdefault((source.name, hints[0].delivery_id), asyncio.Lock())
        async with lock:
            return await self._append(source, hints)

    async def _others_known(self) -> None:
        if not self._log.caught_up.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._log.caught_up.wait(), CATCH_UP_SECONDS)

    async def _append(self, source: WebhookSource, hints: Sequence[Hint]) -> Outcome:
        new = [hint for hint in hints if not self._known.has(source.name, hint)]
        if not new:
            return "duplicate"
        await self._log.append(source.name, new)
        for hint in new:
            self._known.add(source.name, hint)
        return "accepted"
