"""Why documents cannot be gathered now, or never. No text holds content."""

from __future__ import annotations

import psycopg


class GatherError(Exception):
    """A cause that passes, by itself or by somebody's hand: the batch is tried again after a pause."""


class DatabaseAwayError(GatherError):
    """The database does not answer, or is a standby, whose snapshots do not order anything."""


class NotVisibleError(GatherError):
    """A committed transaction that the log tells of is not visible yet: its commit waits for a replica."""

    def __init__(self, transaction: int, seconds: float) -> None:
        super().__init__(
            f"transaction {transaction} is in the log and after {seconds:.0f} s still not visible; a commit may wait for a synchronous standby: see pg_stat_activity"
        )


class MissingColumnsError(GatherError):
    """The database does not have what is declared."""

    def __init__(self, absent: list[str]) -> None:
        super().__init__(f"not in the database: {', '.join(absent)}; 'headrace connectors plan' shows what differs. Nothing is lost: changes wait in Kafka")


class StatementRefusedError(GatherError):
    """The database refuses the statement."""

    def __init__(self, error: psycopg.Error) -> None:
        shown = str(error).strip().partition("\n")[0] if isinstance(error, psycopg.ProgrammingError) else ""  # other kinds may quote a value
        super().__init__(f"the database refuses to read: {shown or type(error).__name__}; 'headrace connectors plan' shows what differs from sources.yaml")


class ImpossibleValueError(Exception):
    """No value of a column's type can be what was asked for, so no row has it: a related row may name a parent that cannot be."""


class TooLargeError(Exception):
    """One document's rows are more than a statement or a record can hold."""
