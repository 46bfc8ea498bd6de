"""Why a row makes no document: each is one dead letter with its reason, and none of them stops a partition."""

from __future__ import annotations

from contracts.events import DeleteRecord, InvalidRecordError


class MappingError(InvalidRecordError):
    """A row that the mapping of its table does not fit. The text names table and column, never a value.

    ``standing`` is what the same change demands all the same: a row that left its name is deleted there, whatever is wrong with its new state.
    """

    def __init__(self, table: str, column: str, reason: str) -> None:
        self.standing: tuple[DeleteRecord, ...] = ()
        self.table = table
        self.column = column
        super().__init__(f"{table}: {reason}")


class MissingColumnError(MappingError):
    """A mapped column that the row does not have: it was dropped or renamed, or the connector was not given it."""

    def __init__(self, table: str, column: str) -> None:
        super().__init__(
            table,
            column,
            f"column {column} is not in the row; if it was renamed or dropped, change sources.yaml, raise its revision and run 'headrace connectors apply', "
            "which reads the table again; a record from before the column was published lacks it for good: discard its letter, where a replay does not mend it",
        )


class UnavailableValueError(MappingError):
    """A large value that the change did not touch, which the database log therefore left out, and which could not be read again."""

    def __init__(self, table: str, column: str) -> None:
        super().__init__(
            table,
            column,
            f"the unchanged value of column {column} is not in the change and the row could not be read again (deleted since?); "
            f"'headrace connectors snapshot {table}' reads it, and ALTER TABLE {table} REPLICA IDENTITY FULL avoids it",
        )


class InvalidIdentityColumnError(MappingError):
    """A null key, or a tenant that no document can be stored under."""


class WrongTableError(MappingError):
    """An envelope of another table than the mapping's."""
