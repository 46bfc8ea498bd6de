"""One row as the mapping reads it: a named error instead of a column that is absent, the old value where the new one was left out of the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.rows.placeholders import is_unavailable
from contracts.rows.values import text_of
from streams.mapping.errors import MissingColumnError, UnavailableValueError


@dataclass(frozen=True, slots=True)
class RowReader:
    """``before`` lends its value where ``current`` holds only the placeholder; both hold canonical values (see values)."""

    table: str
    current: Mapping[str, object]
    before: Mapping[str, object] | None = None

    def value(self, column: str) -> object:
        if column not in self.current:
            raise MissingColumnError(self.table, column)
        value = self.current[column]
        if not is_unavailable(value):
            return value
        old = None if self.before is None else self.before.get(column)
        if old is None or is_unavailable(old):  # a null in ``before`` may only mean that it is not part of the replica identity
            raise UnavailableValueError(self.table, column)
        return old

    def text(self, column: str) -> str:
        return text_of(self.value(column))
