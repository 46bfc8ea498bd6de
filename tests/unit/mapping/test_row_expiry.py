"""When a row's document expires: from the declared column, whatever type of time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from contracts.envelope import Envelope
from contracts.events import DocumentRecord
from streams.mapping import TableMapping
from streams.mapping.errors import MissingColumnError
from streams.mapping.expiry import NoTimeError

Mapping = Callable[..., TableMapping]
Change = Callable[..., Envelope]
ROW = {"id": 7, "tenant": "acme", "subject": "S", "body": "B"}
DAY_US = 86_400_000_000


def at(year: int, month: int, day: int, hour: int = 0, microsecond: int = 0) -> int:
    whole = int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())
    return whole * 1_000_000 + microsecond


def expiry(mapping: Mapping, change: Change, value: object) -> int | None:
    (record,) = mapping(retention={"days": 2, "since": "made"}).records(change("c", after=ROW | {"made": value}))
    assert isinstance(record, DocumentRecord)
    return record.expires_us


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-02-28Z", at(2024, 3, 1)),
        ("2024-02-28T12:00:00Z", at(2024, 3, 1, 12)),
        ("2024-02-28T12:00:00.5Z", at(2024, 3, 1, 12, 500_000)),
        ("2024-02-28T12:00:00.000001Z", at(2024, 3, 1, 12, 1)),
        ("1969-12-30T00:00:00Z", 0),
        (None, None),
        ("infinity", None),
        ("+12000-01-01T00:00:00Z", None),
        ("-0043-03-15T00:00:00Z", 0),
    ],
)
def test_a_time_and_two_days(mapping: Mapping, change: Change, value: object, expected: int | None) -> None:
    assert expiry(mapping, change, value) == expected


@pytest.mark.parametrize("value", ["tomorrow", "", 1_700_000_000, True, "2024-13-01Z"])
def test_what_is_no_time_is_refused_and_not_shown(mapping: Mapping, change: Change, value: object) -> None:
    with pytest.raises(NoTimeError, match="column made") as refused:
        expiry(mapping, change, value)
    assert not str(value) or str(value) not in str(refused.value)


def test_a_row_without_the_column_is_refused(mapping: Mapping, change: Change) -> None:
    with pytest.raises(MissingColumnError):
        mapping(retention={"days": 2, "since": "made"}).records(change("c", after=ROW))


def test_the_column_leaves_the_database(mapping: Mapping) -> None:
    assert "made" in mapping(retention={"days": 2, "since": "made"}).table.columns


def test_without_a_retention_nothing_expires(mapping: Mapping, change: Change) -> None:
    (record,) = mapping().records(change("c", after=ROW))
    assert isinstance(record, DocumentRecord)
    assert record.expires_us is None
