"""Waits for a condition with a bound; never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from connectors.debezium import names
from connectors.debezium.connect_api import ConnectApi
from connectors.debezium.database import Connection
from connectors.debezium.errors import NotReadyError, TaskFailedError
from connectors.debezium.observe import observe_slot
from contracts.sources import PostgresSource

_PAUSE_SECONDS: Final = 0.2
_FAILED_FOR_SECONDS: Final = 3.0
"""Right after a new configuration the status still shows the old task's end for a moment."""
_HOLDERS: Final = """
SELECT pid, usename, floor(extract(epoch FROM now() - xact_start))::int FROM pg_stat_activity
WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 1
"""


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def reader_pid(source: PostgresSource, connection: Connection) -> int | None:
    slot = observe_slot(source, connection)
    return None if slot is None else slot.reader_pid


def wait_for_streaming(source: PostgresSource, api: ConnectApi, connection: Connection, seconds: float, former_pid: int | None = None) -> None:
    """Until the task runs and reads from its slot, by another process than ``former_pid``: Connect still calls an old task running for a while after a change.

    Raises TaskFailedError with the first cause, or NotReadyError with what holds it up.
    """
    name = names.connector_name(source)
    failed_since: float | None = None

    def streaming() -> bool:
        nonlocal failed_since
        status = api.status(name)
        failure = None if status is None else status.failure
        if failure is None:
            failed_since = None
            pid = reader_pid(source, connection)
            return status is not None and status.running and pid is not None and pid != former_pid
        failed_since = failed_since or time.monotonic()
        if time.monotonic() - failed_since > _FAILED_FOR_SECONDS:
            raise TaskFailedError(f"The task of {name} has failed: {failure}", "Mend what it names, then 'headrace connectors apply' again.")
        return False

    if not wait_until(streaming, seconds):
        holder = connection.execute(_HOLDERS.encode()).fetchone()
        cure = "Look at 'headrace connectors status' and at Kafka Connect's log."
        if holder is not None:
            cure = f"A new slot waits for open transactions: process {holder[0]} of user {holder[1]} has one open for {holder[2]} s. End it."
        raise NotReadyError(f"The connector {name} does not read from its slot after {seconds:.0f} s.", cure)
