"""How far the workers' consumer groups are behind their topics, and the records that are under way because of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from contracts.settings import KafkaSettings
from contracts.topics import MAX_RECORD_BYTES

GROUPS: Final = ("headrace-normalize-live", "headrace-normalize-backfill", "headrace-index-live", "headrace-index-backfill")
_COUNTED_EXACTLY: Final = 200
"""Up to so many offsets behind, records are read to be counted: connectors write in transactions, whose end takes an offset and is no record."""
_READ_MS: Final = 1500


@dataclass(frozen=True, slots=True)
class Lag:
    """One consumer group. ``records`` are those not yet committed; ``known`` is false for a group that never committed anything."""

    group: str
    records: int
    topics: Mapping[str, int]
    known: bool


async def lags(settings: KafkaSettings, groups: Sequence[str] = GROUPS) -> tuple[Lag, ...]:
    """The groups' lag. Raises KafkaError where no broker answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers, enable_auto_commit=False, isolation_level="read_committed", max_partition_fetch_bytes=MAX_RECORD_BYTES
    )
    try:
        await admin.start()
        await consumer.start()
        return tuple([await _lag(admin, consumer, group) for group in groups])
    finally:
        await consumer.stop()
        await admin.close()


async def records_in_flight(settings: KafkaSettings) -> int | None:
    """Records that no worker has done with yet; None where Kafka cannot be asked."""
    try:
        return sum(lag.records for lag in await lags(settings))
    except KafkaError:
        return None


async def _lag(admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, group: str) -> Lag:
    committed = {place: found.offset for place, found in (await admin.list_consumer_group_offsets(group)).items() if found.offset >= 0}
    if not committed:
        return Lag(group, 0, {}, known=False)
    ends = await consumer.end_offsets(list(committed))
    behind: dict[str, int] = defaultdict(int)
    for place, offset in committed.items():
        offsets = max(0, ends[place] - offset)
        behind[place.topic] += await _count(consumer, place, offset, ends[place]) if 0 < offsets <= _COUNTED_EXACTLY else offsets
    return Lag(group, sum(behind.values()), {topic: count for topic, count in sorted(behind.items()) if count}, known=True)


async def _count(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int, end: int) -> int:
    """Records between the two offsets, markers of transactions left out."""
    consumer.assign([place])
    consumer.seek(place, offset)
    counted = 0
    while await consumer.position(place) < end:
        found = await consumer.getmany(place, timeout_ms=_READ_MS)
        if not found:
            break
        counted += sum(1 for record in found.get(place, ()) if record.offset < end)
    return counted
