"""What must be so of a table's related ones before its documents can be gathered. Pure: declared against observed, each finding with its exact cure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from connectors.debezium.findings import Finding, bare, is_exact, near
from connectors.debezium.observed import Observed, ObservedTable
from connectors.debezium.spec import GATHERED_KEY, ConnectorSpec
from contracts.sources import Exclusion, Related, Table

_WHOLE: Final = frozenset({"smallint", "integer", "bigint"})
_TEXTS: Final = frozenset({"text", "character varying"})
_KEYS: Final = (
    _WHOLE | _TEXTS | {"uuid", "enum", "citext", "character", "numeric", "boolean", "date", "timestamp without time zone", "timestamp with time zone"}
)
"""Types whose values a change and SQL write alike, as far as a comparison goes: a related row names its parent by one."""
_CONDITIONS: Final = _WHOLE | _TEXTS | {"uuid", "enum", "citext", "numeric", "boolean", "date"}
"""Types whose conditions SQL and the mapping read alike."""


def related_problems(spec: ConnectorSpec, observed: Observed) -> Iterator[Finding]:
    for table in spec.source.tables:
        for name, related in table.related.items():
            parent, child = observed.database.tables.get(table.name), observed.database.tables.get(related.table)
            if parent is not None and name in parent.columns:
                cure = f"Give the related rows another name than {name} in sources.yaml."
                yield Finding(f"{table.name}.{name}", f"the table has a column of the name that the rows of {related.table} make", cure)
            if parent is not None and child is not None and parent.kind == child.kind == "r":
                yield from _columns(related, child)
                yield from _joins(table, related, parent, child)
        if table.related and (found := observed.database.tables.get(table.name)) is not None:
            yield from _key(table, found)
    yield from _no_longer_gathered(spec, observed)


def related_warnings(spec: ConnectorSpec, observed: Observed) -> Iterator[Finding]:
    """Without an index each change of a document reads the whole related table, or each change of a related row the whole table."""
    for table in spec.source.tables:
        for related in table.related.values():
            wanted = {related.table: tuple(related.on)}
            if not related.names_parent(table.key):
                wanted[table.name] = tuple(related.on.values())
            for name, columns in wanted.items():
                found = observed.database.tables.get(name)
                if found is not None and not any(set(index[: len(columns)]) == set(columns) for index in found.indexes):
                    shown = ", ".join(columns)
                    yield Finding(name, f"no index begins with {shown}, so gathering reads the whole table each time", f"CREATE INDEX ON {name} ({shown});")


def _key(table: Table, found: ObservedTable) -> Iterator[Finding]:
    """What a change tells of the key is what SQL is asked for."""
    for column in table.key:
        kind = bare(found.columns.get(column, ""))
        if kind and kind not in _KEYS | {"bytea"}:
            yield Finding(f"{table.name}.{column}", f"rows are read again by their key, which cannot be {kind}", f"Use one of {', '.join(sorted(_KEYS))}.")


def _columns(related: Related, child: ObservedTable) -> Iterator[Finding]:
    for column in related.columns:
        where = f"{related.table}.{column}"
        if column not in child.columns:
            yield Finding(where, "there is no such column", near(column, child.columns, "Correct its name in sources.yaml"))
        elif not is_exact(child.columns[column]):
            cure = f"Use a text column instead: ALTER TABLE {related.table} ADD COLUMN … text GENERATED ALWAYS AS (…) STORED;"
            yield Finding(where, f"type {child.columns[column]} has no exact form", cure)
        elif _compares(related, column) and bare(child.columns[column]) not in _CONDITIONS:
            yield Finding(where, f"a condition cannot compare type {child.columns[column]}", f"Possible are columns of {', '.join(sorted(_CONDITIONS))}.")


def _compares(related: Related, column: str) -> bool:
    """Whether a condition looks at the column's value: that one is null can be asked of any type."""
    wanted = (related.where or {}).get(column, ())
    return any(value is not None for value in (wanted.not_ if isinstance(wanted, Exclusion) else wanted))


def _joins(table: Table, related: Related, parent: ObservedTable, child: ObservedTable) -> Iterator[Finding]:
    for own, parents in related.on.items():
        left, right = bare(child.columns.get(own, "")), bare(parent.columns.get(parents, ""))
        if left and right and not (left == right and left in _KEYS) and not any({left, right} <= alike for alike in (_WHOLE, _TEXTS)):
            cure = f"Join columns of one type out of {', '.join(sorted(_KEYS))}."
            yield Finding(f"{related.table}.{own}", f"it is {left}, and {table.name}.{parents}, which it shall equal, is {right}", cure)
    absent = [column for column in related.on if column in child.columns and column not in child.identity_columns]
    if absent:
        cure = f"ALTER TABLE {related.table} REPLICA IDENTITY FULL; or USING INDEX of a unique index that has {', '.join(related.on)}."
        message = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not in the replica identity: a deleted or moved row would not show whose it was"
        yield Finding(related.table, message, cure)


def _no_longer_gathered(spec: ConnectorSpec, observed: Observed) -> Iterator[Finding]:
    """The order of what was gathered lies above that of the log."""
    try:
        before = json.loads((observed.config or {}).get(GATHERED_KEY, "{}"))
    except json.JSONDecodeError:
        return
    for table in spec.source.tables:
        if table.name in before and not table.related and spec.source.epoch <= before[table.name]:
            cure = f"Set epoch: {spec.source.epoch + 1} in sources.yaml: 'apply' then reads the tables again."
            yield Finding(table.name, "it has no related tables any more, and states of the log are ordered below those that were gathered", cure)
