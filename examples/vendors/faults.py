"""What a vendor's server does wrong on purpose, told over ``/_control/faults``. Shares are drawn from a seeded generator, so that a run can be had again."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

CONTROL: Final = "/_control/"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Share = Field(default=0.0, ge=0.0, le=1.0)


class FaultSettings(BaseModel):
    """Nothing is wrong by default. Shares are of REST requests for the first group, of webhook deliveries for the second."""

    model_config = ConfigDict(extra="forbid")

    rate_limited: float = Share
    retry_after_seconds: float = Field(default=1.0, ge=0.0)
    unavailable: float = Share
    html_instead_of_json: float = Share
    most_per_second: int = Field(default=0, ge=0, description="more requests than this in a second are refused with 429; 0 for no limit")
    slow_seconds: float = Field(default=0.0, ge=0.0)
    tokens_expired: bool = False

    dropped: float = Share
    duplicated: float = Share
    reordered: float = Share
    delayed: float = Share
    delay_seconds: float = Field(default=2.0, ge=0.0)

    seed: int = 1


class Faults:
    """The settings now, and the dice. ``refuse`` makes the vendor's own error body of a status: 401, 429 or 503."""

    def __init__(self, refuse: Callable[[int], web.Response]) -> None:
        self.settings = FaultSettings()
        self._refuse = refuse
        self._dice = random.Random(self.settings.seed)  # noqa: S311  # repeatable, not secret
        self._taken: deque[float] = deque()

    def set(self, settings: FaultSettings) -> None:
        self.settings = settings
        self._dice = random.Random(settings.seed)  # noqa: S311  # repeatable, not secret

    def happens(self, share: float) -> bool:
        return share > 0.0 and self._dice.random() < share

    def _too_many(self, most: int) -> bool:
        """Whether ``most`` requests were taken in the last second already."""
        now = time.monotonic()
        while self._taken and self._taken[0] <= now - 1.0:
            self._taken.popleft()
        if len(self._taken) >= most:
            return True
        self._taken.append(now)
        return False

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Faults of REST requests; control requests have none."""
        if request.path.startswith(CONTROL):
            return await handler(request)
        told = self.settings
        if told.slow_seconds:
            await asyncio.sleep(told.slow_seconds)
        if told.tokens_expired:
            return self._refuse(401)
        if (told.most_per_second and self._too_many(told.most_per_second)) or self.happens(told.rate_limited):
            response = self._refuse(429)
            response.headers["Retry-After"] = f"{told.retry_after_seconds:g}"
            return response
        if self.happens(told.unavailable):
            return self._refuse(503)
        if self.happens(told.html_instead_of_json):
            return web.Response(text="<!DOCTYPE html><html><body><h1>Log in</h1></body></html>", content_type="text/html")
        return await handler(request)
