"""For benchmarks of the collector alone: a real Kafka, the vendor's test server, and the collector in this process. Nothing is normalised or indexed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from pydantic import TypeAdapter

from bench.rest.vendors import TENANT, TOKEN, TOKEN_VARIABLE, Vendor
from connectors.collect.app import collect, declared_topics
from connectors.collect.states import read_states
from contracts.fetched import FetchedState
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.sources import RestSource
from contracts.sources.rest import ConfluenceSource, ZendeskSource
from contracts.topic_admin import ensure_topics

ENVIRON: Final = {TOKEN_VARIABLE: TOKEN}
_SOURCE: Final[TypeAdapter[ConfluenceSource | ZendeskSource]] = TypeAdapter(ConfluenceSource | ZendeskSource)
_LOOK_SECONDS: Final = 0.2


async def declare(vendor: Vendor, **more: Any) -> RestSource:
    """A source of its own name, its topics made."""
    made = _SOURCE.validate_python({"name": f"{vendor.name}_{uuid.uuid4().hex[:8]}", "url": vendor.url, "tenant": TENANT, **vendor.declaration, **more})
    kafka = read(KafkaSettings)
    await ensure_topics(kafka, declared_topics([made], kafka.partitions))
    return made


@asynccontextmanager
async def collecting(source: RestSource) -> AsyncIterator[None]:
    """The collector and its sweeps, until the end of the block. Raises whatever ended it."""
    task = asyncio.create_task(collect([source], read(KafkaSettings), TelemetrySettings(metrics_port=0), ENVIRON))
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def states(source: RestSource) -> dict[str, FetchedState]:
    """What was fetched until now."""
    kafka = read(KafkaSettings)
    return await read_states(kafka.bootstrap_servers, source.name, range(kafka.partitions))


async def until_fetched(source: RestSource, wanted: set[str], seconds: float) -> None:
    """Return once all of them were fetched; TimeoutError where they are not in time."""
    async with asyncio.timeout(seconds):
        while wanted - (await states(source)).keys():  # noqa: ASYNC110  # Kafka has no event for it
            await asyncio.sleep(_LOOK_SECONDS)
