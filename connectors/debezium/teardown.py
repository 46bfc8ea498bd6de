"""Takes a source's connector away and leaves nothing behind: connector, its offsets, slot, publication, and our schema once no source uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from psycopg import sql

from connectors.debezium import names
from connectors.debezium.connect_api import ConnectApi
from connectors.debezium.database import Connection, connected
from connectors.debezium.errors import ConnectRefusedError, NotReadyError
from connectors.debezium.observe import observe_publication, observe_slot
from connectors.debezium.waiting import wait_until
from contracts.settings import ConnectSettings
from contracts.sources import PostgresSource

_OTHERS: Final = "SELECT count(*) FROM pg_publication_tables WHERE schemaname = 'headrace' AND tablename = 'signal' AND pubname <> %s"
_STOP_SECONDS: Final = 60.0


def delete_source(source: PostgresSource, connect: ConnectSettings) -> Iterator[str]:
    """Yields what was removed; nothing where nothing was left. Topics and the index stay: they are not the connector's."""
    with ConnectApi(connect) as api:
        yield from _delete_connector(names.connector_name(source), api)
    with connected(source) as connection:
        yield from _drop_slot(source, connection)
        if observe_publication(source, connection) is not None:
            connection.execute(sql.SQL("DROP PUBLICATION {}").format(sql.Identifier(names.publication_name(source))))
            yield f"publication {names.publication_name(source)}"
        yield from _drop_own_tables(source, connection)


def _delete_connector(name: str, api: ConnectApi) -> Iterator[str]:
    if api.config(name) is None:
        return
    api.stop(name)
    if not wait_until(lambda: _stopped(name, api), _STOP_SECONDS):
        raise NotReadyError(f"The connector {name} does not stop.", "Look at Kafka Connect's log, then run 'headrace connectors delete' again.")
    if not wait_until(lambda: _offsets_deleted(name, api), _STOP_SECONDS):
        raise NotReadyError(f"The offsets of {name} cannot be deleted: a task still holds them.", "Run 'headrace connectors delete' again.")
    yield f"offsets of {name}"
    api.delete(name)
    yield f"connector {name}"


def _stopped(name: str, api: ConnectApi) -> bool:
    status = api.status(name)
    return status is not None and status.state == "STOPPED" and not status.tasks


def _offsets_deleted(name: str, api: ConnectApi) -> bool:
    try:
        api.delete_offsets(name)
    except ConnectRefusedError:
        return False  # its task is still ending
    return True


def _drop_slot(source: PostgresSource, connection: Connection) -> Iterator[str]:
    slot = observe_slot(source, connection)
    if slot is None:
        return
    name = names.slot_name(source)
    if not wait_until(lambda: (found := observe_slot(source, connection)) is None or not found.active, _STOP_SECONDS):
        raise NotReadyError(
            f"The slot {name} is still in use.", f"End its reader (pg_stat_replication shows it), or: SELECT pg_drop_replication_slot('{name}');"
        )
    connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", (name,))
    yield f"slot {name}"


def _drop_own_tables(source: PostgresSource, connection: Connection) -> Iterator[str]:
    if connection.execute("SELECT to_regclass('headrace.signal')").fetchone() == (None,):
        return
    if connection.execute(_OTHERS, (names.publication_name(source),)).fetchone() == (0,):
        connection.execute("DROP TABLE IF EXISTS headrace.signal, headrace.heartbeat")
        connection.execute("DROP SCHEMA IF EXISTS headrace")
        yield "schema headrace"
        return
    connection.execute("DELETE FROM headrace.signal WHERE starts_with(id, %s)", (names.load_prefix(source),))
    connection.execute("DELETE FROM headrace.heartbeat WHERE source = %s", (source.name,))
    yield f"the signals of {source.name} (schema headrace stays for other sources)"
