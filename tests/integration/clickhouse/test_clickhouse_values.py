"""Every type as ClickHouse's own engine writes it, in the canonical form that the mapping reads."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from connectors.clickhouse import statements
from connectors.clickhouse.database import Database
from connectors.clickhouse.errors import UnfitColumnError
from connectors.clickhouse.records import Envelopes
from connectors.clickhouse.rows import RowReader
from connectors.clickhouse.session import inspect
from contracts.envelope import Envelope, decode_envelope
from contracts.rows.values import metadata_of
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseSource, ClickHouseTable
from streams.mapping.row import RowReader as MappedRow

pytestmark = pytest.mark.timeout(120)
Databases = Callable[[ClickHouseTable], Database]

VALUES: list[tuple[str, str, object, str]] = [
    ("Bool", "true", True, "true"),
    ("Int8", "-5", -5, "-5"),
    ("UInt64", "18446744073709551615", 2**64 - 1, "18446744073709551615"),
    ("Int128", "toInt128('-170141183460469231731687303715884105728')", "-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728"),
    ("Array(UInt256)", "[1, 2]", ["1", "2"], "1, 2"),
    ("Float64", "0.1", 0.1, "0.1"),
    ("Float64", "nan", "NaN", "NaN"),
    ("Float32", "-inf", "-Infinity", "-Infinity"),
    ("Array(Float64)", "[1.5, inf]", [1.5, "Infinity"], "1.5, Infinity"),
    ("Decimal(18, 2)", "toDecimal64('9.9', 2)", "9.90", "9.90"),
    (
        "Decimal(76, 10)",
        "toDecimal256('123456789012345678901234567890.5', 10)",
        "123456789012345678901234567890.5000000000",
        "123456789012345678901234567890.5000000000",
    ),
    ("String", "'it\\'s \\\\ ünï'", "it's \\ ünï", "it's \\ ünï"),
    ("String", "unhex('61FF62')", "a\ufffdb", "a\ufffdb"),
    ("FixedString(2)", "'ab'", "ab", "ab"),
    ("LowCardinality(String)", "'low'", "low", "low"),
    ("LowCardinality(Nullable(String))", "NULL", None, ""),
    ("Nullable(Int32)", "NULL", None, ""),
    ("Nullable(Int32)", "7", 7, "7"),
    ("UUID", "'61f0c404-5cb3-11e7-907b-a6006ad3dba0'", "61f0c404-5cb3-11e7-907b-a6006ad3dba0", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
    ("Enum8('a' = 1, 'it\\'s, (odd)' = 2)", "'it\\'s, (odd)'", "it's, (odd)", "it's, (odd)"),
    ("Date", "'2024-07-01'", "2024-07-01Z", "2024-07-01"),
    ("Nullable(Date32)", "'1950-01-02'", "1950-01-02Z", "1950-01-02"),
    ("Array(Date)", "['2024-07-01']", ["2024-07-01Z"], "2024-07-01"),
    ("DateTime('Europe/Berlin')", "toDateTime('2024-07-01 12:00:00', 'Europe/Berlin')", "2024-07-01T10:00:00Z", "2024-07-01T10:00:00Z"),
    ("DateTime64(3)", "toDateTime64('2024-07-01 12:00:00.123', 3, 'UTC')", "2024-07-01T12:00:00.123Z", "2024-07-01T12:00:00.123Z"),
    ("DateTime64(9, 'UTC')", "'2024-07-01 12:00:00.123456789'", "2024-07-01T12:00:00.123456789Z", "2024-07-01T12:00:00.123456789Z"),
    ("Array(Nullable(String))", "['a', NULL]", ["a", None], "a, "),
    ("Array(Array(Int64))", "[[1, 2], []]", [[1, 2], []], "1, 2, "),
    ("Map(String, Decimal(10, 2))", "map('k', toDecimal64(1.5, 2))", {"k": "1.50"}, '{"k":"1.50"}'),
    ("Map(String, Date)", "map('d', toDate('2024-07-01'))", {"d": "2024-07-01Z"}, '{"d":"2024-07-01Z"}'),
    ("Tuple(String, Date)", "('x', '2024-07-01')", ["x", "2024-07-01Z"], "x, 2024-07-01"),
    ("Tuple(name String, since Nullable(Date))", "('x', '2024-07-01')", {"name": "x", "since": "2024-07-01Z"}, '{"name":"x","since":"2024-07-01Z"}'),
    (
        "JSON",
        '\'{"a": 1, "b": {"c": "x"}, "n": 9007199254740993}\'',
        {"a": 1, "b": {"c": "x"}, "n": 9007199254740993},
        '{"a":1,"b":{"c":"x"},"n":9007199254740993}',
    ),
    ("IPv4", "'1.2.3.4'", "1.2.3.4", "1.2.3.4"),
    ("IPv6", "'::1'", "::1", "::1"),
    ("Variant(String, Int64)", "42::Int64", 42, "42"),
    ("Dynamic", "'text'", "text", "text"),
    ("SimpleAggregateFunction(anyLast, Date)", "'2024-07-01'", "2024-07-01Z", "2024-07-01"),
]


def declared(name: str, **changed: object) -> ClickHouseTable:
    return ClickHouseTable.model_validate({"name": f"app.{name}", "key": "id", "body": "{value}", "tenant": "acme", "updated_at": "updated_at", **changed})


@pytest.mark.parametrize(("type_text", "sql", "canonical", "text"), VALUES, ids=[f"{one[0]} {one[1][:20]}" for one in VALUES])
async def test_a_value(client: Client, database: Databases, type_text: str, sql: str, canonical: object, text: str) -> None:
    client.command("DROP TABLE IF EXISTS app.val")
    client.command(f"CREATE TABLE app.val (id UInt8, value {type_text}, updated_at DateTime64(3) DEFAULT now64(3)) ENGINE = MergeTree ORDER BY id")
    client.command(f"INSERT INTO app.val (id, value) SELECT 1, {sql}")
    table = declared("val")
    read = database(table)
    await read.open()
    shape = await inspect(read, table, "default")
    (row,), whole = await read.page(statements.page(shape, 0, None, None, 10), RowReader(shape).read, 10**6)
    assert whole
    assert row.values["value"] == canonical
    source = ClickHouseSource(name="ch", connection=ClickHouseConnection(host="h"), tables=(table,))
    record = Envelopes(source, table).of_row(row, "live")
    envelope = decode_envelope(record.key, record.value)
    assert isinstance(envelope, Envelope)
    mapped = MappedRow(table.name, envelope.after or {})
    assert mapped.text("value") == text
    assert metadata_of(mapped.value("value")) is not None or canonical is None


KEYS = [
    "String",
    "FixedString(3)",
    "LowCardinality(String)",
    "UUID",
    "Date",
    "Enum8('a' = 1, 'b' = 2, 'c' = 3)",
    "Int8",
    "UInt64",
    "Int128",
    "IPv4",
    "IPv6",
    "Bool",
]


@pytest.mark.parametrize("type_text", KEYS)
async def test_ties_are_paged_by_a_key_of_any_type(client: Client, database: Databases, type_text: str) -> None:
    client.command("DROP TABLE IF EXISTS app.paged")
    client.command(
        f"CREATE TABLE app.paged (id {type_text}, value String, updated_at DateTime) ENGINE = MergeTree ORDER BY id SETTINGS allow_suspicious_indices = 1"
    )
    client.command(_rows(type_text))
    total = len(client.query("SELECT DISTINCT id FROM app.paged").result_rows)
    table = declared("paged")
    read = database(table)
    await read.open()
    shape = await inspect(read, table, "default")
    after: statements.Position | None = None
    found: list[bytes] = []
    for _ in range(total + 1):
        rows, _whole = await read.page(statements.page(shape, 0, after, None, 2), RowReader(shape).read, 10**6)
        if not rows:
            break
        found += [orjson.dumps(row.key) for row in rows]
        after = rows[-1].position
        again, _whole = await read.page(statements.rows_of_keys(shape, [after.key or ()]), RowReader(shape).read, 10**6)
        assert [row.key for row in again] == [rows[-1].key]
    assert len(found) == len(set(found)) == total


def _rows(type_text: str) -> str:
    """About ten keys that differ."""
    name = type_text.partition("(")[0]
    value = {
        "UUID": "toUUID(concat('00000000-0000-0000-0000-0000000000', lower(hex(toUInt8(number)))))",
        "Date": "toDate('2024-01-01') + number",
        "Enum8": "['a', 'b', 'c'][number % 3 + 1]",
        "IPv4": "toIPv4(concat('10.0.0.', toString(number)))",
        "IPv6": "toIPv6(concat('::', toString(number)))",
        "Bool": "number % 2",
        "Int8": "number - 5",
        "UInt64": "18446744073709551615 - number",
        "Int128": "toInt128(number) - toInt128('170141183460469231731687303715884105720')",
        "FixedString": "substring(concat(char(39 + number), '\\\\x'), 1, 3)",
    }.get(name, "concat(char(39 + number), '\\\\', char(247))")
    return f"INSERT INTO app.paged SELECT {value}, 'v', toDateTime('2024-01-01 00:00:00') FROM numbers(10)"  # noqa: S608  # values of this file's own


async def test_columns_that_cannot_order_or_identify_are_refused_with_their_cure(client: Client, database: Databases) -> None:
    client.command("DROP TABLE IF EXISTS app.unfit")
    columns = "id Nullable(UInt8), f Float64, value String, updated_at Nullable(DateTime), text String, at DateTime, s AggregateFunction(sum, UInt8)"
    client.command(f"CREATE TABLE app.unfit ({columns}) ENGINE = MergeTree ORDER BY tuple()")
    for changed, said in (
        ({}, "updated_at of app.unfit is the column updated_at, which is Nullable"),
        ({"updated_at": "at"}, "the key column id"),
        ({"updated_at": "at", "key": "f"}, "the key column f"),
        ({"updated_at": "at", "key": "value", "version": "text"}, "version of app.unfit"),
        ({"updated_at": "at", "key": "value", "title": "s"}, "states of an aggregation"),
    ):
        table = declared("unfit", **changed)
        read = database(table)
        await read.open()
        with pytest.raises(UnfitColumnError, match=said):
            await inspect(read, table, "default")
