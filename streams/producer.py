"""Records out: an aiokafka producer that answers when the broker has them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.topics import MAX_RECORD_BYTES

Headers = Sequence[tuple[str, bytes]]


class BrokerUnavailableError(Exception):
    """Kafka did not take a record: worth another try by redelivery."""


@dataclass(frozen=True, slots=True)
class OutRecord:
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


class RecordProducer:
    """``acks=all``, idempotent, no linger: a record leaves at once, and those that wait meanwhile leave together."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True, linger_ms=0, max_request_size=MAX_RECORD_BYTES
        )

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def send(self, record: OutRecord) -> asyncio.Future[object]:
        """Hand a record over, in order; the future ends with the broker's acknowledgement."""
        try:
            sent: asyncio.Future[object] = await self._producer.send(
                record.topic, record.value, key=record.key, headers=list(record.headers), partition=record.partition
            )
        except KafkaError as error:
            raise BrokerUnavailableError(f"{record.topic}: {type(error).__name__}") from error
        return sent

    async def send_all(self, records: Sequence[OutRecord]) -> None:
        """Hand records over in order and wait until the broker has all of them."""
        futures = [await self.send(record) for record in records]
        try:
            await asyncio.gather(*futures)
        except KafkaError as error:
            raise BrokerUnavailableError(type(error).__name__) from error

    async def partitions(self, topic: str) -> list[int]:
        return sorted(await self._producer.partitions_for(topic))
