"""Kafka as anybody may read it: whole topics, the dead letters, and the changes of the index."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.dead_letters import DeadLetter, read_dead_letter
from contracts.events import IndexChange
from contracts.topics import DEAD_LETTERS, INDEX_CHANGES, MAX_RECORD_BYTES
from tests.e2e.world import World

_POLL_MS: Final = 500
_MOST_IDLE_POLLS: Final = 120


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int

    @property
    def all_bytes(self) -> bytes:
        """Key, value and headers in one."""
        return b"\n".join([self.key or b"", self.value or b"", *(name.encode() + b"=" + (value or b"") for name, value in self.headers)])


def topic_names(world: World) -> list[str]:
    return asyncio.run(_names(world.stack.site.address("kafka")))


def records(world: World, topic: str, since: dict[int, int] | None = None) -> list[Record]:
    """Every committed record of a topic, from the given offsets by partition on."""
    return asyncio.run(_read(world.stack.site.address("kafka"), topic, since or {}))


def ends(world: World, topic: str) -> dict[int, int]:
    """Where each partition of a topic ends now."""
    return asyncio.run(_ends(world.stack.site.address("kafka"), topic))


def produce(world: World, topic: str, values: list[tuple[bytes | None, bytes | None]], partition: int) -> None:
    asyncio.run(_produce(world.stack.site.address("kafka"), topic, values, partition))


@dataclass(slots=True)
class Letters:
    """Dead letters that came since the block began."""

    world: World
    since: dict[int, int]

    def records(self) -> list[Record]:
        return records(self.world, DEAD_LETTERS, self.since)

    def letters(self) -> list[DeadLetter]:
        """Without the resolutions that stand on the same topic."""
        return [letter for record in self.records() if isinstance(letter := read_dead_letter(record.headers), DeadLetter)]


@contextmanager
def dead_letters(world: World) -> Iterator[Letters]:
    yield Letters(world, ends(world, DEAD_LETTERS))


def changes(world: World, since: dict[int, int]) -> list[tuple[Record, IndexChange]]:
    """What the indexers did, with the record whose timestamp is when it was announced."""
    return [(record, IndexChange.model_validate_json(record.value or b"")) for record in records(world, INDEX_CHANGES, since)]


async def _names(servers: str) -> list[str]:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await consumer.start()
    try:
        return sorted(await consumer.topics())
    finally:
        await consumer.stop()


async def _ends(servers: str, topic: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers)
    await consumer.start()
    try:
        return {place.partition: offset for place, offset in (await consumer.end_offsets(list(consumer.assignment()))).items()}
    finally:
        await consumer.stop()


async def _read(servers: str, topic: str, since: dict[int, int]) -> list[Record]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=servers, enable_auto_commit=False, isolation_level="read_committed", max_partition_fetch_bytes=MAX_RECORD_BYTES
    )
    await consumer.start()
    found: list[Record] = []
    idle = 0
    try:
        places = sorted(consumer.assignment())
        last = await consumer.end_offsets(places)
        for place, first in (await consumer.beginning_offsets(places)).items():
            consumer.seek(place, max(first, since.get(place.partition, 0)))
        while [place for place in places if await consumer.position(place) < last[place]]:  # a position moves past markers of transactions, too
            batch = await consumer.getmany(timeout_ms=_POLL_MS)
            idle = 0 if batch else idle + 1
            assert idle < _MOST_IDLE_POLLS, f"{topic} gives nothing more before its end"
            found += [_record(message) for messages in batch.values() for message in messages]
    finally:
        await consumer.stop()
    return sorted(found, key=lambda record: (record.partition, record.offset))


def _record(message: Any) -> Record:
    return Record(message.topic, message.partition, message.offset, message.key, message.value, tuple(message.headers), message.timestamp)


async def _produce(servers: str, topic: str, values: list[tuple[bytes | None, bytes | None]], partition: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers, max_request_size=MAX_RECORD_BYTES)
    await producer.start()
    try:
        for key, value in values:
            await producer.send_and_wait(topic, value, key=key, partition=partition)
    finally:
        await producer.stop()
