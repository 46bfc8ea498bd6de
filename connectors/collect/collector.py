"""A source's hints over all partitions that this process is given; ``PartitionCollector`` does the work of each.

A partition begins with its writer, which fences whoever had it before; only then the committed offset and the states are read, so that nothing a
predecessor still committed is overlooked. Hints are read ahead of their fetches up to a bound, so that an urgent one never waits behind a sweep's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from connectors.collect.fetching import Fetching
from connectors.collect.hint_queue import HintQueue
from connectors.collect.partition import Lanes, PartitionCollector, worth_keeping
from connectors.collect.states import read_states
from connectors.collect.writing import PartitionWriter
from contracts.hints import collector_group, hints_topic
from contracts.settings import KafkaSettings

READ_AHEAD: Final = 20_000
"""Hints of a partition that are read and not served; beyond them reading stops. About 500 bytes each."""
_POLL_MS: Final = 200
_log = structlog.get_logger()


@dataclass(slots=True)
class _Assigned:
    writer: PartitionWriter
    collector: PartitionCollector
    running: asyncio.Task[None]


class Collector(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """One source. ``owns_first`` tells whether this process is the one that sweeps, ``ready`` whether it has its share of the partitions."""

    def __init__(self, source: str, kafka: KafkaSettings, fetching: Fetching, lanes: Lanes) -> None:
        self._source = source
        self._kafka = kafka
        self._fetching = fetching
        self._lanes = lanes
        self._assigned: dict[int, _Assigned] = {}
        self._group = collector_group(source)
        self.owns_first = asyncio.Event()
        self.ready = False
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap_servers,
            group_id=self._group,
            group_instance_id=f"{self._group}-{kafka.instance_id}" if kafka.instance_id else None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=int(kafka.session_timeout_seconds * 1000),
            heartbeat_interval_ms=int(kafka.session_timeout_seconds * 200),
            max_poll_interval_ms=600_000,
        )

    async def run(self) -> None:
        """Until it is cancelled. Raises KafkaError, and whatever ended a partition."""
        await self._consumer.start()
        try:
            self._consumer.subscribe([hints_topic(self._source)], listener=self)
            while True:
                await self._poll()
        finally:
            await self._let_go(list(self._assigned))
            await self._consumer.stop()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by the client before it fetches from them."""
        await asyncio.gather(*[self._begin(place.partition) for place in assigned])
        if 0 in self._assigned:
            self.owns_first.set()
        self.ready = True

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._let_go([place.partition for place in revoked])

    async def _poll(self) -> None:
        records = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=1000)
        for place, found in records.items():
            if (assigned := self._assigned.get(place.partition)) is not None:
                for record in found:
                    await assigned.collector.take(record.offset, record.value)
        for partition, one in self._assigned.items():
            if one.running.done():
                one.running.result()
            self._hold(TopicPartition(hints_topic(self._source), partition), full=one.collector.waiting >= READ_AHEAD)

    def _hold(self, place: TopicPartition, *, full: bool) -> None:
        held = place in self._consumer.paused()
        if full and not held:
            self._consumer.pause(place)
        elif held and not full:
            self._consumer.resume(place)

    async def _begin(self, partition: int) -> None:
        place = TopicPartition(hints_topic(self._source), partition)
        writer = PartitionWriter(self._kafka.bootstrap_servers, self._group, self._source, partition)
        await writer.start()
        position = max(await self._consumer.committed(place) or 0, await self._first(place))
        states = await read_states(self._kafka.bootstrap_servers, self._source, [partition])
        served = {native: state.offset for native, state in states.items() if state.offset >= position}
        known = {native: state for native, state in states.items() if worth_keeping(native, state)}
        collector = PartitionCollector(partition, self._fetching, writer, HintQueue(position, served), known, self._lanes)
        running = asyncio.create_task(collector.run(), name=f"collect-{self._source}-{partition}")
        self._assigned[partition] = _Assigned(writer, collector, running)
        self._consumer.seek(place, position)
        _log.info("collecting", source=self._source, partition=partition, position=position, known=len(known))

    async def _first(self, place: TopicPartition) -> int:
        """Hints are kept for three days: a collector that was away for longer begins with the oldest."""
        return int((await self._consumer.beginning_offsets([place]))[place])

    async def _let_go(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            if partition == 0:
                self.owns_first.clear()
            if (one := self._assigned.pop(partition, None)) is not None:
                one.running.cancel()
                await asyncio.gather(one.running, return_exceptions=True)
                await one.writer.stop()
