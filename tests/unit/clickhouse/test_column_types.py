"""The text of a type as ClickHouse shows it."""

from __future__ import annotations

import pytest

from connectors.clickhouse.column_types import converter, parse_type, read_as
from connectors.clickhouse.columns import literal, quoted


def test_arguments_are_split_where_they_end() -> None:
    assert parse_type("Enum8('a, (b)' = 1, 'it\\'s' = 2)").arguments == ("'a, (b)' = 1", "'it\\'s' = 2")
    assert parse_type("Tuple(a Array(String), `b c` Map(String, Date))").arguments == ("a Array(String)", "`b c` Map(String, Date)")
    assert parse_type("Point").arguments == ()


@pytest.mark.parametrize(
    "text", ["String", "Array(String)", "Map(String, UInt8)", "Tuple(a String, b Int8)", "JSON(a.b UInt32, max_dynamic_paths=8)", "Dynamic(max_types=2)"]
)
def test_types_that_need_nothing(text: str) -> None:
    assert converter(text) is None
    assert read_as(text) is None


def test_wide_numbers_are_read_as_text_wherever_they_are() -> None:
    assert read_as("Map(String, Array(Nullable(UInt256)))") == "Map(String, Array(Nullable(String)))"
    assert read_as("Tuple(a Int128, b Int64)") == "Tuple(a String, b Int64)"


def test_wrappers_that_change_no_value() -> None:
    assert parse_type("LowCardinality(Nullable(String))").nullable
    assert parse_type("LowCardinality(Nullable(String))").is_text
    assert not parse_type("LowCardinality(String)").nullable


def test_nothing_of_a_name_or_a_value_becomes_sql() -> None:
    assert literal("a'b\\c") == "'a\\'b\\\\c'"
    assert quoted("a`b\\c") == "`a\\`b\\\\c`"
