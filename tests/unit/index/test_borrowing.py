"""index.borrowing: an edited chunk goes by the vector of what stood in its place."""

from __future__ import annotations

import pytest

from index.borrowing import lenders
from index.manifest import Entry


def entries(names: str) -> list[Entry]:
    return [Entry(name, name, at, at + 1) for at, name in enumerate(names)]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("ABC", "AxC", {"x": "B"}),
        ("ABC", "ABCx", {"x": "C"}),
        ("ABC", "xABC", {}),
        ("ABC", "xBC", {"x": "A"}),
        ("ABCD", "AxyzD", {"x": "B", "y": "B", "z": "C"}),
        ("ABCD", "AxD", {"x": "B"}),
        ("", "xy", {}),
        ("AB", "xy", {"x": "A", "y": "B"}),
        ("ABC", "ABC", {}),
        ("ABC", "", {}),
    ],
)
def test_lenders(before: str, now: str, expected: dict[str, str]) -> None:
    assert lenders(entries(before), entries(now)) == expected
