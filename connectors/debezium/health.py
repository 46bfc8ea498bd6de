"""How a source's connector is doing, with what deserves an alarm. A slot that was lost does not fail the task: it shows only here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connectors.debezium import names
from connectors.debezium.connect_api import ConnectApi, ConnectorStatus
from connectors.debezium.database import connected
from connectors.debezium.loads import Load, loads_of
from connectors.debezium.observe import observe_slot
from connectors.debezium.observed import Slot
from contracts.settings import ConnectSettings
from contracts.sources import PostgresSource


@dataclass(frozen=True, slots=True)
class Health:
    source: str
    connector: str
    tasks: tuple[str, ...]
    lag_bytes: int | None
    wal_status: str
    alerts: tuple[str, ...]
    loads: tuple[Load, ...] = ()
    """Tables that are being read."""


def health_of(source: PostgresSource, connect: ConnectSettings) -> Health:
    """Raises a ConnectorError when the database or Kafka Connect is out of reach."""
    with ConnectApi(connect) as api:
        status = api.status(names.connector_name(source))
        with connected(source) as connection:
            slot = observe_slot(source, connection)
            loads = () if status is None else loads_of(source, api, connection)
    return replace(judge(source.name, status, slot), loads=loads)


def judge(source: str, status: ConnectorStatus | None, slot: Slot | None) -> Health:
    return Health(
        source=source,
        connector="absent" if status is None else status.state,
        tasks=() if status is None else tuple(task.state for task in status.tasks),
        lag_bytes=None if slot is None else slot.lag_bytes,
        wal_status="no slot" if slot is None else slot.wal_status,
        alerts=tuple(_alerts(status, slot)),
    )


def _alerts(status: ConnectorStatus | None, slot: Slot | None) -> list[str]:
    alerts = []
    if status is None:
        alerts.append("there is no connector: 'headrace connectors apply' makes it")
    elif status.failure is not None:
        alerts.append(f"failed: {status.failure}")
    elif status.state == "RUNNING" and not status.tasks:
        alerts.append("it has no task: its slot may be lost, or the worker is restarting it")
    if slot is not None and slot.wal_status == "lost":
        alerts.append("the slot has lost log it needed: 'headrace connectors delete', then 'apply' reads the tables again")
    if slot is not None and slot.wal_status == "unreserved":
        alerts.append("the log that the slot needs is about to be removed: raise max_slot_wal_keep_size or find why the connector is behind")
    if slot is None and status is not None:
        alerts.append("there is no slot: 'headrace connectors apply' makes it and reads the tables again")
    elif slot is not None and not slot.active and status is not None and status.state == "RUNNING":
        alerts.append("nobody reads from the slot")
    return alerts
