"""What a REST source's topics say of an object: the hints that told of it, how far they are served, and what its last fetch showed."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from aiokafka import TopicPartition

from contracts.events import InvalidRecordError
from contracts.fetched import FetchedState, decode_fetched, fetched_topic
from contracts.hints import collector_group, decode_hint, hints_topic
from operations.lag import records_between
from operations.topic_reading import KafkaRecord, TopicReader
from operations.why.evidence import Collecting, HintSeen
from rest_sources.source import parent_of
from streams.mapping import RestMapping

TAIL_HINTS: Final = 10_000
_KEPT: Final = 3


def native_in(mapping: RestMapping, doc_id: str) -> str:
    """The vendor's own id, whose characters may be percent-encoded or not."""
    return unquote(doc_id.removeprefix(mapping.source.scope))


async def ask_collecting(reader: TopicReader, mapping: RestMapping, doc_id: str) -> Collecting:
    """Raises KafkaError."""
    native = native_in(mapping, doc_id)
    parent, topic = parent_of(native), hints_topic(mapping.source.name)
    partition = await reader.partition_of(topic, parent.encode())
    if partition is None:  # no collector has begun yet
        return Collecting(native, parent)
    hints = [seen async for record in reader.tail(topic, partition, TAIL_HINTS) if record.key == parent.encode() and (seen := _hint(record)) is not None]
    served_to = (await reader.committed(collector_group(mapping.source.name))).get(TopicPartition(topic, partition))
    begin, end = await reader.bounds(topic, partition)
    ahead = await records_between(reader, topic, partition, max(begin, served_to or 0), end)
    return Collecting(native, parent, tuple(hints[-_KEPT:]), served_to, ahead, await _fetched(reader, mapping.source.name, partition, parent))


async def _fetched(reader: TopicReader, source: str, partition: int, parent: str) -> FetchedState | None:
    """The last state: its topic is compacted and has the hints' partitions."""
    found: FetchedState | None = None
    begin, end = await reader.bounds(fetched_topic(source), partition)
    async for record in reader.read(fetched_topic(source), partition, begin, end):
        if record.key == parent.encode():
            found = _state(record.value)
    return found


def _hint(record: KafkaRecord) -> HintSeen | None:
    try:
        hint = decode_hint(record.value)
    except InvalidRecordError:
        return None  # the collector has put it into the dead letters
    return HintSeen(record.place, hint.source_time_us, hint.found_by, hint.event)


def _state(value: bytes | None) -> FetchedState | None:
    try:
        return None if value is None else decode_fetched(value)
    except InvalidRecordError:
        return None  # it counts as never fetched, for the collector too
