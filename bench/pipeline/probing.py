"""One search for all changes that are waited for: what probing costs then grows neither with the rate nor with the latency that it measures.

Probed one by one, twenty changes a second are a hundred searches a second as soon as they take half a second each, and would take longer for it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

from operations.demo.watching import Prober

EVERY_SECONDS: Final = 0.02
MOST_AT_ONCE: Final = 40


@dataclass(slots=True)
class SharedProbe:
    """Waits for marks in texts. ``run`` asks; ``seen`` comes back when a search showed a mark."""

    prober: Prober
    key: str
    waiting: dict[str, tuple[str, asyncio.Future[float]]] = field(default_factory=dict)

    async def seen(self, mark: str, doc_id: str, started: float, limit_seconds: float) -> float | None:
        """Seconds from ``started`` (time.perf_counter) until a search of the document showed the mark; None where it was not in time."""
        arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.waiting[mark] = (doc_id, arrived)
        try:
            return await asyncio.wait_for(arrived, limit_seconds) - started
        except TimeoutError:
            return None
        finally:
            self.waiting.pop(mark, None)

    async def run(self) -> None:
        """Ask, for ever: the oldest marks together, in one search of their documents."""
        while True:
            began = time.perf_counter()
            if chosen := list(self.waiting.items())[:MOST_AT_ONCE]:
                await self._ask(chosen)
            await asyncio.sleep(max(0.001, EVERY_SECONDS - (time.perf_counter() - began)))

    async def _ask(self, chosen: list[tuple[str, tuple[str, asyncio.Future[float]]]]) -> None:
        doc_ids = sorted({doc_id for _, (doc_id, _) in chosen})
        hits = await self.prober.search(self.key, " ".join(mark for mark, _ in chosen), mode="keyword", limit=50, filters={"doc_id": doc_ids})
        at = time.perf_counter()
        texts = " ".join(hit["text"] for hit in hits)
        for mark, (_, arrived) in chosen:
            if mark in texts and not arrived.done():
                arrived.set_result(at)
