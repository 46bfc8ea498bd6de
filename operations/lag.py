"""How far the workers' consumer groups are behind their topics, and the records that are under way because of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka.errors import KafkaError

from connectors.gather.gatherer import LANES, group_of
from contracts.settings import KafkaSettings
from contracts.sources import PostgresSource, TableSource
from operations.topic_reading import TopicReader, topic_reader

GROUPS: Final = ("headrace-normalize-live", "headrace-normalize-backfill", "headrace-index-live", "headrace-index-backfill")
_COUNTED_EXACTLY: Final = 200
"""Up to so many offsets behind, records are read to be counted: connectors write in transactions, whose end takes an offset and is no record."""


@dataclass(frozen=True, slots=True)
class Lag:
    """One consumer group. ``records`` are those not yet committed; ``known`` is false for a group that never committed anything."""

    group: str
    records: int
    topics: Mapping[str, int]
    known: bool


def groups_of(sources: Iterable[TableSource]) -> tuple[str, ...]:
    """Of the gatherers of all declared tables that have related ones, and of the stream workers."""
    gathered = [
        group_of(source, table, lane) for source in sources if isinstance(source, PostgresSource) for table in source.tables if table.related for lane in LANES
    ]
    return (*gathered, *GROUPS)


async def lags(settings: KafkaSettings, groups: Sequence[str] = GROUPS) -> tuple[Lag, ...]:
    """The groups' lag. Raises KafkaError where no broker answers."""
    async with topic_reader(settings) as reader:
        return tuple([await _lag(reader, group) for group in groups])


async def records_in_flight(settings: KafkaSettings, sources: Iterable[TableSource]) -> int | None:
    """Records that no worker has done with yet; None where Kafka cannot be asked."""
    try:
        return sum(lag.records for lag in await lags(settings, groups_of(sources)))
    except KafkaError:
        return None


async def records_between(reader: TopicReader, topic: str, partition: int, begin: int, end: int) -> int:
    """How many there are; of many the offsets are counted."""
    offsets = max(0, end - begin)
    return offsets if offsets > _COUNTED_EXACTLY else sum([1 async for _ in reader.read(topic, partition, begin, end)])


async def _lag(reader: TopicReader, group: str) -> Lag:
    committed = await reader.committed(group)
    behind: dict[str, int] = defaultdict(int)
    for place, offset in committed.items():
        _, end = await reader.bounds(place.topic, place.partition)
        behind[place.topic] += await records_between(reader, place.topic, place.partition, offset, end)
    return Lag(group, sum(behind.values()), {topic: count for topic, count in sorted(behind.items()) if count}, known=bool(committed))
