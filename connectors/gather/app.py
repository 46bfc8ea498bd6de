"""Where the gatherers are wired: two for each table with related ones, so that a live change never waits for a backfill, nor one table for another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from connectors.gather.gatherer import LANES, Gatherer
from connectors.gather.writer import Writer
from contracts.health import serve_health
from contracts.rows.reading import tables_of
from contracts.settings import KafkaSettings, TelemetrySettings
from contracts.sources import PostgresSource, Table
from contracts.topics import TopicSpec, fixed_topics, gathered_kind, source_topics


def declared_topics(sources: Iterable[PostgresSource], partitions: int) -> tuple[TopicSpec, ...]:
    """All that gathering reads and writes; the connectors' own are among them, so that it does not matter who starts first."""
    kinds = {source.name: dict.fromkeys(kind for table in source.tables if table.related for kind in _kinds(table)) for source in sources}
    return (*fixed_topics(partitions), *(spec for name, found in kinds.items() for spec in source_topics(name, found, partitions)))


def _kinds(table: Table) -> tuple[str, ...]:
    return (*tables_of(table), gathered_kind(table.name))


async def gather(sources: Iterable[PostgresSource], kafka: KafkaSettings, telemetry: TelemetrySettings) -> None:
    """Until it is cancelled. Raises KafkaError when the process must begin anew."""
    tables = [(source, table) for source in sources for table in source.tables if table.related]
    async with AsyncExitStack() as stack:
        writer = await stack.enter_async_context(Writer(kafka.bootstrap_servers))
        gatherers = [Gatherer(source, table, lane, kafka, writer) for source, table in tables for lane in LANES]
        runner = await serve_health(telemetry, lambda: all(gatherer.ready for gatherer in gatherers))
        if runner is not None:
            stack.push_async_callback(runner.cleanup)
        async with asyncio.TaskGroup() as group:
            for gatherer in gatherers:
                group.create_task(gatherer.run())
            group.create_task(asyncio.Event().wait())  # without a table it waits for one: sources.yaml may change
