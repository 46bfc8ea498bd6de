"""Names that a source has outside of us: its connector, slot, publication and topics. One source, one of each."""

from __future__ import annotations

from typing import Final

from contracts.sources import PostgresSource, Table
from contracts.topics import source_topic

OWN_SCHEMA: Final = "headrace"
HEARTBEAT_TABLE: Final = f"{OWN_SCHEMA}.heartbeat"
SIGNAL_TABLE: Final = f"{OWN_SCHEMA}.signal"
HEARTBEAT_TOPICS: Final = "headrace.heartbeats"


def connector_name(source: PostgresSource) -> str:
    return f"headrace-{source.name}"


def slot_name(source: PostgresSource) -> str:
    return f"headrace_{source.name}"


def publication_name(source: PostgresSource) -> str:
    return f"headrace_{source.name}"


def topic_prefix(source: PostgresSource) -> str:
    """Debezium names a topic ``<prefix>.<schema>.<table>``, so the prefix is ``source.<name>``."""
    return source_topic(source.name, "").removesuffix(".")


def heartbeat_topic(source: PostgresSource) -> str:
    return f"{HEARTBEAT_TOPICS}.{topic_prefix(source)}"


def load_prefix(source: PostgresSource) -> str:
    return f"load {source.name} "


def load_id(source: PostgresSource, table: Table) -> str:
    """Id of the signal that reads a whole table once per epoch and revision; that the row stands in the signal table says that it was asked for."""
    return f"{load_prefix(source)}{table.name} {source.epoch}.{source.revision}"
