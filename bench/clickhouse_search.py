"""From an INSERT into ClickHouse until a search through the API shows the row: the whole stack, one table, single rows at a fixed rate."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from clickhouse_connect.driver.client import Client

from bench.pipeline.corpus import Corpus
from bench.pipeline.measure import milliseconds
from bench.pipeline.probing import SharedProbe
from bench.pipeline.site import PORT_BASE, temporary_home
from operations.demo.watching import Prober
from operations.stack import Stack, StackSettings

RATE: Final = 5
WARM: Final = 10
"""First inserts that do not count."""
LIMIT_SECONDS: Final = 30.0
TENANT: Final = "bench"
_PROGRAMS: Final = ("kafka", "weaviate", "normalize", "normalize-backfill", "index", "index-backfill", "poll", "query")


async def searchable(port: int, client: Client, seconds: float) -> dict[str, Any]:
    """Milliseconds from the moment that the INSERT is sent until the first search hit, of rows of the reference corpus' size."""
    async with _stack(port) as (address, key):
        probe = SharedProbe(Prober(f"http://{address}"), key)
        asking = asyncio.create_task(probe.run())
        corpus, waiting = Corpus(), []
        began = time.monotonic()
        for number in range(int(RATE * seconds)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            waiting.append(asyncio.create_task(_one(client, probe, number, corpus.page(number).body)))
        found = await asyncio.gather(*waiting)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await probe.prober.aclose()
    counted = found[WARM:]
    taken = milliseconds([one for one in counted if one is not None])
    return {"inserts_per_second": RATE, "missing": sum(one is None for one in counted)} | {k if k == "n" else f"{k}_ms": v for k, v in taken.items()}


async def _one(client: Client, probe: SharedProbe, number: int, body: str) -> float | None:
    mark = f"mark{number}x{secrets.token_hex(3)}"
    row = json.dumps({"tenant": TENANT, "id": number, "body": f"{body}\n\nThe last word of it is {mark}."})
    started = time.perf_counter()
    arrived = asyncio.create_task(probe.seen(mark, f"shop:bench.searched/{TENANT},{number}", started, LIMIT_SECONDS))
    await asyncio.to_thread(client.raw_insert, "bench.searched", ["tenant", "id", "body"], row.encode(), fmt="JSONEachRow")
    return await arrived


@asynccontextmanager
async def _stack(port: int) -> AsyncIterator[tuple[str, str]]:
    """The query service's address, and a key for it."""
    key = secrets.token_urlsafe(24)
    with temporary_home() as home:
        stack = Stack(home, StackSettings(port_base=PORT_BASE), _PROGRAMS)
        keys = {"name": "bench", "key_sha256": hashlib.sha256(key.encode()).hexdigest(), "tenant": TENANT, "principals": []}
        chosen = {
            "HEADRACE_SOURCES": _written(home / "sources.yaml", {"sources": [_source(port)]}),
            "HEADRACE_QUERY_API_KEYS_FILE": _written(home / "api-keys.yaml", {"keys": [keys]}),
            "HEADRACE_CLICKHOUSE_PASSWORD": os.environ["HEADRACE_CLICKHOUSE_PASSWORD"],
        }
        try:
            await asyncio.to_thread(stack.up, environment=chosen)
            yield stack.site.address("query"), key
        finally:
            await asyncio.to_thread(stack.down)


def _source(port: int) -> dict[str, Any]:
    table = {"name": "bench.searched", "key": ["tenant", "id"], "updated_at": "updated_at", "tenant": "{tenant}", "body": "body", "allowed": ["public"]}
    connection = {"url": f"http://127.0.0.1:{port}", "password": "env:HEADRACE_CLICKHOUSE_PASSWORD"}
    return {"name": "shop", "type": "clickhouse", "connection": connection, "tables": [table]}


def _written(path: Path, content: dict[str, Any]) -> str:
    path.write_text(yaml.safe_dump(content))
    return str(path)
