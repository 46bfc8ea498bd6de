"""Reads what there is: catalogs of the database, the connector, the topics. Changes nothing."""

from __future__ import annotations

from typing import Any, Final

from connectors.debezium import names
from connectors.debezium.connect_api import ConnectApi
from connectors.debezium.database import Connection, connected
from connectors.debezium.observed import Observed, ObservedDatabase, ObservedTable, Publication, Role, Slot
from connectors.debezium.topics import existing_topics
from contracts.settings import ConnectSettings, KafkaSettings
from contracts.sources import PostgresSource

_TABLE: Final = """
SELECT c.relreplident, c.relkind, has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'), pg_has_role(c.relowner, 'USAGE'),
  ARRAY(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END), c.oid
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(format('%%I.%%I', %s::text, %s::text))
"""
_COLUMNS: Final = """
WITH RECURSIVE base(name, typid, typmod) AS (
  SELECT attname::text, atttypid, atttypmod FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT b.name, t.typbasetype, t.typtypmod FROM base b JOIN pg_type t ON t.oid = b.typid WHERE t.typtype = 'd')
SELECT b.name, CASE WHEN t.typtype = 'e' THEN 'enum' WHEN e.typtype = 'e' THEN 'enum[]' ELSE format_type(b.typid, b.typmod) END
FROM base b JOIN pg_type t ON t.oid = b.typid LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' WHERE t.typtype <> 'd'
"""
_UNIQUE: Final = """
SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = %s AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL GROUP BY i.indexrelid HAVING bool_and(a.attnotnull)
"""
_INDEXES: Final = """
SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
WHERE i.indrelid = %s AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL GROUP BY i.indexrelid
"""
_ROLE: Final = """
SELECT rolname, rolsuper, rolreplication OR EXISTS (SELECT FROM pg_roles g WHERE g.rolname = 'rds_replication' AND pg_has_role(r.oid, g.oid, 'USAGE')),
  has_database_privilege(current_database(), 'CREATE') FROM pg_roles r WHERE rolname = current_user
"""
_SLOT: Final = """
SELECT plugin, database, active, coalesce(wal_status, ''), coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::bigint, active_pid
FROM pg_replication_slots WHERE slot_name = %s
"""
_PUBLICATION: Final = """
SELECT puballtables, ARRAY_REMOVE(ARRAY[CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
  CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END], NULL), pg_has_role(pubowner, 'USAGE'),
  ARRAY(SELECT schemaname || '.' || tablename FROM pg_publication_tables t WHERE t.pubname = p.pubname) FROM pg_publication p WHERE pubname = %s
"""
_FREE_SLOTS: Final = "SELECT current_setting('max_replication_slots')::int - count(*) FROM pg_replication_slots"
_TABLE_NAMES: Final = (
    "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'headrace') ORDER BY 1 LIMIT 5000"
)
_LOADS: Final = "SELECT id FROM headrace.signal WHERE starts_with(id, %s)"


def observe(source: PostgresSource, connect: ConnectSettings, kafka: KafkaSettings) -> Observed:
    """Raises a ConnectorError when the database, Kafka Connect or Kafka is out of reach."""
    with connected(source) as connection:
        database = observe_database(source, connection)
    with ConnectApi(connect) as api:
        name = names.connector_name(source)
        config = api.config(name)
        status = None if config is None else api.status(name)
        plugins = api.plugin_classes()
    return Observed(database, config, status, plugins, existing_topics(kafka))


def observe_database(source: PostgresSource, connection: Connection) -> ObservedDatabase:
    role = _one(connection, _ROLE)
    own = frozenset(name for name in (names.HEARTBEAT_TABLE, names.SIGNAL_TABLE) if _one(connection, "SELECT to_regclass(%s)", name)[0] is not None)
    tables = {table.name: found for table in source.captured if (found := _table(connection, table.schema_name, table.table_name)) is not None}
    return ObservedDatabase(
        wal_level=_one(connection, "SHOW wal_level")[0],
        free_slots=_one(connection, _FREE_SLOTS)[0],
        role=Role(*role),
        tables=tables,
        table_names=tuple(name for (name,) in connection.execute(_TABLE_NAMES)),
        own_tables=own,
        publication=observe_publication(source, connection),
        slot=observe_slot(source, connection),
        loads=frozenset(name for (name,) in connection.execute(_LOADS, (names.load_prefix(source),))) if names.SIGNAL_TABLE in own else frozenset(),
    )


def observe_slot(source: PostgresSource, connection: Connection) -> Slot | None:
    found = connection.execute(_SLOT, (names.slot_name(source),)).fetchone()
    return None if found is None else Slot(*found)


def observe_publication(source: PostgresSource, connection: Connection) -> Publication | None:
    found = connection.execute(_PUBLICATION, (names.publication_name(source),)).fetchone()
    if found is None:
        return None
    all_tables, publishes, owned, tables = found
    return Publication(frozenset(tables), all_tables, frozenset(publishes), owned)


def _table(connection: Connection, schema: str, table: str) -> ObservedTable | None:
    found = connection.execute(_TABLE, (schema, table)).fetchone()
    if found is None:
        return None
    identity, kind, selectable, owned, identity_columns, oid = found
    columns: dict[str, str] = dict(connection.execute(_COLUMNS, (oid,)).fetchall())
    return ObservedTable(
        name=f"{schema}.{table}",
        columns=columns,
        identity=identity,
        identity_columns=frozenset(columns if identity == "f" else identity_columns),
        unique_keys=tuple(frozenset(key) for (key,) in connection.execute(_UNIQUE, (oid,))),
        indexes=tuple(tuple(columns) for (columns,) in connection.execute(_INDEXES, (oid,))),
        selectable=selectable,
        owned=owned,
        kind=kind,
    )


def _one(connection: Connection, statement: str, *parameters: object) -> tuple[Any, ...]:
    found = connection.execute(statement.encode(), parameters or None).fetchone()
    if found is None:
        raise LookupError(statement)
    return found
