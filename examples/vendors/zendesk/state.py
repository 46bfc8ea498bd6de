"""The account in memory: one clock, one source of ids, and the three stores. No HTTP here.

The clock never gives a time twice. So two changes are always in an order, and an export cursor (time, id) passes no later change by.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

from examples.vendors.zendesk.guide import Guide
from examples.vendors.zendesk.people import People
from examples.vendors.zendesk.tickets import Tickets

_FIRST_LARGE_ID: Final = 7_005_000_000_000
"""All objects but tickets have ids of this size; tickets count from 1."""
_TICK_SECONDS: Final = 0.000_001

INTEGRATION_EMAIL: Final = "integration@example.com"
DEFAULT_API_TOKEN: Final = "test-token"  # noqa: S105  # made up


class Clock:
    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._last = 0.0

    def now(self) -> float:
        """The time, without moving it."""
        return max(self._now(), self._last)

    def tick(self) -> float:
        """The time of a change; later than that of every change before."""
        self._last = max(self._now(), self._last + _TICK_SECONDS)
        return self._last


class Ids:
    def __init__(self, first: int) -> None:
        self._next = first

    def new(self) -> int:
        self._next += 1
        return self._next - 1

    def take(self, chosen: int | None) -> int:
        """The chosen id, which no later object gets, or a new one."""
        if chosen is None:
            return self.new()
        self._next = max(self._next, chosen + 1)
        return chosen


class Desk:
    """An account. It starts with one admin, the integration's user, and one API token, which acts for any user."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.clock = Clock(now)
        self.ids = Ids(_FIRST_LARGE_ID)
        self.people = People(self.clock.tick, self.ids.new)
        self.tickets = Tickets(self.clock.tick, self.ids.new)
        self.guide = Guide(self.clock.tick, self.ids.new)
        self.account_id = 10_973_248
        self.brand_id = self.ids.new()
        self.locale = "en-us"
        self.api_tokens = {DEFAULT_API_TOKEN}
        self.oauth_tokens: dict[str, int] = {}
        self.integration_id = self.people.create_user("Integration", INTEGRATION_EMAIL, "admin").id
        self.issue_token(self.integration_id)

    def issue_token(self, user_id: int, token: str | None = None) -> str:
        """An OAuth access token of this user."""
        chosen = token or secrets.token_hex(32)
        self.oauth_tokens[chosen] = user_id
        return chosen
