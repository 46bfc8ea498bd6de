"""One delivery, from its bytes to its answer. No HTTP here: app.py has that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from connectors.webhooks.known import KnownDeliveries
from contracts.hints import Hint
from rest_sources.delivery import Delivery, Verifier

Outcome = Literal["accepted", "duplicate", "ignored"]
MAX_BODY_BYTES: Final = 25 * 1024 * 1024
"""Jira's largest body (https://developer.atlassian.com/cloud/jira/platform/webhooks/, "Limits")."""


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
    async def append(self, source: str, hints: Sequence[Hint]) -> None: ...


class Receiver:
    """Verifies, drops what came before, and has the rest in the log before it returns."""

    def __init__(self, log: Log, known: KnownDeliveries) -> None:
        self._log = log
        self._known = known

    async def take(self, source: WebhookSource, delivery: Delivery) -> Outcome:
        """Raises RefusedDeliveryError, and HintsUnavailableError when the sender is to come again."""
        hints = source.verify(delivery, source.secrets)
        if not hints:
            return "ignored"
        new = [hint for hint in hints if not self._known.has(source.name, hint)]
        if not new:
            return "duplicate"
        await self._log.append(source.name, new)
        for hint in new:
            self._known.add(source.name, hint)
        return "accepted"
