"""What must be so before a connector can run right, and what deserves a look. Pure: declared against observed, each finding with its exact cure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from connectors.debezium import names
from connectors.debezium.findings import Finding, bare, is_exact, near
from connectors.debezium.observed import Observed, ObservedTable
from connectors.debezium.related_checks import related_problems, related_warnings
from connectors.debezium.spec import POLICY_KEY, REVISION_KEY, ConnectorSpec
from contracts.sources import Table, parse_column_or_template
from contracts.topics import JSON_BYTES_PER_CHAR, MAX_SOURCE_RECORD_BYTES, MAX_TEXT_BYTES

_ROUTER: Final = "io.debezium.transforms.ContentBasedRouter"
_DEBEZIUM: Final = "io.debezium.connector.postgresql.PostgresConnector"
_TIMES: Final = frozenset({"date", "timestamp without time zone", "timestamp with time zone"})
_UNBOUNDED: Final = frozenset({"text", "character varying", "citext", "json", "jsonb", "bytea"})


def problems_of(spec: ConnectorSpec, observed: Observed) -> Iterator[Finding]:
    yield from _server(spec, observed)
    yield from _role(spec, observed)
    for captured in spec.source.captured:
        found = observed.database.tables.get(captured.name)
        if found is None:
            cure = near(captured.name, observed.database.table_names, "Create it, or correct its name in sources.yaml")
            yield Finding(captured.name, "there is no such table in the database, or its schema is closed to this user", cure)
        elif captured.related:
            yield from _access(captured.name, found, spec.source.connection.user)
        else:
            yield from _table(spec.source.table(captured.name), found, spec.source.connection.user)
    yield from related_problems(spec, observed)


def warnings_of(spec: ConnectorSpec, observed: Observed) -> Iterator[Finding]:
    yield from _policy(spec, observed)
    for table in spec.source.tables:
        if (found := observed.database.tables.get(table.name)) is not None and not table.related:
            yield from _size(table, found)
    yield from related_warnings(spec, observed)
    slot, status = observed.database.slot, observed.status
    if slot is not None and slot.wal_status == "unreserved":
        yield Finding(
            names.slot_name(spec.source), "the log it needs will soon be removed", "Raise max_slot_wal_keep_size, or find why the connector is behind."
        )
    if status is not None and status.failure is not None:
        yield Finding(spec.name, f"its task has failed: {status.failure}", "Mend what it names; 'headrace connectors apply' restarts it.")
    if status is not None and status.state in {"PAUSED", "STOPPED"}:
        yield Finding(spec.name, f"it is {status.state.lower()}", "'headrace connectors resume' lets it go on.")
    if observed.database.publication is not None:
        declared = {table.name for table in spec.source.captured}
        for name in sorted(observed.database.publication.tables - declared - {names.HEARTBEAT_TABLE, names.SIGNAL_TABLE}):
            yield Finding(
                name,
                "it is no longer declared: its changes end, and documents that were made of its rows stay in the index",
                "'headrace verify --repair' removes them.",
            )


def _server(spec: ConnectorSpec, observed: Observed) -> Iterator[Finding]:
    database = observed.database
    if database.wal_level != "logical":
        cure = "As superuser: ALTER SYSTEM SET wal_level = 'logical'; then restart the server (a setting on its start line wins over ALTER SYSTEM)."
        yield Finding("wal_level", f"it is {database.wal_level}, and changes are only in the log when it is logical", cure)
    slot = names.slot_name(spec.source)
    if database.slot is None and database.free_slots <= 0:
        yield Finding(slot, "the server has no replication slot left", "Raise max_replication_slots and restart the server, or drop a slot that nobody uses.")
    if database.slot is not None and (database.slot.plugin != "pgoutput" or database.slot.database != spec.source.connection.database):
        yield Finding(slot, f"a slot of this name belongs to {database.slot.plugin} on {database.slot.database}", "Drop it, or rename the source.")
    if database.slot is not None and database.slot.wal_status == "lost":
        cure = "'headrace connectors delete', then 'apply': it reads the tables again. To prevent it raise max_slot_wal_keep_size."
        yield Finding(slot, "the server has removed log that the slot still needed, so changes are lost", cure)
    for plugin in (_DEBEZIUM, _ROUTER):
        if plugin not in observed.plugins:
            cure = "Add debezium-connector-postgres, debezium-scripting, groovy and groovy-jsr223 to the worker's plugin.path and restart it."
            yield Finding("Kafka Connect", f"its plugin {plugin} is missing", cure)
    if database.publication is not None and database.publication.all_tables:
        name = names.publication_name(spec.source)
        yield Finding(name, "the publication is FOR ALL TABLES", f"DROP PUBLICATION {name}; 'apply' makes one of the declared tables.")


def _role(spec: ConnectorSpec, observed: Observed) -> Iterator[Finding]:
    database, role = observed.database, observed.database.role
    if role.superuser:
        return
    if not role.replication:
        yield Finding(role.name, "the user may not replicate", f"As superuser: ALTER ROLE {role.name} REPLICATION;")
    if not role.may_create and (len(database.own_tables) < 2 or database.publication is None):
        cure = f"As its owner: GRANT CREATE ON DATABASE {spec.source.connection.database} TO {role.name};"
        yield Finding(role.name, "the user may not create the publication and the schema headrace", cure)
    if database.publication is not None and not database.publication.owned:
        name = names.publication_name(spec.source)
        yield Finding(name, "the publication belongs to another role", f"As superuser: ALTER PUBLICATION {name} OWNER TO {role.name};")


def _table(table: Table, found: ObservedTable, user: str) -> Iterator[Finding]:
    yield from _access(table.name, found, user)
    if found.kind != "r":
        return
    missing = [column for column in table.columns if column not in found.columns]
    for column in missing:
        yield Finding(f"{table.name}.{column}", "there is no such column", near(column, (*table.related, *found.columns), "Correct its name in sources.yaml"))
    for column in table.columns:
        if column in found.columns and not is_exact(found.columns[column]):
            cure = f"Map a text column instead: ALTER TABLE {table.name} ADD COLUMN … text GENERATED ALWAYS AS (…) STORED;"
            yield Finding(f"{table.name}.{column}", f"Debezium has no exact form for type {found.columns[column]}", cure)
    if table.retention is not None and (since := found.columns.get(table.retention.since)) is not None and bare(since) not in _TIMES:
        cure = "Name a date or timestamp column as 'since'."
        yield Finding(f"{table.name}.{table.retention.since}", f"its retention counts from this column, which is {since}", cure)
    if not missing:
        yield from _identity(table, found)


def _access(name: str, found: ObservedTable, user: str) -> Iterator[Finding]:
    if found.kind != "r":
        yield Finding(name, "it is no ordinary table", "Declare the tables themselves: a view has no changes, a partitioned table's are its partitions'.")
        return
    if not found.selectable:
        cure = f"GRANT USAGE ON SCHEMA {name.partition('.')[0]} TO {user}; GRANT SELECT ON {name} TO {user};"
        yield Finding(name, f"user {user} may not read it", cure)
    if not found.owned:
        cure = f"As superuser: GRANT <owner of {name}> TO {user}; only a table's owner may put it into a publication."
        yield Finding(name, f"user {user} does not own it", cure)


def _size(table: Table, found: ObservedTable) -> Iterator[Finding]:
    """Each long column is cut where its text alone is refused; two of that size, twice in an update's record, are more than a topic takes."""
    long = [column for column in parse_column_or_template(table.body).columns if found.columns.get(column, "").removesuffix("[]") in _UNBOUNDED]
    if len(long) < 2 or 2 * JSON_BYTES_PER_CHAR * (MAX_TEXT_BYTES + 1) * len(long) <= MAX_SOURCE_RECORD_BYTES:
        return
    total = " + ".join(f"length({column}::text)" for column in long)
    cure = f"Where that can happen: ALTER TABLE {table.name} ADD CHECK ({total} <= {MAX_TEXT_BYTES}), or declare one of them as the body."
    message = f"its body is made of {', '.join(long)}, which may each hold any length: a row with all of them very large would stop the connector"
    yield Finding(table.name, message, cure)


def _identity(table: Table, found: ObservedTable) -> Iterator[Finding]:
    if frozenset(table.key) not in found.unique_keys:
        shown = ", ".join(table.key)
        cure = f"Declare the primary key, or: ALTER TABLE {table.name} ADD UNIQUE ({shown}); its columns NOT NULL."
        yield Finding(table.name, f"no unique index over columns that are never null has exactly the key ({shown})", cure)
    absent = [column for column in table.identity_columns if column not in found.identity_columns]
    if absent:
        cure = f"ALTER TABLE {table.name} REPLICA IDENTITY FULL; or USING INDEX of a unique index over ({', '.join(table.identity_columns)})."
        message = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not in the replica identity: a delete would not show whose document it deletes"
        yield Finding(table.name, message, cure)


def _policy(spec: ConnectorSpec, observed: Observed) -> Iterator[Finding]:
    running = observed.config or {}
    try:
        before = json.loads(running.get(POLICY_KEY, "{}"))
    except json.JSONDecodeError:
        before = {}
    after = json.loads(spec.config()[POLICY_KEY])
    changed = [name for name, digest in after.items() if before.get(name, digest) != digest]
    if changed and running.get(REVISION_KEY) == str(spec.source.revision):
        cure = f"Set revision: {spec.source.revision + 1} in sources.yaml: 'apply' then reads the tables again under the new policy."
        yield Finding(
            ", ".join(changed), "mapping, permissions, redaction, chunking or retention changed without a new revision: only rows that change will follow", cure
        )
