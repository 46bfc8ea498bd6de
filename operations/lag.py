"""How far the workers' consumer groups are behind their topics, and the records that are under way because of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka.errors import KafkaError

from contracts.settings import KafkaSettings
from operations.topic_reading import TopicReader, topic_reader

GROUPS: Final = ("headrace-normalize-live", "headrace-normalize-backfill", "headrace-index-live", "headrace-index-backfill")
GATHER_GROUPS: Final = "headrace-gather-"
"""What the groups' names begin with: there is one for each gathered table and lane."""
_COUNTED_EXACTLY: Final = 200
"""Up to so many offsets behind, records are read to be counted: connectors write in transactions, whose end takes an offset and is no record."""


@dataclass(frozen=True, slots=True)
class Lag:
    """One consumer group. ``records`` are those not yet committed; ``known`` is false for a group that never committed anything."""

    group: str
    records: int
    topics: Mapping[str, int]
    known: bool


async def lags(settings: KafkaSettings, groups: Sequence[str] | None = None) -> tuple[Lag, ...]:
    """The groups' lag: of the stream workers and of all gatherers there are, where none is named. Raises KafkaError where no broker answers."""
    async with topic_reader(settings) as reader:
        asked = (*await reader.groups(GATHER_GROUPS), *GROUPS) if groups is None else groups
        return tuple([await _lag(reader, group) for group in asked])


async def records_in_flight(settings: KafkaSettings) -> int | None:
    """Records that no worker has done with yet; None where Kafka cannot be asked."""
    try:
        return sum(lag.records for lag in await lags(settings))
    except KafkaError:
        return None


async def _lag(reader: TopicReader, group: str) -> Lag:
    committed = await reader.committed(group)
    behind: dict[str, int] = defaultdict(int)
    for place, offset in committed.items():
        _, end = await reader.bounds(place.topic, place.partition)
        offsets = max(0, end - offset)
        if offsets <= _COUNTED_EXACTLY:
            offsets = sum([1 async for _ in reader.read(place.topic, place.partition, offset, end)])
        behind[place.topic] += offsets
    return Lag(group, sum(behind.values()), {topic: count for topic, count in sorted(behind.items()) if count}, known=bool(committed))
