"""What sources.yaml may say of a ClickHouse source, and how a mistake is told."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from contracts.events import ChunkPolicy
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseSource, ClickHouseTable
from streams.mapping.table import TableMapping

TABLE = {"name": "shop.reviews", "key": ["tenant", "id"], "body": "text", "tenant": "{tenant}", "updated_at": "updated_at"}
SOURCE = {"name": "shop", "type": "clickhouse", "connection": {"host": "ch.internal", "password": "env:CH"}, "tables": [TABLE]}


def test_the_least_that_is_needed() -> None:
    source = ClickHouseSource.model_validate(SOURCE)
    (table,) = source.tables
    assert source.connection.address == "http://ch.internal:8123"
    assert source.scope_of(table) == "shop:shop.reviews/"
    assert source.table("shop.reviews") is table
    assert source.chunking_of(table) == ChunkPolicy()
    assert table.columns == ("tenant", "id", "text")
    assert table.order_columns == ("updated_at",)
    assert source == ClickHouseSource.model_validate_json(source.model_dump_json())


def test_the_mapping_takes_it_as_it_takes_a_postgres_source() -> None:
    source = ClickHouseSource.model_validate(SOURCE)
    assert TableMapping(source, source.tables[0]).scope == "shop:shop.reviews/"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"key": "id"}, r"the tenant comes from tenant, which is not in the key.*write key: \[tenant, id\]"),
        ({"updated_at": "id", "tenant": "acme"}, "'updated_at' changes with each state"),
        ({"version": "updated_at"}, "leave 'version' out"),
        ({"related": {"x": {"table": "shop.notes", "on": {"id": "id"}, "text": "{said}"}}}, "'related' is for Postgres"),
        ({"is_deleted": "id", "tenant": "acme"}, "'is_deleted' must be a column of its own"),
        ({"name": "reviews"}, "should match pattern"),
        ({"name": "shop.odd name"}, "should match pattern"),
        ({"poll_second": 1}, "Extra inputs"),
        ({"compare_keys_seconds": 0}, "greater than or equal to 1"),
    ],
)
def test_a_table_that_cannot_be(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ClickHouseTable.model_validate({**TABLE, **changed})
    assert re.search(said, str(raised.value), re.DOTALL)


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ({}, "give either 'host'"),
        ({"host": "a", "url": "http://a"}, "give either 'host'"),
        ({"url": "http://me:made-up@a:8123"}, "give them as 'user' and 'password'"),
        ({"url": "tcp://a:9000"}, "'url' is http://host:8123"),
        ({"url": "chdb://data"}, "chdb:///absolute/path"),
        ({"url": "https://a", "port": 8443}, "are part of 'url'"),
        ({"host": "a", "password": "made-up"}, "a secret is given by reference"),
    ],
)
def test_a_connection_that_cannot_be(connection: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ClickHouseConnection.model_validate(connection)
    assert said in str(raised.value)


def test_addresses() -> None:
    assert ClickHouseConnection(host="a", secure=True).address == "https://a:8443"
    assert ClickHouseConnection(url="https://a:1").address == "https://a:1"
    assert ClickHouseConnection(url="chdb:///data").embedded


def test_two_tables_of_one_name() -> None:
    with pytest.raises(ValidationError, match=r"declared twice: shop\.reviews"):
        ClickHouseSource.model_validate({**SOURCE, "tables": [TABLE, TABLE]})
