"""Where the collector is wired: for each source its reader, its partitions, and the sweeps of whoever owns the first of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from connectors.collect.collector import Collector
from connectors.collect.fetching import Fetching
from connectors.collect.pace import Pace
from connectors.collect.partition import Lanes
from connectors.extract import Extractor, Limits
from connectors.files.folder import Folder
from connectors.files.opened import opened_files
from connectors.files.reader import FilesReader
from connectors.files.watching import keep_watching
from connectors.rest.attachments import AttachmentFiles
from connectors.rest.credentials import auth_of
from connectors.rest.http_api import HttpApi
from connectors.sweep.schedule import keep_sweeping
from contracts.fetched import fetched_topic_spec
from contracts.health import serve_health
from contracts.hints import hints_topic_spec
from contracts.rest_records import OBJECTS
from contracts.settings import KafkaSettings, TelemetrySettings
from contracts.sources import CollectedSource, FileSource, FolderSource, RestSource
from contracts.sources.rest import MIB
from contracts.topics import TopicSpec, fixed_topics, source_topics
from rest_sources.catalog import type_of
from rest_sources.source import Reader

SLOW_SHARE: Final = 2
"""A sweep has at most one of so many of a source's requests."""


def topics_of(source: CollectedSource, partitions: int) -> tuple[TopicSpec, ...]:
    """All that a collected source needs."""
    return (
        hints_topic_spec(source.name, partitions),
        fetched_topic_spec(source.name, partitions),
        *source_topics(source.name, [OBJECTS], partitions),
    )


def declared_topics(sources: Iterable[CollectedSource], partitions: int) -> tuple[TopicSpec, ...]:
    return (*fixed_topics(partitions), *(spec for source in sources for spec in topics_of(source, partitions)))


@asynccontextmanager
async def opened_reader(source: CollectedSource, environ: Mapping[str, str]) -> AsyncGenerator[Reader, None]:
    """What reads the source. Raises CredentialsError."""
    match source:
        case FileSource():
            async with opened_files(source, environ) as files:
                yield files
        case RestSource():
            async with _opened_vendor(source, environ) as vendor:
                yield vendor
        case _:
            raise KeyError(source.type)


@asynccontextmanager
async def _opened_vendor(source: RestSource, environ: Mapping[str, str]) -> AsyncGenerator[Reader, None]:
    """The vendor's reader over HTTP, with what reads attachments."""
    async with (
        HttpApi(source.url, auth_of(source, environ), concurrency=source.concurrency, gone=source.gone) as api,
        Extractor(Limits(bytes=int(source.attachments.max_mib * MIB)), source.attachments.languages) as extractor,
    ):
        yield type_of(source).reader(source, api, AttachmentFiles(api, extractor, source.attachments))


async def collect(sources: Iterable[CollectedSource], kafka: KafkaSettings, telemetry: TelemetrySettings, environ: Mapping[str, str]) -> None:
    """Until it is cancelled. Raises CredentialsError, and KafkaError when the process must begin anew."""
    async with AsyncExitStack() as stack:
        collectors: list[Collector] = []
        runner = await serve_health(telemetry, lambda: all(collector.ready for collector in collectors))
        if runner is not None:
            stack.push_async_callback(runner.cleanup)
        async with asyncio.TaskGroup() as group:
            for source in sources:
                reader = await stack.enter_async_context(opened_reader(source, environ))
                lanes = Lanes(source.concurrency, asyncio.Semaphore(max(1, source.concurrency // SLOW_SHARE)), Pace(source.sweep.per_second))
                collector = Collector(source.name, kafka, Fetching(source.name, reader, _moved_delay_ms(source)), lanes)
                collectors.append(collector)
                group.create_task(collector.run())
                group.create_task(_keep_looking(source, reader, kafka, collector.owns_first))
            group.create_task(asyncio.Event().wait())  # without a source it waits for one: sources.yaml may change


async def _keep_looking(source: CollectedSource, reader: Reader, kafka: KafkaSettings, mine: asyncio.Event) -> None:
    """Sweeps; of a folder its watching too, begun before the first sweep so that no change falls between them."""
    if not isinstance(reader, FilesReader) or not isinstance(source, FolderSource) or not isinstance(reader.storage, Folder):
        await keep_sweeping(source, reader, kafka, mine)
        return
    looked = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_watching(source, reader.storage, reader, kafka, mine, looked))
        await looked.wait()
        group.create_task(keep_sweeping(source, reader, kafka, mine))


def _moved_delay_ms(source: CollectedSource) -> int:
    return int(source.delete_after_move_seconds * 1000) if isinstance(source, FileSource) else 0
