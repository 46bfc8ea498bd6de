"""The queries of the poller. Builds text only; the caller runs it.

**The newest state wins, without FINAL.** A table may hold several states of a key until ClickHouse merges them. ``LIMIT 1 BY key`` over rows in descending order of
(updated_at, version, part, place in it) keeps the newest one. FINAL would give the same row, but it applies a filter after merging, so that each poll would merge the whole table, and
it hides the rows that a ReplacingMergeTree's own ``is_deleted`` marks. A filter on updated_at alone cannot hide a newer state, since a newer state has a higher updated_at.

**The part's number** (the highest insert that the part holds) orders states of one updated_at where there is no version column: two writes of a row in one second, say.
A later insert always has a higher one, and merging only raises it. Within a part the later row was inserted later, as far as the table's order leaves that to see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.clickhouse.column_types import parse_type
from connectors.clickhouse.columns import MICROSECONDS, NANOSECONDS, Shape, key_literal, key_place, literal, quoted, shown, ticks_of, time_literal
from contracts.sources.clickhouse import ClickHouseTable

FORMAT: Final = "JSONCompactEachRow"
SETTINGS: Final = {
    "date_time_output_format": "iso",
    "output_format_json_quote_64bit_integers": "0",
    "output_format_json_quote_decimals": "1",
    "output_format_json_quote_denormals": "1",
    "output_format_json_named_tuples_as_objects": "1",
    "output_format_json_validate_utf8": "1",
    "output_format_json_escape_forward_slashes": "0",
    "output_format_decimal_trailing_zeros": "1",
    "session_timezone": "UTC",
    "max_bytes_before_external_sort": str(256 * 2**20),
    "max_bytes_before_external_group_by": str(256 * 2**20),
}
"""How a server writes values, and that a large sort goes to its disk instead of failing. Each may be set by a user that is read-only with ``readonly = 2``."""

ORDER_FIELDS: Final = 4
"""What a row begins with: the part's number, updated_at in ticks, the version, whether it is deleted; then the key's place, then the columns."""
_BLOCK: Final = quoted("~block")


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order (updated_at, key). ``key`` as ``key_place`` writes it; None stands after all rows of that time."""

    ticks: int
    key: tuple[str, ...] | None


def shape_of(table: ClickHouseTable) -> str:
    """Engine, then names and types of the columns: ``[["MergeTree", [["id", "UInt64"], …]]]``; no row where there is no such table."""
    where = f"database = {literal(table.schema_name)} AND"
    columns = f"(SELECT groupArray((name, type)) FROM system.columns WHERE {where} table = {literal(table.table_name)})"  # noqa: S608  # literals are quoted
    return f"SELECT engine, {columns} FROM system.tables WHERE {where} name = {literal(table.table_name)}"  # noqa: S608  # as above


def look(shape: Shape) -> str:
    """The server's time in ticks, a number that differs once the table was altered, and one that differs once anything was inserted or mutated: null where the
    engine has no parts.
    """
    now = f"toUnixTimestamp64{'Nano' if shape.ticks_per_second == NANOSECONDS else 'Micro'}(now64(9))"
    where = f"database = {literal(shape.table.schema_name)} AND"
    altered = f"(SELECT toUnixTimestamp(max(metadata_modification_time)) FROM system.tables WHERE {where} name = {literal(shape.table.table_name)})"  # noqa: S608  # literals are quoted
    if not shape.in_parts:
        return f"SELECT {now}, {altered}, NULL"
    parts = (
        f"SELECT partition_id, max(max_block_number) AS inserted, max(data_version) AS mutated FROM system.parts "  # noqa: S608  # as above
        f"WHERE active AND {where} table = {literal(shape.table.table_name)} GROUP BY partition_id ORDER BY partition_id"
    )
    return f"SELECT {now}, {altered}, cityHash64(groupArray((partition_id, inserted, mutated))) FROM ({parts})"  # noqa: S608  # as above


def edge(shape: Shape, low: int | None, after: Position | None, until: int | None, rows: int) -> str:
    """How many rows there are from there, up to ``rows``, and the time of the last of them. Reads no column but those of the order."""
    updated_at = quoted(shape.table.updated_at)
    inner = f"SELECT {updated_at} FROM {_name(shape)} WHERE {_range(shape, low, after, until)} ORDER BY {updated_at} LIMIT {rows}"  # noqa: S608  # identifiers are quoted
    return f"SELECT count(), max({_ticks(shape)}) FROM ({inner})"  # noqa: S608  # as above


def page(shape: Shape, low: int | None, after: Position | None, until: int | None, rows: int) -> str:
    """The newest states of the keys in that range, in order, up to ``rows``."""
    return f"{_states(shape, _range(shape, low, after, until))} ORDER BY {_order(shape)} LIMIT {rows}"


def rows_of_keys(shape: Shape, places: Iterable[Sequence[str]]) -> str:
    """The newest states of these keys."""
    listed = ", ".join(f"({_key_literals(shape, place)})" for place in places)
    return f"{_states(shape, f'({_key(shape)}) IN ({listed})')} ORDER BY {_order(shape)}"


def rows_by_key(shape: Shape, after: Sequence[str] | None, rows: int) -> str:
    """The newest states of the keys behind this one, in the order of the keys, up to so many."""
    where = "1" if after is None else f"({_key(shape)}) > ({_key_literals(shape, after)})"
    return f"{_states(shape, where, first=shape.table.key)} ORDER BY {_key(shape)} LIMIT {rows}"


def some_rows(shape: Shape, rows: int) -> str:
    """The newest states of so many keys that are not marked as deleted, chosen at random."""
    living = f"SELECT {_key(shape)} FROM {_name(shape)} GROUP BY {_key(shape)} HAVING argMax({_deleted(shape.table)}, {_newest(shape)}) = 0"  # noqa: S608  # identifiers are quoted
    chosen = f"SELECT {_key(shape)} FROM ({living}) ORDER BY rand() LIMIT {rows}"  # noqa: S608  # as above
    return f"{_states(shape, f'({_key(shape)}) IN ({chosen})')} ORDER BY {_key(shape)}"


def count_keys(shape: Shape) -> str:
    """About how many keys there are: for people who wait."""
    return f"SELECT uniq({_key(shape)}) FROM {_name(shape)}"  # noqa: S608  # as above


def all_keys(shape: Shape) -> str:
    """For every key (updated_at in ticks, version, whether deleted, the key's place, the key's values) of its newest state."""
    table = shape.table
    newest = _newest(shape)
    places = ", ".join(key_place(column, shape.types[column]) for column in table.key)
    values = ", ".join(shown(column, shape.types[column]) for column in table.key)
    inner = f"SELECT {_key(shape)}, max({newest}) AS `~newest`, argMax({_deleted(table)}, {newest}) AS `~deleted` FROM {_name(shape)} GROUP BY {_key(shape)}"  # noqa: S608  # identifiers are quoted
    return f"SELECT `~newest`.1, `~newest`.2, `~deleted`, {places}, {values} FROM ({inner})"  # noqa: S608  # as above


def _states(shape: Shape, where: str, first: Sequence[str] = ()) -> str:
    """The newest state of each key. ``first`` sorts by these columns: where the table is sorted by them too, as many rows are read as a LIMIT outside takes."""
    table = shape.table
    read = ", ".join(quoted(column) for column in dict.fromkeys((*table.columns, *table.order_columns)))
    newest = [f"{quoted(column)} DESC" for column in (table.updated_at, table.version) if column is not None] + [f"{_BLOCK} DESC"]
    newest += ["_part_offset DESC"] if shape.in_parts else []
    inner = f"SELECT {read}, {_block(shape)} AS {_BLOCK} FROM {_name(shape)} WHERE {where} ORDER BY {', '.join([*map(quoted, first), *newest])} LIMIT 1 BY {_key(shape)}"  # noqa: S608  # identifiers are quoted
    places = [key_place(column, shape.types[column]) for column in table.key]
    values = [shown(column, shape.types[column]) for column in table.columns]
    return f"SELECT {', '.join([_BLOCK, _ticks(shape), _version(shape), _deleted(table), *places, *values])} FROM ({inner})"  # noqa: S608  # as above


def _range(shape: Shape, low: int | None, after: Position | None, until: int | None) -> str:
    updated_at = quoted(shape.table.updated_at)
    lowest = [ticks for ticks in (low, after.ticks if after else None) if ticks is not None]
    bounds = [f"{updated_at} >= {_time(shape, max(lowest))}"] if lowest else []
    if until is not None:
        bounds.append(f"{updated_at} <= {_time(shape, until)}")
    if after is not None and after.key is None:
        bounds.append(f"{updated_at} > {_time(shape, after.ticks)}")
    elif after is not None and after.key is not None:
        bounds.append(f"({_order(shape)}) > ({_time(shape, after.ticks)}, {_key_literals(shape, after.key)})")
    return " AND ".join(bounds) or "1"


def _name(shape: Shape) -> str:
    return f"{quoted(shape.table.schema_name)}.{quoted(shape.table.table_name)}"


def _key(shape: Shape) -> str:
    return ", ".join(quoted(column) for column in shape.table.key)


def _newest(shape: Shape) -> str:
    return f"({_ticks(shape)}, {_version(shape)})"


def _key_literals(shape: Shape, place: Sequence[str]) -> str:
    types = [shape.types[column] for column in shape.table.key]
    return ", ".join(key_literal(one, type_text) for one, type_text in zip(place, types, strict=True))


def _order(shape: Shape) -> str:
    return f"{quoted(shape.table.updated_at)}, {_key(shape)}"


def _time(shape: Shape, ticks: int) -> str:
    return time_literal(ticks, shape.types[shape.table.updated_at], shape.ticks_per_second)


def _ticks(shape: Shape) -> str:
    return ticks_of(shape.table.updated_at, shape.types[shape.table.updated_at], shape.ticks_per_second)


def _version(shape: Shape) -> str:
    column = shape.table.version
    if column is None:
        return "0"
    type_text = shape.types[column]
    if not parse_type(type_text).name.startswith("DateTime"):
        return quoted(column)
    digits = int(parse_type(type_text).arguments[0]) if parse_type(type_text).name == "DateTime64" else 0
    return ticks_of(column, type_text, NANOSECONDS if digits > 6 else MICROSECONDS)


def _deleted(table: ClickHouseTable) -> str:
    return "0" if table.is_deleted is None else f"toUInt8(ifNull({quoted(table.is_deleted)}, 0) != 0)"


def _block(shape: Shape) -> str:
    """``all_3_17_2`` holds the inserts 3 to 17."""
    return "toUInt64OrZero(extract(_part, '^[^_]+_[0-9]+_([0-9]+)_'))" if shape.in_parts else "toUInt64(0)"
