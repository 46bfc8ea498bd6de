"""What a batch of changes asks for: documents by their key, or all that related rows name by another column. Pure.

A change of the table itself names its row. A related row names its parent by the columns of ``on``, before the change and after it. Where those are not the parent's key, the
database tells whose they are. Of a row's former identities all are kept that the batch tells, since each may have a document of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from contracts.envelope import Envelope, Row
from contracts.events import InvalidRecordError
from contracts.rows.placeholders import is_unavailable
from contracts.rows.values import text_of
from contracts.sources import Related, Table, parse_template

Key = tuple[str, ...]
"""Values as texts, in the order of a table's key or of the columns that they are of."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The change to blame: the earliest, where there are several."""

    time_us: int
    transaction: int | None


@dataclass(slots=True)
class Wanted:
    """A document to read again, with the identities that its row had."""

    cause: Cause
    before: dict[Key, Row] = field(default_factory=dict)


@dataclass(slots=True)
class Changes:
    """Collects what the changes of one table's documents ask for."""

    table: Table
    keys: dict[Key, Wanted] = field(default_factory=dict)
    matches: dict[tuple[str, ...], dict[Key, Cause]] = field(default_factory=dict)
    """By columns of the table: the values whose rows all are to be read again."""
    truncated: Cause | None = None
    everything: Cause | None = None
    """A related table was truncated."""
    transactions: set[int] = field(default_factory=set)

    def add(self, change: Envelope, *, backfill: bool) -> None:
        """Whatever the table has to do with this one's documents. Rows of a snapshot have not changed, so they concern their own document alone."""
        cause = Cause(change.source.time_us, change.source.tx_id)
        name = f"{change.source.schema}.{change.source.table}"
        if not backfill and cause.transaction is not None:
            self.transactions.add(cause.transaction)
        if name == self.table.name:
            self._own(change, cause)
        if not backfill:
            for related in self.table.related.values():
                if related.table == name:
                    self._related(related, change, cause)

    def _own(self, change: Envelope, cause: Cause) -> None:
        if change.op == "t":
            self.truncated = _earlier(self.truncated, cause)
            return
        shown = {**(change.key or {}), **((change.before if change.op == "d" else change.after) or {})}
        if absent := [column for column in self.table.key if shown.get(column) is None]:
            raise InvalidRecordError(
                f"{self.table.name}: key column {', '.join(absent)} is not in the change; a record from before it was published lacks it for good"
            )
        wanted = self._want(tuple(text_of(shown[column]) for column in self.table.key), cause)
        before = {**(change.key or {}), **(change.before or {})}
        if change.op == "d" or (change.before is not None and _whole(before, self.table.identity_columns)):
            identity = {column: before[column] for column in self.table.identity_columns if column in before}
            wanted.before[identity_of(self.table, identity)] = identity

    def _related(self, related: Related, change: Envelope, cause: Cause) -> None:
        if change.op == "t":
            self.everything = _earlier(self.everything, cause)
            return
        for parents in set(_named(related, change)):
            values = dict(zip(related.on.values(), parents, strict=True))
            if related.names_parent(self.table.key):
                self._want(tuple(values[column] for column in self.table.key), cause)
            else:
                found = self.matches.setdefault(tuple(related.on.values()), {})
                found[parents] = _earlier(found.get(parents), cause)

    def _want(self, key: Key, cause: Cause) -> Wanted:
        wanted = self.keys.setdefault(key, Wanted(cause))
        wanted.cause = _earlier(wanted.cause, cause)
        return wanted


def identity_of(table: Table, row: Mapping[str, object]) -> Key:
    """Its key and its tenant, as texts: equal for rows that are one document. What is not there is empty."""
    tenant = parse_template(table.tenant).render(lambda column: text_of(row.get(column)))
    return (*(text_of(row.get(column)) for column in table.key), tenant)


def _named(related: Related, change: Envelope) -> Iterator[Key]:
    """The parents' values before and after the change; a null equals nobody's. A key that was left alone stands in where a row shows nothing."""
    for row in (change.before, change.after, change.key if change.op == "d" else None):
        values = [None if row is None else row.get(column) for column in related.on]
        if not any(value is None or is_unavailable(value) for value in values):
            yield tuple(text_of(value) for value in values)


def _whole(row: Row, columns: tuple[str, ...]) -> bool:
    return not any(row.get(column) is None or is_unavailable(row[column]) for column in columns)


def _earlier(one: Cause | None, other: Cause) -> Cause:
    return other if one is None or other.time_us < one.time_us else one
