"""What the demo sees of the pipeline from outside: ``index.changes`` as it is written, and the query service as a caller asks it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

import aiohttp
from aiokafka import AIOKafkaConsumer

from contracts.events import IndexChange
from contracts.topics import INDEX_CHANGES

PROBE_SECONDS: Final = 0.01
"""From one probe to the next, at the least: the resolution of a measured latency."""
FIRST_PROBE_SECONDS: Final = 0.03
"""No change has ever been searchable sooner."""
PROBE_SHARE: Final = 0.1
"""A change that takes longer is probed less often, within a tenth of its latency: probes of many late changes would otherwise be the load that delays them."""


class IndexWatch:
    """Every change of the index since the topic began, in memory: the demo's home is small and new."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = AIOKafkaConsumer(
            INDEX_CHANGES, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=200
        )
        self._task: asyncio.Task[None] | None = None
        self._arrived = asyncio.Condition()
        self.changes: list[IndexChange] = []
        self.documents: set[tuple[str, str]] = set()

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
        await self._consumer.stop()

    async def _read(self) -> None:
        async for message in self._consumer:
            change = IndexChange.model_validate_json(message.value)
            async with self._arrived:
                self.changes.append(change)
                place = (change.tenant, change.doc_id)
                self.documents.discard(place) if change.change == "delete" else self.documents.add(place)
                self._arrived.notify_all()

    async def wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether ``condition`` came true in time; it is asked again whenever a change arrives."""
        try:
            async with asyncio.timeout(seconds), self._arrived:
                await self._arrived.wait_for(condition)
        except TimeoutError:
            return False
        return True

    def count(self, source: str | None = None) -> int:
        """How many documents of a source, or of all, are in the index."""
        return sum(1 for _, doc_id in self.documents if source is None or doc_id.startswith(f"{source}:"))

    async def more_documents_than(self, count: int, seconds: float, source: str | None = None) -> bool:
        return await self.wait_for(lambda: self.count(source) > count, seconds)

    async def change_of(self, tenant: str, doc_id: str, since_us: int, seconds: float = 5.0) -> IndexChange | None:
        """The latest change of a document that the source committed at ``since_us`` or later."""

        def found() -> IndexChange | None:
            mine = (change for change in reversed(self.changes) if (change.tenant, change.doc_id) == (tenant, doc_id))
            return next((change for change in mine if change.source_time_us >= since_us), None)

        await self.wait_for(lambda: found() is not None, seconds)
        return found()


class Prober:
    """Asks the query service over one connection, as a caller from outside would."""

    def __init__(self, url: str) -> None:
        self._http = aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=10.0), raise_for_status=True)

    async def aclose(self) -> None:
        await self._http.close()

    async def search(self, key: str, text: str, **fields: Any) -> list[dict[str, Any]]:
        hits: list[dict[str, Any]] = (await self._post("/v1/search", key, {"query": text, **fields}))["hits"]
        return hits

    async def query(self, key: str, question: str) -> dict[str, Any]:
        return await self._post("/v1/query", key, {"question": question})

    async def _post(self, path: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._http.post(path, json=body, headers={"Authorization": f"Bearer {key}"}) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def shows(self, key: str, phrase: str, doc_id: str) -> bool:
        """Whether the phrase stands in what a search of the document gives this caller."""
        wanted = " ".join(phrase.split())
        hits = await self.search(key, phrase, mode="keyword", limit=5, filters={"doc_id": [doc_id]})
        return any(wanted in " ".join(hit["text"].split()) for hit in hits)


async def until(
    condition: Callable[[], Awaitable[bool]], started: float, limit_seconds: float, every_seconds: float = PROBE_SECONDS, share: float = PROBE_SHARE
) -> float | None:
    """Seconds from ``started`` (time.perf_counter) until the condition was first seen true; None where it was not in time."""
    await asyncio.sleep(FIRST_PROBE_SECONDS)
    while True:
        asked = time.perf_counter()
        if await condition():
            return time.perf_counter() - started
        if time.perf_counter() - started > limit_seconds:
            return None
        pause = max(every_seconds, share * (asked - started))
        await asyncio.sleep(max(0.0, pause - (time.perf_counter() - asked)))
