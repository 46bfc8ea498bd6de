"""What the pollers wrote, as the index would come to see it: of each key the record with the highest sequence."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.clickhouse.service import topics_of
from contracts.envelope import Envelope, decode_envelope, version_of
from contracts.identity import Version
from contracts.settings import KafkaSettings, read
from contracts.sources.clickhouse import ClickHouseSource, ClickHouseTable
from contracts.topic_admin import ensure_topics
from contracts.topics import source_backfill_topic, source_topic


@dataclass
class State:
    """``bodies`` by id, of the rows that are there; ``equal_but_different``: ids with one version for two contents, of which there must be none."""

    envelopes: dict[object, Envelope] = field(default_factory=dict)
    versions: dict[tuple[object, Version], object] = field(default_factory=dict)
    equal_but_different: set[object] = field(default_factory=set)
    ops: Counter[str] = field(default_factory=Counter)
    loads: Counter[object] = field(default_factory=Counter)
    """How often each id came as a row of the load."""

    @property
    def bodies(self) -> dict[object, object]:
        return {key: envelope.after["body"] for key, envelope in self.envelopes.items() if envelope.after is not None}

    def take(self, key: bytes, value: bytes) -> None:
        envelope = decode_envelope(key, value)
        assert isinstance(envelope, Envelope)
        assert envelope.key is not None
        self.ops[envelope.op] += 1
        self.loads[envelope.key["id"]] += envelope.op == "r"
        identity, version = envelope.key["id"], version_of(envelope, 0, 1)
        content = envelope.after
        if self.versions.setdefault((identity, version), content) != content:
            self.equal_but_different.add(identity)
        held = self.envelopes.get(identity)
        if held is None or version >= version_of(held, 0, 1):
            self.envelopes[identity] = envelope


async def read_state(source: ClickHouseSource, table: ClickHouseTable, until: Callable[[State], bool], seconds: float) -> State:
    """All that is in both lanes, committed, until it is as wanted."""
    topics = source_topic(source.name, table.name), source_backfill_topic(source.name, table.name)
    settings = read(KafkaSettings)
    await ensure_topics(settings, topics_of(source, settings.partitions))
    state = State()
    end = time.monotonic() + seconds
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers, isolation_level="read_committed", auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition) for topic in topics for partition in range(settings.partitions)])
        while not until(state):
            assert time.monotonic() < end, f"not as expected after {seconds} s: {len(state.bodies)} rows, {state.ops}, {list(state.bodies.items())[:10]}"
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    state.take(record.key, record.value)
    finally:
        await consumer.stop()
    return state
