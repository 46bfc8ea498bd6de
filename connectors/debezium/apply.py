"""Carries a plan out: each action once, in order, and each of them safe to repeat after a crash in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import structlog
from psycopg import sql

from connectors.debezium import names
from connectors.debezium.connect_api import ConnectApi
from connectors.debezium.database import Connection, connected
from connectors.debezium.errors import RefusedError
from connectors.debezium.findings import Finding
from connectors.debezium.observe import observe
from connectors.debezium.plan import (
    Action,
    AlterPublication,
    CreateOwnTables,
    CreatePublication,
    CreateTopics,
    LoadTable,
    Plan,
    PutConnector,
    RestartConnector,
    plan,
)
from connectors.debezium.snapshots import send_signal
from connectors.debezium.spec import ConnectorSpec
from connectors.debezium.topics import create_topics
from connectors.debezium.waiting import reader_pid, wait_for_streaming
from contracts.settings import ConnectSettings, KafkaSettings
from contracts.sources import PostgresSource

log = structlog.get_logger(__name__)

_OWN_TABLES: Final = (
    "CREATE SCHEMA IF NOT EXISTS headrace",
    "CREATE TABLE IF NOT EXISTS headrace.heartbeat (source text PRIMARY KEY, beat_at timestamptz NOT NULL)",
    "CREATE TABLE IF NOT EXISTS headrace.signal (id text PRIMARY KEY, type text NOT NULL, data text)",
)
STREAMING_SECONDS: Final = 90.0


def _unheard(_warning: Finding) -> None:
    return


def spec_of(source: PostgresSource, kafka: KafkaSettings) -> ConnectorSpec:
    return ConnectorSpec(source, kafka.partitions, kafka.replication)


def plan_source(source: PostgresSource, connect: ConnectSettings, kafka: KafkaSettings) -> Plan:
    """The plan against what there is now. Raises a ConnectorError where that cannot be seen."""
    return plan(spec_of(source, kafka), observe(source, connect, kafka))


def apply_source(source: PostgresSource, connect: ConnectSettings, kafka: KafkaSettings, warn: Callable[[Finding], None] = _unheard) -> Iterator[Action]:
    """Yields each action once it is done; none where all is as declared. Raises RefusedError with every problem before anything is changed.

    ``warn`` is called with each warning of the plan before the first action.
    """
    spec = spec_of(source, kafka)
    wanted = plan(spec, observe(source, connect, kafka))
    if wanted.problems:
        raise RefusedError(f"Source {source.name} cannot be connected:", "\n".join(f"- {problem}" for problem in wanted.problems))
    for warning in wanted.warnings:
        warn(warning)
    with connected(source) as connection, ConnectApi(connect) as api:
        for action in wanted.actions:
            _carry_out(action, spec, api, connection, kafka)
            log.info("connector_action", source=source.name, action=type(action).__name__)
            yield action


def _carry_out(action: Action, spec: ConnectorSpec, api: ConnectApi, connection: Connection, kafka: KafkaSettings) -> None:
    match action:
        case CreateOwnTables():
            for statement in _OWN_TABLES:
                connection.execute(statement)
        case CreateTopics(specs):
            create_topics(specs, kafka)
        case CreatePublication(name, tables):
            connection.execute(sql.SQL("CREATE PUBLICATION {} FOR TABLE {}").format(sql.Identifier(name), _table_list(tables)))
        case AlterPublication(name, tables):
            _alter_publication(connection, name, tables)
        case PutConnector(name):
            # A signal that the old task sees for a table it does not capture is lost, so no load may begin before the new one reads.
            former = reader_pid(spec.source, connection)
            api.put_config(name, spec.config())
            wait_for_streaming(spec.source, api, connection, STREAMING_SECONDS, former)
        case RestartConnector(name):
            former = reader_pid(spec.source, connection)
            api.restart(name)
            wait_for_streaming(spec.source, api, connection, STREAMING_SECONDS, former)
        case LoadTable(table, signal_id):
            # Only a change after the slot's beginning is seen, and the signal is one.
            wait_for_streaming(spec.source, api, connection, STREAMING_SECONDS)
            send_signal(connection, signal_id, spec.source.table(table), None)


def _alter_publication(connection: Connection, name: str, tables: tuple[str, ...]) -> None:
    """In one transaction, so that no change falls between two publications."""
    publication = sql.Identifier(name)
    with connection.transaction():
        connection.execute(sql.SQL("ALTER PUBLICATION {} SET TABLE {}").format(publication, _table_list(tables)))
        connection.execute(sql.SQL("ALTER PUBLICATION {} SET (publish = 'insert, update, delete, truncate')").format(publication))


def _table_list(tables: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(*table.split(".", 1)) for table in tables)


def restart_source(source: PostgresSource, connect: ConnectSettings) -> None:
    with connected(source) as connection, ConnectApi(connect) as api:
        former = reader_pid(source, connection)
        api.restart(names.connector_name(source))
        wait_for_streaming(source, api, connection, STREAMING_SECONDS, former)


def resume_source(source: PostgresSource, connect: ConnectSettings) -> None:
    with connected(source) as connection, ConnectApi(connect) as api:
        api.resume(names.connector_name(source))
        wait_for_streaming(source, api, connection, STREAMING_SECONDS)


def pause_source(source: PostgresSource, connect: ConnectSettings) -> None:
    """The slot stays, and the database keeps its log for it until 'resume'."""
    with ConnectApi(connect) as api:
        api.pause(names.connector_name(source))
