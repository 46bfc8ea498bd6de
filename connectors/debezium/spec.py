"""A source's connector as a frozen specification, and its JSON for Kafka Connect. Pure.

Rows are never read by Debezium's initial snapshot (``snapshot.mode=no_data``) but always by incremental ones, which a signal asks for: live changes go on
meanwhile, a restart goes on where it was, and their rows carry a ``source.sequence`` that orders them among the changes. Rows of an initial snapshot
are ordered below every change ever seen, so that after a connector was deleted and made anew the index would fence them.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

from connectors.debezium import names
from contracts.sources import Captured, PostgresSource, Table, connect_reference
from contracts.topics import BACKFILL_SUFFIX, DAY_MS, MAX_RECORD_BYTES, MAX_SOURCE_RECORD_BYTES, MAX_TEXT_BYTES

POLICY_KEY: Final = "headrace.policy"
REVISION_KEY: Final = "headrace.revision"
GATHERED_KEY: Final = "headrace.gathered"
"""Gathered tables with their epoch: their states are ordered above all others of it."""
_JSON_CONVERTER: Final = "org.apache.kafka.connect.json.JsonConverter"


@dataclass(frozen=True, slots=True)
class ConnectorSpec:
    """What the connector of one source is to be."""

    source: PostgresSource
    partitions: int
    replication: int
    poll_interval_ms: int = 10
    heartbeat_interval_ms: int = 5_000
    snapshot_chunk_rows: int = 256
    """Live changes wait while a chunk of a snapshot is read and written: small ones keep that under a tenth of a second, and a load is bound by embedding anyway."""
    transaction_timeout_ms: int = 15_000

    @property
    def name(self) -> str:
        return names.connector_name(self.source)

    def config(self) -> dict[str, str]:
        """The connector's configuration as Connect wants it: texts only, secrets as references."""
        parts = (self._database(), self._capture(), self._values(), self._delivery(), self._snapshots(), self._lanes(), self._reselect(), self._policy())
        return {key: value for part in parts for key, value in part.items()}

    def _database(self) -> dict[str, str]:
        connection = self.source.connection
        password = {} if connection.password is None else {"database.password": connect_reference(connection.password)}
        return password | {
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "tasks.max": "1",
            "database.hostname": connection.host,
            "database.port": str(connection.port),
            "database.dbname": connection.database,
            "database.user": connection.user,
            "database.sslmode": connection.sslmode,
            "topic.prefix": names.topic_prefix(self.source),
        }

    def _capture(self) -> dict[str, str]:
        captured = self.source.captured
        tables = [_pattern(table.name) for table in captured]
        own = [_pattern(names.HEARTBEAT_TABLE), _pattern(names.SIGNAL_TABLE)]
        columns = [_columns_pattern(table) for table in captured] + [rf"{table}\..*" for table in own]
        return {
            "plugin.name": "pgoutput",
            "slot.name": names.slot_name(self.source),
            "slot.drop.on.stop": "false",
            "publication.name": names.publication_name(self.source),
            "publication.autocreate.mode": "disabled",
            # The heartbeat's table is captured although nobody reads it: a beat whose change is filtered out here causes the next beat at once.
            "table.include.list": ",".join(tables + own),
            "column.include.list": ",".join(columns),
            # A row may be updated and then stands in one record twice, before and after: cut where the text is refused anyway, such a record still fits.
            f"column.truncate.to.{MAX_TEXT_BYTES + 1}.chars": ",".join(rf"{_pattern(table.name)}\..*" for table in captured),
            "message.key.columns": ";".join(f"{_pattern(table.name)}:{','.join(table.key)}" for table in captured),
            "skipped.operations": "none",
            "tombstones.on.delete": "true",
            "provide.transaction.metadata": "false",
        }

    def _values(self) -> dict[str, str]:
        converters = {f"{side}.converter{key}": value for side in ("key", "value") for key, value in (("", _JSON_CONVERTER), (".schemas.enable", "false"))}
        return converters | {
            "time.precision.mode": "isostring",
            "decimal.handling.mode": "string",
            "binary.handling.mode": "base64",
            "interval.handling.mode": "string",
            "hstore.handling.mode": "json",
        }

    def _delivery(self) -> dict[str, str]:
        return {
            "exactly.once.support": "required",
            "poll.interval.ms": str(self.poll_interval_ms),
            "max.queue.size.in.bytes": str(2 * MAX_RECORD_BYTES),
            "producer.override.linger.ms": "0",
            # Longer than a broker's restart or a stalled machine: a transaction that outlives it ends the task for good. Shorter than Kafka's
            # minute: after a crash of the worker the next task waits this long for the open transaction of the last.
            "producer.override.transaction.timeout.ms": str(self.transaction_timeout_ms),
            "producer.override.max.request.size": str(MAX_SOURCE_RECORD_BYTES),
            "producer.override.buffer.memory": str(MAX_SOURCE_RECORD_BYTES),  # a record above it is refused too; it is taken as it is needed
            "topic.creation.default.partitions": str(self.partitions),
            "topic.creation.default.replication.factor": str(self.replication),
            "topic.creation.default.max.message.bytes": str(MAX_SOURCE_RECORD_BYTES),
            "topic.creation.default.retention.ms": str(7 * DAY_MS),
            "retriable.restart.connector.wait.ms": "2000",
            "errors.tolerance": "none",
            "errors.log.enable": "true",
            "errors.log.include.messages": "false",
            "heartbeat.interval.ms": str(self.heartbeat_interval_ms),
            "heartbeat.action.query": heartbeat_statement(self.source),
            "topic.heartbeat.prefix": names.HEARTBEAT_TOPICS,
        }

    def _snapshots(self) -> dict[str, str]:
        return {
            "snapshot.mode": "no_data",
            "signal.enabled.channels": "source",
            "signal.data.collection": names.SIGNAL_TABLE,
            "incremental.snapshot.chunk.size": str(self.snapshot_chunk_rows),
            "incremental.snapshot.watermarking.strategy": "insert_delete",
        }

    def _lanes(self) -> dict[str, str]:
        """Snapshot rows to the backfill topic; our own tables' changes, which have done their work inside Debezium, to nowhere."""
        prefix = _pattern(names.topic_prefix(self.source))
        return {
            "transforms": "own,lane",
            "transforms.own.type": "org.apache.kafka.connect.transforms.Filter",
            "transforms.own.predicate": "own",
            "predicates": "own",
            "predicates.own.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
            "predicates.own.pattern": rf"{prefix}\.{names.OWN_SCHEMA}\..*",
            "transforms.lane.type": "io.debezium.transforms.ContentBasedRouter",
            "transforms.lane.language": "jsr223.groovy",
            "transforms.lane.topic.regex": rf"{prefix}\..*",
            "transforms.lane.topic.expression": f"value != null && value.op == 'r' ? topic + '{BACKFILL_SUFFIX}' : null",
        }

    def _reselect(self) -> dict[str, str]:
        """Large values that a change left alone are not in the log: read them again by key."""
        columns = [f"{table.name}:{column}" for table in self.source.captured for column in table.columns if column not in table.key]
        return {
            "post.processors": "reselect",
            "reselect.type": "io.debezium.processors.reselect.ReselectColumnsPostProcessor",
            "reselect.reselect.columns.include.list": ",".join(re.escape(column) for column in columns),
            "reselect.reselect.unavailable.values": "true",
            "reselect.reselect.null.values": "false",
            "reselect.reselect.use.event.key": "true",
        }

    def _policy(self) -> dict[str, str]:
        digests = {table.name: policy_digest(self.source, table) for table in self.source.tables}
        gathered = {table.name: self.source.epoch for table in self.source.tables if table.related}
        kept = {GATHERED_KEY: json.dumps(gathered, sort_keys=True)} if gathered else {}
        return {POLICY_KEY: json.dumps(digests, sort_keys=True), REVISION_KEY: str(self.source.revision)} | kept


def policy_digest(source: PostgresSource, table: Table) -> str:
    """What decides the table's documents: mapping, permissions, redaction, chunking, retention. Another digest needs another revision."""
    # What a table does not have is left out, and it keeps the digest that older releases gave it.
    parts: tuple[object, ...] = (
        table.model_dump(mode="json", exclude={"retention"} if table.related else {"retention", "related"}),
        source.redaction_of(table).model_dump(mode="json"),
        source.chunking_of(table).model_dump(mode="json"),
    )
    if table.retention is not None:
        parts = (*parts, table.retention.since, source.retention_days_of(table))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def heartbeat_statement(source: PostgresSource) -> str:
    """Run by Debezium with each heartbeat: a quiet database next to a busy one would otherwise hold back the log for ever."""
    return (
        f"INSERT INTO {names.HEARTBEAT_TABLE} (source, beat_at) VALUES ('{source.name}', now()) "  # noqa: S608 - the name is [a-z0-9_]
        "ON CONFLICT (source) DO UPDATE SET beat_at = excluded.beat_at"
    )


def _pattern(name: str) -> str:
    """The name as a regular expression of Java's; a comma would end it in Debezium's lists."""
    return re.sub(r"([^\w])", r"\\\1", name)


def _columns_pattern(table: Captured) -> str:
    return rf"{_pattern(table.name)}\.({'|'.join(_pattern(column) for column in table.columns)})"
