"""``where`` and ``restricted_when``: columns with the values that they may, or may not, have."""

from __future__ import annotations

from contracts.rows.values import text_of
from contracts.sources import Condition, ConditionValue, Exclusion
from streams.mapping.row import RowReader


def meets(condition: Condition, row: RowReader) -> bool:
    """Whether every column has one of its values. Values are compared by their text, so that ``1`` fits a number and a text; null fits only null."""
    return all(_fits(row.value(column), wanted) for column, wanted in condition.items())


def _fits(value: object, wanted: tuple[ConditionValue, ...] | Exclusion) -> bool:
    if isinstance(wanted, Exclusion):
        return not _among(value, wanted.not_)
    return _among(value, wanted)


def _among(value: object, wanted: tuple[ConditionValue, ...]) -> bool:
    if value is None:
        return None in wanted
    return text_of(value) in {text_of(item) for item in wanted if item is not None}
