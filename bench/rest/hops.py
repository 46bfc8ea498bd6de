"""Where the time of a change goes: from the delivery to its hint, the fetched record, the document and the index, by the records' own times in Kafka."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from bench.pipeline.measure import milliseconds
from contracts.events import DeleteRecord, DocumentRecord, IndexChange, decode_index_record
from contracts.hints import decode_hint, hints_topic
from contracts.rest_records import OBJECTS, document_of
from contracts.settings import KafkaSettings, read
from contracts.topics import DOCUMENTS, source_topic
from operations.topic_reading import KafkaRecord, topic_reader

Place = tuple[str, int]
"""A document and the offset of the hint that its state was fetched for."""


@dataclass(slots=True)
class Hops:
    """Seconds of the clock at which each state was at each place. Kafka's times are whole milliseconds."""

    hinted: dict[Place, float] = field(default_factory=dict)
    fetched: dict[Place, float] = field(default_factory=dict)
    normalized: dict[Place, float] = field(default_factory=dict)
    indexed: dict[Place, float] = field(default_factory=dict)

    def rows(self, sent: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
        """``sent``: document → times of its deliveries. A hint belongs to the last delivery before it."""
        first = [
            at - before
            for (doc_id, _), at in self.hinted.items()
            for before in [max((t for t in sent.get(doc_id, ()) if t <= at + 0.001), default=0.0)]
            if before
        ]
        return {
            "delivery → hint": milliseconds(first),
            "hint → fetched": milliseconds(list(_between(self.hinted, self.fetched))),
            "fetched → document": milliseconds(list(_between(self.fetched, self.normalized))),
            "document → index": milliseconds(list(_between(self.normalized, self.indexed))),
        }


def _between(before: Mapping[Place, float], after: Mapping[Place, float]) -> Iterator[float]:
    return (at - before[place] for place, at in after.items() if place in before)


async def read_hops(sources: Sequence[str], changes: Sequence[IndexChange], since: float) -> Hops:
    """Of live changes since a time in Unix seconds."""
    hops = Hops()
    for source in sources:
        for record in await read_topic(hints_topic(source)):
            hint = decode_hint(record.value)
            if hint.found_by == "webhook" and record.time_ms >= since * 1000:
                hops.hinted[(document_of(f"{source}:", hint.id), record.place.offset)] = record.time_ms / 1000
        for record in await read_topic(source_topic(source, OBJECTS)):
            hops.fetched[(document_of(f"{source}:", orjson.loads(record.key or b"")["id"]), _offset(record))] = record.time_ms / 1000
    for record in await read_topic(DOCUMENTS):
        found = decode_index_record(record.value) if record.value else None
        if isinstance(found, DocumentRecord | DeleteRecord):
            hops.normalized[(found.doc_id, found.version.major)] = record.time_ms / 1000
    for change in changes:
        hops.indexed[(change.doc_id, change.version.major)] = change.indexed_time_us / 1e6
    return hops


def _offset(record: KafkaRecord) -> int:
    return int(orjson.loads(record.value or b"")["source"]["sequence"][0])


async def read_topic(topic: str) -> list[KafkaRecord]:
    """All committed records of a topic now."""
    async with topic_reader(read(KafkaSettings)) as reader:
        found: list[KafkaRecord] = []
        for partition in await reader.partitions(topic):
            found += [record async for record in reader.read(topic, partition, *await reader.bounds(topic, partition))]
        return found
