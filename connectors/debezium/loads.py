"""How far the incremental snapshots of a source are, and pausing, resuming and stopping them. Debezium keeps where it is in the connector's offsets; a restart goes on there.

Rows are not counted, which would read the table once more: the planner tells how many lie below the last key that was read, from the statistics of the last ANALYZE.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from javaobj.v1.core import loads as deserialised
from psycopg import sql

from connectors.debezium import names
from connectors.debezium.connect_api import ConnectApi
from connectors.debezium.database import Connection, connected
from connectors.debezium.snapshots import send_control
from contracts.settings import ConnectSettings
from contracts.sources import PostgresSource, Table

_PREFIX: Final = "incremental_snapshot_"
_COLLECTION: Final = f"{_PREFIX}collections_"
Key = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """A table that is being read, or waits for it. ``done`` and ``total`` are estimates; None where nobody can tell: no statistics, a filter, a key of another kind."""

    table: str
    signal_id: str
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """What the offsets say: (table, signal, whether all its rows are read) in the order of their turn, and the last key that was read of the first."""

    waiting: tuple[tuple[str, str, bool], ...] = ()
    last_key: Key | None = None


def position_in(offset: Mapping[str, Any]) -> Position:
    """From a connector's offset. Pure."""
    try:
        found = json.loads(offset.get(f"{_PREFIX}collections") or "[]")
    except json.JSONDecodeError:
        return Position()
    waiting = tuple(
        (str(one[f"{_COLLECTION}id"]), str(one.get(f"{_COLLECTION}correlation_id") or ""), one.get(f"{_COLLECTION}additional_condition") is None)
        for one in found
    )
    return Position(waiting, key_in(offset.get(f"{_PREFIX}primary_key") or ""))


def key_in(text: str) -> Key | None:
    """Debezium writes a key as Java serialises an array, in hexadecimal digits. None for parts that are neither whole numbers nor texts."""
    try:
        parts: Sequence[object] = deserialised(bytes.fromhex(text)) if text else ()  # type: ignore[no-untyped-call]  # the library has no types
    except (ValueError, OSError, RuntimeError):  # as javaobj names what it cannot read
        return None
    found: list[int | str] = []
    for part in parts:
        value = str(part) if isinstance(part, str) else getattr(part, "value", None)
        if not isinstance(value, int | str):
            return None
        found.append(value)
    return tuple(found) or None


def loads_of(source: PostgresSource, api: ConnectApi, connection: Connection) -> tuple[Load, ...]:
    """The loads under way, in the order of their turn. Raises a ConnectorError."""
    position = position_in(api.offset(names.connector_name(source)))
    loads: list[Load] = []
    for turn, (name, signal_id, whole) in enumerate(position.waiting):
        table = next((table for table in source.tables if table.name == name), None)
        if table is None or not whole:
            loads.append(Load(name, signal_id))
            continue
        total = _rows(connection, table)
        loads.append(Load(name, signal_id, 0 if turn else _rows_up_to(connection, table, position.last_key, total), total))
    return tuple(loads)


def control_loads(source: PostgresSource, connect: ConnectSettings, action: Literal["pause", "resume", "stop"]) -> tuple[Load, ...]:
    """Has Debezium do it to all loads of the source; returns them. A stopped one is forgotten, so that the next 'apply' begins it anew. Raises a ConnectorError."""
    with connected(source) as connection, ConnectApi(connect) as api:
        loads = loads_of(source, api, connection)
        if loads:
            send_control(connection, source, action, [load.table for load in loads])
        if action == "stop":
            connection.execute("DELETE FROM headrace.signal WHERE id = ANY(%s)", ([load.signal_id for load in loads],))
    return loads


def _rows(connection: Connection, table: Table) -> int | None:
    found = connection.execute(
        "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(format('%%I.%%I', %s::text, %s::text))", (table.schema_name, table.table_name)
    ).fetchone()
    return int(found[0]) if found and found[0] >= 0 else None  # -1: never analysed


def _rows_up_to(connection: Connection, table: Table, last: Key | None, total: int | None) -> int | None:
    if total is None or last is None or len(last) != len(table.key):
        return None
    columns = sql.SQL(", ").join(map(sql.Identifier, table.key))
    values = sql.SQL(", ").join(sql.Literal(str(part)) for part in last)  # a literal without a type takes the column's
    name = sql.Identifier(table.schema_name, table.table_name)
    asked = sql.SQL("EXPLAIN (FORMAT JSON) SELECT FROM {} WHERE ({}) <= ({})").format(name, columns, values)
    found = connection.execute(asked).fetchone()
    plans = cast("Sequence[Mapping[str, Any]]", found[0] if found else [])
    return min(total, int(plans[0]["Plan"]["Plan Rows"])) if plans else None
