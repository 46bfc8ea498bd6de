"""When sweeps run: by whoever collects the source's first partition, so that of many replicas one sweeps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer

from connectors.collect.states import read_states
from connectors.rest.http_api import MAY_WAIT
from connectors.sweep.cursors import SweepCursor, read_cursor, write_cursor
from connectors.sweep.sweeper import Look, Sweeper, Swept
from contracts.fetched import FetchedState
from contracts.hints import Hint, encode_hint, hints_topic
from contracts.settings import KafkaSettings
from contracts.sources import CollectedSource
from rest_sources.api import ApiError
from rest_sources.source import Reader

_LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 30.0
"""After a vendor that could not be asked."""
_log = structlog.get_logger()


@asynccontextmanager
async def opened_sweeper(
    look: Look, source: CollectedSource, reader: Reader, kafka: KafkaSettings, advance: Callable[[Swept], None]
) -> AsyncGenerator[tuple[Sweeper, SweepCursor], None]:
    """A sweeper with what was fetched until now, where the look compares with it, and its cursor. Raises KafkaError."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all", enable_idempotence=True)
    await producer.start()
    try:

        async def tell(hints: list[Hint]) -> None:
            sent = [await producer.send(hints_topic(source.name), value, key=key) for key, value in map(encode_hint, hints)]
            await asyncio.gather(*sent)

        async def keep(cursor: SweepCursor) -> None:
            await write_cursor(producer, source.name, cursor)

        partitions = sorted(await producer.partitions_for(hints_topic(source.name)))
        states: dict[str, FetchedState] = {} if look == "access" else await read_states(kafka.bootstrap_servers, source.name, partitions)
        yield Sweeper(source.name, reader, states, tell, keep, advance), await read_cursor(kafka.bootstrap_servers, source.name)
    finally:
        await producer.stop()


def due(source: CollectedSource, cursor: SweepCursor, now: float) -> Look | None:
    """Which look is to be taken now, the widest first."""
    if now - cursor.all_seconds >= source.sweep.all_hours * 3600:
        return "all"
    if now - cursor.access_seconds >= source.sweep.access_minutes * 60:
        return "access"
    if now - cursor.changed_seconds >= source.sweep.changed_minutes * 60:
        return "changed"
    return None


async def take(look: Look, source: CollectedSource, reader: Reader, kafka: KafkaSettings, advance: Callable[[Swept], None] = lambda _: None) -> Swept:
    """One look. Raises ApiError and KafkaError."""
    async with opened_sweeper(look, source, reader, kafka, advance) as (sweeper, cursor):
        match look:
            case "all":
                return await sweeper.everything(cursor)
            case "access":
                return await sweeper.access(cursor)
            case "changed":
                return await sweeper.changed(cursor)


async def keep_sweeping(source: CollectedSource, reader: Reader, kafka: KafkaSettings, mine: asyncio.Event) -> None:
    """While this process owns the source's first partition. Raises KafkaError."""
    MAY_WAIT.set(True)
    cursor: SweepCursor | None = None
    first = source.sweep.at_start
    while True:
        await mine.wait()
        if cursor is None:
            cursor = await read_cursor(kafka.bootstrap_servers, source.name)
        look = "all" if first else due(source, cursor, time.time())
        if look is None:
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        try:
            swept = await take(look, source, reader, kafka)
            _log.info("swept", source=source.name, look=look, listed=swept.listed, new=swept.new, changed=swept.changed, gone=swept.gone)
            first = False
        except ApiError as error:
            _log.warning("sweep stopped", source=source.name, look=look, cause=error.cause, cure=error.cure, again_seconds=_AGAIN_SECONDS)
            await asyncio.sleep(_AGAIN_SECONDS)
        cursor = None  # as the look, or another process, has written it
