"""Incremental snapshots, asked for by a row in the signal table: Debezium reads the rows in chunks while live changes go on."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from psycopg import sql

from connectors.debezium.database import Connection, connected
from connectors.debezium.errors import ConnectorError
from contracts.sources import PostgresSource, Table

MAX_KEYS = 1_000
"""Keys in one signal: a filter is one SQL expression."""


def request_snapshot(source: PostgresSource, table_name: str, keys: Sequence[tuple[str, ...]] | None = None, connection: Connection | None = None) -> list[str]:
    """Has the rows of a declared table read again: all of them, or those with the keys (parts in the order of ``key``, as text).

    Returns the signals' ids. The rows arrive on the table's backfill topic; a key that is gone from the table yields nothing.
    """
    table = declared_table(source, table_name)
    if connection is None:
        with connected(source) as own:
            return request_snapshot(source, table_name, keys, own)
    if keys is None:
        return [send_signal(connection, f"snapshot {source.name} {table.name} {uuid.uuid4()}", table, None)]
    chunks = [keys[start : start + MAX_KEYS] for start in range(0, len(keys), MAX_KEYS)]
    return [send_signal(connection, f"snapshot {source.name} {table.name} {uuid.uuid4()}", table, key_filter(table, chunk)) for chunk in chunks]


def request_filtered_snapshot(source: PostgresSource, table_name: str, conditions: Sequence[tuple[str, str]], connection: Connection) -> str:
    """As request_snapshot, for the rows whose columns have these values, given as text."""
    table = declared_table(source, table_name)
    for column, _ in conditions:
        if column not in table.columns:  # Debezium would run the filter as it is, and stop at a column that is not there
            raise ConnectorError(f"{table_name} maps no column {column}.", f"Mapped are: {', '.join(table.columns)}.")
    parts = [sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(value)) for column, value in conditions]
    text = sql.SQL(" AND ").join(parts).as_string(connection)
    return send_signal(connection, f"snapshot {source.name} {table.name} {uuid.uuid4()}", table, text)


def send_control(connection: Connection, source: PostgresSource, action: str, tables: Sequence[str]) -> None:
    """``pause``, ``resume`` or ``stop`` of the snapshots under way."""
    data = json.dumps({"type": "incremental"} | ({"data-collections": list(tables)} if action == "stop" else {}))
    signal_id = f"{action} {source.name} {uuid.uuid4()}"
    connection.execute("INSERT INTO headrace.signal (id, type, data) VALUES (%s, %s, %s)", (signal_id, f"{action}-snapshot", data))
    connection.execute("DELETE FROM headrace.signal WHERE id = %s", (signal_id,))  # Debezium has it from the log, where the insert stays


def declared_table(source: PostgresSource, table_name: str) -> Table:
    try:
        return source.table(table_name)
    except KeyError:
        declared = ", ".join(table.name for table in source.tables)
        raise ConnectorError(f"Source {source.name} declares no table {table_name}.", f"Declared are: {declared}.") from None


def key_filter(table: Table, keys: Sequence[tuple[str, ...]]) -> str:
    """``("tenant", "id") IN (('acme', '42'), …)``: literals without a type take the column's."""
    columns = sql.SQL(", ").join(sql.Identifier(column) for column in table.key)
    rows = sql.SQL(", ").join(sql.SQL("({})").format(sql.SQL(", ").join(sql.Literal(part) for part in key)) for key in keys)
    return sql.SQL("({}) IN ({})").format(columns, rows).as_string(None)


def send_signal(connection: Connection, signal_id: str, table: Table, where: str | None) -> str:
    """Debezium takes a signal from the insert of its row, so a row of the same id is removed first."""
    data: dict[str, object] = {"type": "incremental", "data-collections": [table.name]}
    if where is not None:
        data["additional-conditions"] = [{"data-collection": table.name, "filter": where}]
    with connection.transaction():
        connection.execute("DELETE FROM headrace.signal WHERE id = %s", (signal_id,))
        connection.execute("INSERT INTO headrace.signal (id, type, data) VALUES (%s, 'execute-snapshot', %s)", (signal_id, json.dumps(data)))
    return signal_id
