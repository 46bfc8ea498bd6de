"""How a source is asked again for rows that the index has not, or has wrongly: each kind of source by the way that its changes take."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from connectors.debezium import request_snapshot
from connectors.debezium.database import Connection
from connectors.debezium.spec import heartbeat_statement
from contracts.identity import Version
from contracts.rereads import Reread, encode_reread, rereads_topic_spec
from contracts.rows.snapshots import Snapshot
from contracts.settings import KafkaSettings, read
from contracts.sources import ClickHouseSource, PostgresSource, Table
from contracts.topic_admin import ensure_topics
from contracts.topics import rereads_topic
from operations.verify.reasons import stopped
from operations.verify.source_rows import Key
from streams.producer import OutRecord, RecordProducer


class Asking(Protocol):
    """One table's way. ``held`` gives for each row the version that the index holds of it, None where it holds nothing."""

    def mark(self) -> Version | None:
        """A version above everything that was committed before, and below all that will be; None where the source has no such thing."""

    async def again(self, held: Mapping[Key, Version | None]) -> str | None:
        """Have the rows read again; why that cannot be, where it cannot."""


@dataclass(frozen=True, slots=True)
class ThroughConnector:
    """Debezium reads the rows by a key-filtered incremental snapshot, as newer than anything before."""

    source: PostgresSource
    table: Table
    connection: Connection

    def mark(self) -> Version:
        return mark_now(self.source, self.table, self.connection)

    async def again(self, held: Mapping[Key, Version | None]) -> str | None:
        if reason := await stopped(self.source):
            return reason
        await asyncio.to_thread(request_snapshot, self.source, self.table.name, sorted(held), self.connection)
        return None


@dataclass(frozen=True, slots=True)
class ThroughPoller:
    """The poller reads the rows and writes each just above what the index holds. A row's own time orders its states, so there is no mark."""

    source: ClickHouseSource
    table: Table
    producer: RecordProducer

    def mark(self) -> None:
        return None

    async def again(self, held: Mapping[Key, Version | None]) -> str | None:
        if any(version is not None and version.epoch > self.source.epoch for version in held.values()):
            return f"The index holds versions of a higher epoch than {self.source.name} has: raise its 'epoch' in sources.yaml to theirs or above."
        await ensure_topics(read(KafkaSettings), [rereads_topic_spec(self.source.name, self.table.name)])
        asked = [Reread(key=key, above=None if version is None else (version.major, version.minor)) for key, version in sorted(held.items())]
        topic = rereads_topic(self.source.name, self.table.name)
        await self.producer.send_all([OutRecord(topic, None, encode_reread(one), partition=0) for one in asked])
        return None


def mark_now(source: PostgresSource, table: Table, connection: Connection) -> Version:
    """A version above everything that was committed before, and below everything that will be committed after this call.

    The log's position is taken, then a transaction of our own is committed that the connector sees too. Debezium orders a change by where the last commit
    before it ended: for whatever commits after ours that is our commit or a later one, so above the position; what committed before began below it.
    Gathered documents are ordered by the states they were read in: the one after our transaction is above all before it, and every change to come is read in a later one.
    """
    if table.related:
        connection.execute(heartbeat_statement(source).encode())
        state = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
        return Version(source.epoch, *Snapshot.parse(str(state[0]) if state else "").sequence, source.revision)
    found = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    connection.execute(heartbeat_statement(source).encode())
    return Version(source.epoch, int(found[0]) if found else 0, 0, source.revision)
