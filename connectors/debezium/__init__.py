"""Postgres sources: from ``sources.yaml`` to a running Debezium connector, its publication and slot, and back to nothing.

``plan`` is pure; ``observe`` reads, ``apply`` and ``delete`` write, and each of them is safe to run again.
"""

from connectors.debezium.apply import apply_source, pause_source, plan_source, restart_source, resume_source, spec_of
from connectors.debezium.database import connected, connection_info
from connectors.debezium.errors import ConnectorError
from connectors.debezium.health import Health, health_of
from connectors.debezium.loads import Load, control_loads
from connectors.debezium.plan import Plan, plan
from connectors.debezium.snapshots import request_filtered_snapshot, request_snapshot
from connectors.debezium.spec import ConnectorSpec
from connectors.debezium.teardown import delete_source
from connectors.debezium.topics import create_topics, topics_of
from connectors.debezium.watch import watch

__all__ = [
    "ConnectorError",
    "ConnectorSpec",
    "Health",
    "Load",
    "Plan",
    "apply_source",
    "connected",
    "connection_info",
    "control_loads",
    "create_topics",
    "delete_source",
    "health_of",
    "pause_source",
    "plan",
    "plan_source",
    "request_filtered_snapshot",
    "request_snapshot",
    "restart_source",
    "resume_source",
    "spec_of",
    "topics_of",
    "watch",
]
