"""The pollers of all declared ClickHouse tables in one process, each on its own: a table that cannot be read stops no other one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from connectors.clickhouse.cursor import cursor_key
from connectors.clickhouse.errors import ClickHouseError, TakenOverError
from connectors.clickhouse.keys import keys_topic_spec
from connectors.clickhouse.log import FencedError, LogUnavailableError, read_cursor
from connectors.clickhouse.session import Session
from connectors.process import CannotStartError
from contracts.health import serve_health
from contracts.rereads import rereads_topic_spec
from contracts.settings import KafkaSettings, TelemetrySettings
from contracts.sources.clickhouse import ClickHouseSource, ClickHouseTable
from contracts.sources.secrets import SecretMissingError, resolve_secret
from contracts.telemetry import RETRIES
from contracts.topic_admin import ensure_topics
from contracts.topics import TopicSpec, fixed_topics, source_topics

_FIRST_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 15.0
_log = structlog.get_logger()


def topics_of(source: ClickHouseSource, partitions: int) -> tuple[TopicSpec, ...]:
    """Every topic that the source's pollers write to, but for those that all sources share."""
    keys = tuple(keys_topic_spec(source.name, table.name) for table in source.tables if table.compare_keys_seconds is not None)
    rereads = tuple(rereads_topic_spec(source.name, table.name) for table in source.tables)
    return (*source_topics(source.name, (table.name for table in source.tables), partitions), *keys, *rereads)


class TablePoller:
    """Sessions of one table, one after the other. ``ready`` while the last look at the table succeeded."""

    def __init__(self, source: ClickHouseSource, table: ClickHouseTable, password: str, servers: str) -> None:
        self.ready = False
        self._source = source
        self._table = table
        self._password = password
        self._servers = servers
        self._pause = _FIRST_PAUSE_SECONDS
        self._told = ""

    async def run(self) -> None:
        """Raises TakenOverError. Everything else that is foreseen is told once, counted, and tried again after a pause of 0.25 to 15 s."""
        while True:
            session = Session(self._source, self._table, self._password, self._servers, self._set_ready)
            try:
                await session.run()
            except FencedError as error:
                await self._check_successor(session.name)
                await self._wait(error)
            except (ClickHouseError, LogUnavailableError) as error:
                await self._wait(error)

    def _set_ready(self, ready: bool) -> None:
        if ready and not self.ready:
            _log.info("reading", source=self._source.name, table=self._table.name)
            self._pause, self._told = _FIRST_PAUSE_SECONDS, ""
        self.ready = ready

    async def _check_successor(self, name: str) -> None:
        """Fenced by a successor, which has put its name into the cursor, or by a broker that gave the transaction up."""
        try:
            cursor = await read_cursor(self._servers, cursor_key(self._source.name, self._table.name))
        except LogUnavailableError:
            return
        if cursor is not None and cursor.writer != name:
            raise TakenOverError(f"{self._source.name}: {self._table.name}")

    async def _wait(self, error: Exception) -> None:
        self.ready = False
        RETRIES.labels("clickhouse", type(error).__name__).inc()
        if str(error) != self._told:
            self._told = str(error)
            _log.warning("not reading", source=self._source.name, table=self._table.name, error=type(error).__name__, reason=str(error))
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)


async def run(sources: Sequence[ClickHouseSource], kafka: KafkaSettings, telemetry: TelemetrySettings, environ: Mapping[str, str]) -> None:
    """Polls until it is cancelled. Raises CannotStartError, KafkaUnavailableError, TopicMismatchError before it starts, TakenOverError when it must end."""
    passwords = {source.name: password_of(source, environ) for source in sources}
    pollers = [TablePoller(source, table, passwords[source.name], kafka.bootstrap_servers) for source in sources for table in source.tables]
    await ensure_topics(kafka, [*fixed_topics(kafka.partitions), *(spec for source in sources for spec in topics_of(source, kafka.partitions))])
    health = await serve_health(telemetry, lambda: all(poller.ready for poller in pollers))
    try:
        await _together(pollers)
    finally:
        if health is not None:
            await health.cleanup()


def password_of(source: ClickHouseSource, environ: Mapping[str, str]) -> str:
    """None is an empty one. Raises CannotStartError."""
    reference = source.connection.password
    try:
        return "" if reference is None else resolve_secret(reference, environ)
    except SecretMissingError as error:
        raise CannotStartError(f"{source.name}: connection.password {reference}: {error}") from error


async def _together(pollers: Sequence[TablePoller]) -> None:
    async with asyncio.TaskGroup() as group:
        for poller in pollers:
            group.create_task(poller.run())
        group.create_task(asyncio.Event().wait())  # without a source it waits for one: sources.yaml may change
