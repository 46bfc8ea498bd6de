"""A bounded rate for what may wait."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """At most ``per_second``, evenly; who asks waits for its turn."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        now = time.monotonic()
        at, self._next = max(now, self._next), max(now, self._next) + self._gap
        if at > now:
            await asyncio.sleep(at - now)
