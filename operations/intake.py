"""How changes come in from the sources that no Debezium connector reads: pollers of ClickHouse tables, sweeps and hints of REST sources.

What is durable (cursors, offsets of the collectors) comes from Kafka and is there wherever the programs run; what only their process knows (when a table was last looked
at, refused credentials) from its metrics, where they are a local stack's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from connectors.clickhouse.cursor import Cursor, cursor_key, decode_cursor
from connectors.sweep.cursors import SweepCursor, decode_sweep, sweep_key
from contracts.hints import collector_group, hints_topic
from contracts.settings import KafkaSettings
from contracts.sources import ClickHouseSource, CollectedSource, Sources
from contracts.topics import CURSORS
from operations.lag import records_between
from operations.topic_reading import TopicReader, topic_reader

_LATE_LOOKS: Final = 3
"""A look that is overdue by so many of its own intervals deserves an alarm."""
_LEAST_LATE_SECONDS: Final = 60.0
_POLLED: Final = "headrace_clickhouse_polled_timestamp_seconds"
_REFUSED: Final = "headrace_credentials_refused"

Metrics = Mapping[tuple[str, str], float]
"""Values by (metric, source) or, of a table, (metric, source and table): see ``label``."""


@dataclass(frozen=True, slots=True)
class Intake:
    """One REST source, or one ClickHouse table. Times are seconds since 1970; None for never, or where nobody tells."""

    source: str
    type: str
    table: str = ""
    looked_seconds: float | None = None
    """Of a table the last look at it, of a REST source the last sweep of any kind."""
    swept_all_seconds: float | None = None
    waiting: int = 0
    """Hints that no fetch has served."""
    state: str = ""
    alerts: tuple[str, ...] = ()


async def intakes(sources: Sources, settings: KafkaSettings, metrics: Metrics | None) -> tuple[Intake, ...]:
    """``metrics`` are those of the poller and the collector, None where they are not within reach. Raises KafkaError."""
    if not sources.clickhouse and not sources.collected:
        return ()
    now = time.time()
    async with topic_reader(settings) as reader:
        cursors = await _cursors(reader)
        waiting = {source.name: await _waiting(reader, source) for source in sources.collected}
    swept = [judged(source, decode_sweep(cursors.get(sweep_key(source.name))), waiting[source.name], metrics, now) for source in sources.collected]
    return (*(one for source in sources.clickhouse for one in tables_of(source, cursors, metrics, now)), *swept)


async def _cursors(reader: TopicReader) -> dict[bytes, bytes]:
    """The last of each."""
    found: dict[bytes, bytes] = {}
    for partition in await reader.partitions(CURSORS):
        begin, end = await reader.bounds(CURSORS, partition)
        async for record in reader.read(CURSORS, partition, begin, end):
            if record.key is not None and record.value is not None:
                found[record.key] = record.value
    return found


def tables_of(source: ClickHouseSource, cursors: Mapping[bytes, bytes], metrics: Metrics | None, now: float) -> tuple[Intake, ...]:
    """Its tables, from the cursors by key."""
    return tuple(_tables(source, cursors, metrics, now))


def _tables(source: ClickHouseSource, cursors: Mapping[bytes, bytes], metrics: Metrics | None, now: float) -> Iterator[Intake]:
    for table in source.tables:
        value = cursors.get(cursor_key(source.name, table.name))
        cursor = None if value is None else decode_cursor(value)
        looked = None if metrics is None else metrics.get((_POLLED, label(source.name, table.name)))
        alerts = () if metrics is None else tuple(_unread(table.name, looked, table.poll_seconds, now))
        yield Intake(source.name, source.type, table.name, looked_seconds=looked, state=_reading(cursor), alerts=alerts)


def _reading(cursor: Cursor | None) -> str:
    if cursor is None:
        return "never read"
    return "loading" if cursor.until is not None else "following"


def _unread(table: str, looked: float | None, poll_seconds: float, now: float) -> Iterator[str]:
    if looked is None or now - looked > max(_LEAST_LATE_SECONDS, _LATE_LOOKS * poll_seconds):
        since = "it was never looked at" if looked is None else f"it was last looked at {now - looked:.0f} s ago"
        yield f"{table} is not read, {since}: the poller's log says why ('not reading')"


def judged(source: CollectedSource, cursor: SweepCursor, waiting: int, metrics: Metrics | None, now: float) -> Intake:
    """A REST source by its sweeps' cursor and the hints that wait."""
    times = (cursor.all_seconds, cursor.changed_seconds, cursor.access_seconds)
    refused = metrics is not None and metrics.get((_REFUSED, source.name), 0) > 0
    alerts = [*_overdue(source, cursor, now), *(["it does not take our credentials: renew what 'credentials' in sources.yaml refers to"] if refused else [])]
    return Intake(
        source.name,
        source.type,
        looked_seconds=max(times) or None,
        swept_all_seconds=cursor.all_seconds or None,
        waiting=waiting,
        state="refused" if refused else "never swept" if not max(times) else "sweeping" if cursor.listing else "swept",
        alerts=tuple(alerts),
    )


def _overdue(source: CollectedSource, cursor: SweepCursor, now: float) -> Iterator[str]:
    """A source that was never swept has just been declared, or its first sweep is under way: its state says so."""
    interval = source.sweep.all_hours * 3600
    if cursor.all_seconds and not cursor.listing and now - cursor.all_seconds > _LATE_LOOKS * interval:
        yield f"its last whole sweep was {(now - cursor.all_seconds) / 3600:.0f} h ago: is 'collect' running, and does the source answer it?"


async def _waiting(reader: TopicReader, source: CollectedSource) -> int:
    topic = hints_topic(source.name)
    committed = await reader.committed(collector_group(source.name))
    waiting = 0
    for partition in await reader.partitions(topic):
        begin, end = await reader.bounds(topic, partition)
        waiting += await records_between(reader, topic, partition, max(begin, committed.get(TopicPartition(topic, partition), 0)), end)
    return waiting


def parse_metrics(text: str) -> dict[tuple[str, str], float]:
    """Those that are looked at here, of one /metrics."""
    wanted = {_POLLED, _REFUSED}
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples if sample.name in wanted]
    return {(sample.name, label(sample.labels["source"], sample.labels.get("table", ""))): sample.value for sample in samples}


def label(source: str, table: str = "") -> str:
    return f"{source} {table}".strip()
