"""``fetched.<source>`` read whole, or one partition of it: what earlier fetches showed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.events import InvalidRecordError
from contracts.fetched import FetchedState, decode_fetched, fetched_topic

_POLL_MS: Final = 500
_log = structlog.get_logger()


async def read_states(bootstrap_servers: str, source: str, partitions: Sequence[int]) -> dict[str, FetchedState]:
    """The last state of each object of these partitions, as of now. Raises KafkaError."""
    found: dict[str, FetchedState] = {}
    async for native, state in _records(bootstrap_servers, source, partitions):
        if state is None:
            found.pop(native, None)
        else:
            found[native] = state
    return found


async def _records(bootstrap_servers: str, source: str, partitions: Sequence[int]) -> AsyncIterator[tuple[str, FetchedState | None]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None, enable_auto_commit=False, isolation_level="read_committed")
    await consumer.start()
    try:
        places = [TopicPartition(fetched_topic(source), partition) for partition in partitions]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        while not all([await consumer.position(place) >= end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    if (one := _decoded(source, record.key, record.value)) is not None:
                        yield one
    finally:
        await consumer.stop()


def _decoded(source: str, key: bytes | None, value: bytes | None) -> tuple[str, FetchedState | None] | None:
    try:
        return (key or b"").decode(errors="replace"), None if value is None else decode_fetched(value)
    except InvalidRecordError as error:
        _log.error("state not read", source=source, reason=str(error))  # the object counts as never fetched: it is fetched again
        return None
