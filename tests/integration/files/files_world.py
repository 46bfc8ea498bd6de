"""A files source on a real broker: the collector at work in this process, and what it wrote, read from Kafka."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.collect.app import collect, declared_topics
from contracts.dead_letters import DeadLetter
from contracts.hints import hints_topic
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.sources.files import FileSource
from contracts.topic_admin import ensure_topics
from contracts.topics import DEAD_LETTERS, source_backfill_topic, source_topic

PARTITIONS = 2
PATIENCE_SECONDS = 60.0
Json = dict[str, Any]


def unique(name: str) -> str:
    return f"{name}_{uuid.uuid4().hex[:8]}"


@dataclass
class Collected:
    """What is in Kafka of one source."""

    source: FileSource
    environ: Mapping[str, str]

    async def prepare(self) -> None:
        await ensure_topics(read(KafkaSettings), declared_topics([self.source], PARTITIONS))

    @asynccontextmanager
    async def collecting(self) -> AsyncIterator[None]:
        """The collector, as its process runs it."""
        task = asyncio.create_task(collect([self.source], read(KafkaSettings), TelemetrySettings(metrics_port=0), self.environ))
        try:
            yield
            assert not task.done(), task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def records(self) -> list[Json]:
        """All records in the order of their hints: id, offset, after."""
        found = [one for topic in (source_topic, source_backfill_topic) for one in await read_all(topic(self.source.name, "objects"), PARTITIONS)]
        made = [{"id": orjson.loads(one.key)["id"], **orjson.loads(one.value)} for one in found]
        return sorted(made, key=lambda one: one["source"]["sequence"][0])

    async def last(self) -> dict[str, Json | None]:
        """The last record of each id; None for a delete."""
        return {one["id"]: one["after"] for one in await self.records()}

    async def hints(self) -> list[Json]:
        return [orjson.loads(one.value) for one in await read_all(hints_topic(self.source.name), PARTITIONS)]

    async def letters(self) -> list[DeadLetter]:
        found = [DeadLetter.from_headers(one.headers) for one in await read_all(DEAD_LETTERS, 1)]
        return [letter for letter in found if letter.topic == hints_topic(self.source.name)]

    async def until(self, what: Callable[[dict[str, Json | None]], bool]) -> dict[str, Json | None]:
        """The last records, as soon as they are as wanted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not what(last := await self.last()):
            assert time.monotonic() < deadline, {native: after and text_of(after)[:80] for native, after in last.items()}
            await asyncio.sleep(0.1)
        return last

    async def until_texts(self, wanted: Mapping[str, str | None]) -> dict[str, Json | None]:
        """As soon as each id shows its text, or is deleted where that is None."""
        return await self.until(lambda last: all(native in last and shows(last[native], text) for native, text in wanted.items()))

    async def until_records(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(found := await self.records()) < count:
            assert time.monotonic() < deadline, len(found)
            await asyncio.sleep(0.1)

    async def until_letters(self, count: int) -> list[DeadLetter]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(letters := await self.letters()) < count:
            assert time.monotonic() < deadline, letters
            await asyncio.sleep(0.1)
        return letters


def shows(after: Json | None, text: str | None) -> bool:
    return after is None if text is None else after is not None and text in text_of(after)


def text_of(after: Json) -> str:
    return "\n".join(page["text"] for page in after["record"]["pages"])


async def read_all(topic: str, partitions: int) -> list[Any]:
    places = [TopicPartition(topic, partition) for partition in range(partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=read(KafkaSettings).bootstrap_servers, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[Any] = []
        while not all([await consumer.position(place) >= end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=100)).values():
                found += records
        return found
    finally:
        await consumer.stop()
