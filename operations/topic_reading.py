"""Reads parts of topics on an operator's behalf: one record by its place, the end of a partition, a whole small topic. Joins no group and commits nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import NodeNotReadyError
from aiokafka.partitioner import murmur2
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from contracts.settings import KafkaSettings
from contracts.topics import MAX_RECORD_BYTES

_ADMIN_ATTEMPTS: Final = 5
_WAIT_MS: Final = 200
_EMPTY_READS: Final = 50
"""After so many waits in which nothing moved the rest cannot be read. Usually the position moves at once: past the end of a transaction, which is no record."""


@dataclass(frozen=True, slots=True)
class Place:
    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic} {self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    place: Place
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    time_ms: int


class TopicReader:
    """Read-committed, like every consumer of the project.

    Each read has a consumer of its own, assigned once: aiokafka's fetcher loses the cancellation of ``stop`` when it comes right after a second assignment, and
    ``stop`` then waits for ever (measured).
    """

    def __init__(self, settings: KafkaSettings, offsets: AIOKafkaConsumer) -> None:
        self._settings = settings
        self._offsets = offsets
        self._partitions: dict[str, list[int]] = {}

    async def partitions(self, topic: str) -> list[int]:
        """Of a topic; none where it does not exist. Asked once."""
        if topic not in self._partitions:
            described = await _asked(self._settings, lambda admin: admin.describe_topics([topic]))
            self._partitions[topic] = sorted(int(part["partition"]) for found in described for part in found["partitions"])
        return self._partitions[topic]

    async def partition_of(self, topic: str, key: bytes) -> int | None:
        """Where a key's records go: Kafka's own partitioner, that of the connectors and of our producers."""
        partitions = await self.partitions(topic)
        return partitions[(murmur2(key) & 0x7FFFFFFF) % len(partitions)] if partitions else None

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """Offsets that a consumer group has committed."""
        found = await _asked(self._settings, lambda admin: admin.list_consumer_group_offsets(group))
        return {place: entry.offset for place, entry in found.items() if entry.offset >= 0}

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """First offset that is still kept, and the one after the last."""
        place = TopicPartition(topic, partition)
        begin, end = await self._offsets.beginning_offsets([place]), await self._offsets.end_offsets([place])
        return begin[place], end[place]

    async def one(self, place: Place) -> KafkaRecord | None:
        """The record at a place; None where retention or compaction removed it, or there never was one."""
        if place.partition not in await self.partitions(place.topic):
            return None
        begin, end = await self.bounds(place.topic, place.partition)
        if not begin <= place.offset < end:
            return None
        found = [record async for record in self.read(place.topic, place.partition, place.offset, place.offset + 1)]
        return found[0] if found else None

    async def tail(self, topic: str, partition: int, records: int) -> AsyncIterator[KafkaRecord]:
        """The last records of a partition, oldest first."""
        begin, end = await self.bounds(topic, partition)
        async for record in self.read(topic, partition, max(begin, end - records), end):
            yield record

    async def read(self, topic: str, partition: int, begin: int, end: int) -> AsyncIterator[KafkaRecord]:
        """Records from ``begin`` until before ``end``, as far as they are kept. To be read to its end."""
        if begin >= end:
            return
        place = TopicPartition(topic, partition)
        async with _consumer(self._settings) as consumer:
            consumer.assign([place])
            consumer.seek(place, begin)
            empty = 0
            while await consumer.position(place) < end and empty < _EMPTY_READS:
                batch = (await consumer.getmany(place, timeout_ms=_WAIT_MS)).get(place, [])
                empty = 0 if batch else empty + 1
                for record in batch:
                    if record.offset < end:
                        yield KafkaRecord(Place(topic, partition, record.offset), record.key, record.value, tuple(record.headers or ()), record.timestamp)


@asynccontextmanager
async def topic_reader(settings: KafkaSettings) -> AsyncIterator[TopicReader]:
    """Raises KafkaError where no broker answers."""
    async with _consumer(settings) as offsets:
        yield TopicReader(settings, offsets)


async def _asked(settings: KafkaSettings, ask: Callable[[AIOKafkaAdminClient], Awaitable[Any]]) -> Any:
    """An answer to the administrator's client. Now and then its first look at the cluster comes back without brokers, and it never looks again: another one does."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(NodeNotReadyError),
        stop=stop_after_attempt(_ADMIN_ATTEMPTS),
        wait=wait_exponential_jitter(multiplier=0.1, max=1.0),
        reraise=True,
    )
    async for attempt in retrying:
        with attempt:
            admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
            try:
                await admin.start()
                return await ask(admin)
            finally:
                await admin.close()
    raise AssertionError("tenacity raises the last error")


@asynccontextmanager
async def _consumer(settings: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=MAX_RECORD_BYTES,
        fetch_max_bytes=2 * MAX_RECORD_BYTES,
    )
    try:
        await consumer.start()
        await asyncio.sleep(0)  # a consumer that is stopped before its tasks have begun raises their cancellation
        yield consumer
    finally:
        await consumer.stop()
