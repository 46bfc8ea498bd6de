from __future__ import annotations

import pytest

from contracts.rows.array_text import parse_array
from contracts.rows.sql_values import value_from_text
from contracts.rows.values import metadata_of, text_of


@pytest.mark.parametrize(
    ("text", "type_name", "expected"),
    [
        ("42", "integer", 42),
        ("t", "boolean", True),
        ("1e+20", "double precision", 1e20),
        ("NaN", "real", "NaN"),
        ("NaN", "numeric", "NAN"),
        ("12.5000", "numeric(12,4)", "12.5000"),
        ("2024-02-29", "date", "2024-02-29Z"),
        ("2024-01-02 03:04:05.12", "timestamp(3) without time zone", "2024-01-02T03:04:05.12Z"),
        ("12024-01-01 00:00:00", "timestamp without time zone", "+12024-01-01T00:00:00Z"),
        ("2024-01-02 01:04:05.1+00", "timestamp with time zone", "2024-01-02T01:04:05.100000Z"),
        ("2024-01-02 01:04:05+00", "timestamp(0) with time zone", "2024-01-02T01:04:05Z"),
        ("13:14:15.5+02", "time with time zone", "11:14:15.5Z"),
        ("13:14:15-08:30", "time with time zone", "21:44:15Z"),
        ("24:00:00", "time without time zone", "00:00:00Z"),
        ("P-10M-3DT4H5M6S", "interval", "P0Y-10M-3DT4H5M6S"),
        ("\\xdeadbeef", "bytea", "3q2+7w=="),
        ("1", "bit(1)", True),
        ("10110", "bit(5)", "Fg=="),
        ("{1,NULL,3}", "integer[]", [1, None, 3]),
        ('{"a b",NULL,"NULL","q\\"x"}', "text[]", ["a b", None, "NULL", 'q"x']),
        ("sad", "mood", "sad"),
        ('"odd name"', '"Odd Type"', '"odd name"'),
    ],
)
def test_sql_text_to_the_connectors_value(text: str, type_name: str, expected: object) -> None:
    assert value_from_text(text, type_name) == expected


def test_texts() -> None:
    assert [text_of(value) for value in (None, True, False, 1, 1.0, 0.1, "x", ["a", None, 2], {"a": 1}, "2024-02-29Z")] == [
        "", "true", "false", "1", "1", "0.1", "x", "a, , 2", '{"a":1}', "2024-02-29",
    ]  # fmt: skip
    assert [metadata_of(value) for value in (None, True, 3, "x", [1, None, "b"], float("inf"), "2024-02-29Z")] == [
        None, True, 3, "x", ["1", "b"], "Infinity", "2024-02-29",
    ]  # fmt: skip


def test_arrays() -> None:
    assert parse_array("{}") == []
    assert parse_array('{"",a}') == ["", "a"]
    assert parse_array("[0:1]={a,b}") == ["a", "b"]
    assert parse_array('{"back\\\\slash"}') == ["back\\slash"]
