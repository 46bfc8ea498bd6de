"""What can go wrong between the poller, ClickHouse and Kafka: one cause, one cure. None of them holds a secret, a query or a value of a row.

ClickHouse's own messages quote values and are left out; its code says enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.process import CannotStartError

TAKEN_OVER: Final = 3
"""Exit status of a poller that another one has taken over."""


class ClickHouseError(Exception):
    """``cause`` says what is wrong, ``cure`` what a person does about it."""

    def __init__(self, cause: str, cure: str, code: int | None = None) -> None:
        self.cause = cause
        self.cure = cure
        self.code = code
        super().__init__(f"{cause}. {cure}")


class ServerUnavailableError(ClickHouseError):
    """No answer, or one that broke off."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"ClickHouse at {address} does not answer ({reason})", "Start it, or mend 'connection'; what changes meanwhile is read when it is back."
        )


class AccessDeniedError(ClickHouseError):
    """The user or the password is wrong, or may not read."""


class MissingTableError(ClickHouseError):
    """The table is not there, or not for this user."""

    def __init__(self, table: str, user: str) -> None:
        super().__init__(
            f"the table {table} is not there, or {user} may not see it", f"Create it, correct its name in sources.yaml, or GRANT SELECT ON {table} TO {user}."
        )


class MissingColumnError(ClickHouseError):
    """Declared columns that the table has not."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        super().__init__(
            f"the table {table} has no column {', '.join(columns)}",
            "Correct the names in sources.yaml, or add the columns; if one was renamed, raise the source's revision too, so that all rows are read again.",
        )


class UnfitColumnError(ClickHouseError):
    """A column whose type cannot do what it is declared for."""


class QueryRefusedError(ClickHouseError):
    """ClickHouse refused a query for another reason."""


class TakenOverError(CannotStartError):
    """Another poller of the same table has started: this one must write no more, and wrote nothing since."""

    status = TAKEN_OVER

    def __init__(self, table: str) -> None:
        super().__init__(f"another poller has taken over {table}; run one poller for a source, and let this one end")
