"""``hints.*`` on Kafka: writes with ``acks=all``, and reads what all replicas wrote, from the beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Self

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from contracts.events import InvalidRecordError
from contracts.hints import Hint, decode_hint, encode_hint, hints_topic

_TOPIC_PREFIX: Final = hints_topic("")
_POLL_MS: Final = 500
_log = structlog.get_logger()


class HintsUnavailableError(Exception):
    """Kafka did not acknowledge in time: the sender is to come again."""


class HintsLog:
    """``learn`` is called with (source, hint) for every hint there is, whoever wrote it. ``caught_up`` is set once all that was there at the start was read."""

    def __init__(self, bootstrap_servers: str, sources: Sequence[str], seconds: float, learn: Callable[[str, Hint], None]) -> None:
        self.caught_up = asyncio.Event()
        self._servers = bootstrap_servers
        self._sources = tuple(sources)
        self._seconds = seconds
        self._learn = learn
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True, linger_ms=0)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None, enable_auto_commit=False, isolation_level="read_committed")
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Raises KafkaError where no broker answers."""
        try:
            await self._producer.start()
            await self._consumer.start()
        except KafkaError:
            await self._close()
            raise
        self._reading = asyncio.create_task(self._read(), name="hints-reader")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._close()

    @property
    def failed(self) -> BaseException | None:
        """What ended the reading, which nothing should."""
        done = self._reading is not None and self._reading.done() and not self._reading.cancelled()
        return self._reading.exception() if done and self._reading is not None else None

    async def append(self, source: str, hints: Sequence[Hint]) -> None:
        """All of them on every in-sync replica, or HintsUnavailableError; some may then be there, and will be again when the sender comes again."""
        try:
            async with asyncio.timeout(self._seconds):
                await asyncio.gather(*[self._producer.send_and_wait(hints_topic(source), value, key=key) for key, value in map(encode_hint, hints)])
        except (KafkaError, TimeoutError) as error:
            raise HintsUnavailableError(type(error).__name__) from error

    async def _close(self) -> None:
        await asyncio.gather(self._producer.stop(), self._consumer.stop(), return_exceptions=True)

    async def _read(self) -> None:
        places = await self._places()
        if not places:
            self.caught_up.set()
            return
        self._consumer.assign(places)
        await self._consumer.seek_to_beginning(*places)
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(places)
        while True:
            if not self.caught_up.is_set() and await self._past(ends):
                self.caught_up.set()
            for place, records in (await self._consumer.getmany(timeout_ms=_POLL_MS)).items():
                for record in records:
                    self._take(place.topic.removeprefix(_TOPIC_PREFIX), record.value)

    async def _places(self) -> list[TopicPartition]:
        return [
            TopicPartition(topic, partition) for topic in map(hints_topic, self._sources) for partition in sorted(await self._producer.partitions_for(topic))
        ]

    async def _past(self, ends: dict[TopicPartition, int]) -> bool:
        return all([await self._consumer.position(place) >= end for place, end in ends.items()])

    def _take(self, source: str, value: bytes | None) -> None:
        try:
            self._learn(source, decode_hint(value))
        except InvalidRecordError as error:
            _log.warning("hint not read", source=source, reason=str(error))  # the collector's to refuse into the dead letters; here only an id is missed
