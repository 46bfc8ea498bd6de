"""Gathered records to Kafka, acknowledged by all replicas; and the dead letters of what no record can hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Final, Self

import structlog
from aiokafka import AIOKafkaProducer

from connectors.gather.changes import Key
from connectors.gather.errors import TooLargeError
from connectors.gather.records import OutRecord
from contracts.dead_letters import DeadLetter
from contracts.events import InvalidRecordError
from contracts.identity import document_id
from contracts.telemetry import DEAD_LETTERS as REFUSED
from contracts.topics import DEAD_LETTERS, MAX_SOURCE_RECORD_BYTES

_ENVELOPE_BYTES: Final = 64 * 1024
_log = structlog.get_logger()


class Writer:
    """One for the process: idempotent, so that a retry writes nothing twice. Errors of Kafka end the process, and redelivery does the rest."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=256 * 1024,
            max_request_size=MAX_SOURCE_RECORD_BYTES + _ENVELOPE_BYTES,
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def send(self, topic: str, records: Iterable[OutRecord]) -> None:
        """Returns when the broker has all of them."""
        sent = [await self._producer.send(topic, record.value, key=record.key) for record in records]
        await asyncio.gather(*sent)

    async def refuse(self, error: InvalidRecordError, topic: str, partition: int, offset: int) -> None:
        """A change that does not decode; it stays where it is."""
        await self._letter(type(error).__name__, str(error), topic, partition, offset, "")

    async def refuse_document(self, error: TooLargeError, topic: str, scope: str, key: Key) -> None:
        """A document that no record can hold. It has no place: it was never written."""
        reason = "the row and its related rows are too large to be read together; fewer of them have to belong to it: see 'where' of its related tables"
        await self._letter(type(error).__name__, reason, topic, -1, -1, document_id(scope, key))

    async def _letter(self, error: str, reason: str, topic: str, partition: int, offset: int, doc_id: str) -> None:
        REFUSED.labels("collect", error).inc()
        _log.warning("dead_letter", stage="collect", error=error, topic=topic, partition=partition, offset=offset, doc_id=doc_id)
        letter = DeadLetter("collect", error, reason, topic, partition, offset, attempts=1, time_us=time.time_ns() // 1000, doc_id=doc_id)
        await self._producer.send_and_wait(DEAD_LETTERS, b"", headers=letter.headers())
