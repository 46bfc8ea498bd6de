"""Kafka as a table's poller uses it: one producer under a transactional id of the table, and topics read to their end.

A producer that starts ends whatever its predecessor left open and fences it: a poller that was frozen and wakes up can commit nothing any more. So the cursor is
read after the start, and is then the last one there will be. Every session puts its own name into the cursor before anything else, so that a producer
that is refused can tell a successor from a broker that gave its transaction up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced

from connectors.clickhouse.cursor import Cursor, cursor_key, decode_cursor, encode_cursor
from connectors.clickhouse.records import OutRecord
from contracts.topics import CURSORS, MAX_SOURCE_RECORD_BYTES

_TRANSACTION_MS: Final = 30_000
"""After so long a transaction that nobody ends is ended by the broker, so that it holds up no reader of the topic."""
_PATIENCE_SECONDS: Final = 40.0
"""What any step with Kafka may take: a little more than its own limit of a transaction."""
_GOODBYE_SECONDS: Final = 5.0
_RECORDS_AT_ONCE: Final = 500
"""So that polls on the same loop are not kept waiting while a long topic is read."""
_PARTITION: Final = 0
"""Of ``cursors`` and ``keys.*``, which have one."""
_BATCH_BYTES: Final = 256 * 1024
_ENVELOPE_BYTES: Final = 64 * 1024


class LogUnavailableError(Exception):
    """Kafka did not take part: nothing of the transaction counts, and the session begins again from its cursor."""


class FencedError(LogUnavailableError):
    """The transactional id is another one's now, or the broker gave the transaction up."""


class TableLog:
    """What one poller writes of one table."""

    def __init__(self, bootstrap_servers: str, source: str, table: str) -> None:
        self._servers = bootstrap_servers
        self._key = cursor_key(source, table)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            transactional_id=f"headrace-clickhouse-{source}-{table}",
            transaction_timeout_ms=_TRANSACTION_MS,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            max_request_size=MAX_SOURCE_RECORD_BYTES + _ENVELOPE_BYTES,
        )

    async def __aenter__(self) -> Self:
        """Raises LogUnavailableError."""
        try:
            async with ours():
                await self._producer.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(TimeoutError, KafkaError):  # a broker that is away says no goodbye
            await asyncio.wait_for(self._producer.stop(), _GOODBYE_SECONDS)

    async def cursor(self) -> Cursor | None:
        """The last one committed; None for a table that was never read. Raises LogUnavailableError."""
        return await read_cursor(self._servers, self._key)

    async def write(self, records: Sequence[OutRecord], cursor: Cursor) -> None:
        """All of them and the cursor, or nothing. Raises LogUnavailableError."""
        async with ours():
            await self._producer.begin_transaction()
            try:
                sent = [await self._producer.send(one.topic, one.value, key=one.key, headers=list(one.headers), partition=one.partition) for one in records]
                sent.append(await self._producer.send(CURSORS, encode_cursor(cursor), key=self._key, partition=_PARTITION))
                await asyncio.gather(*sent)
                await self._producer.commit_transaction()
            except BaseException:
                with contextlib.suppress(Exception):  # the error that matters is on its way; the next start ends what this leaves open
                    await asyncio.wait_for(self._producer.abort_transaction(), _GOODBYE_SECONDS)
                raise


async def read_cursor(servers: str, key: bytes) -> Cursor | None:
    """The last committed cursor of a table, whoever wrote it. Raises LogUnavailableError."""
    found: bytes | None = None

    def take(record_key: bytes | None, value: bytes | None) -> None:
        nonlocal found
        found = value if record_key == key else found

    await read_topic(servers, CURSORS, take)
    return None if found is None else decode_cursor(found)


async def read_topic(servers: str, topic: str, take: Callable[[bytes | None, bytes | None], None], seconds: float = _PATIENCE_SECONDS) -> None:
    """Key and value of every committed record of a topic of one partition, from its beginning to the end that it has now. Raises LogUnavailableError.

    The end is that of all records, committed or not: another table's transaction that is under way is waited for, for what lies behind it counts too.
    """
    async with ours(seconds), consuming(servers, "read_uncommitted") as looking, consuming(servers, "read_committed") as consumer:
        place = TopicPartition(topic, _PARTITION)
        consumer.assign([place])
        end = (await looking.end_offsets([place]))[place]
        await consumer.seek_to_beginning(place)
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(timeout_ms=200, max_records=_RECORDS_AT_ONCE)).values():
                for record in records:
                    take(record.key, record.value)


@asynccontextmanager
async def consuming(servers: str, isolation: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, started."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, isolation_level=isolation, auto_offset_reset="earliest", fetch_max_wait_ms=100
    )
    try:
        async with ours():
            await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def ours(seconds: float = _PATIENCE_SECONDS) -> AsyncIterator[None]:
    """Errors of Kafka's client as ours."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except ProducerFenced as error:
        raise FencedError("the producer is fenced") from error
    except (KafkaError, TimeoutError) as error:
        raise LogUnavailableError(f"Kafka did not take part ({type(error).__name__}); is it running, and is HEADRACE_KAFKA_BOOTSTRAP_SERVERS right?") from error
