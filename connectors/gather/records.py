"""What was gathered, as records in the envelope's shape: the row with its related rows as ``after``, or a delete under each identity that the row has left. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from connectors.gather.changes import Cause, Wanted, identity_of
from contracts.rows.snapshots import Snapshot
from contracts.sources import PostgresSource, Table


@dataclass(frozen=True, slots=True)
class OutRecord:
    """``key`` is None for a floor, which is of no row."""

    key: bytes | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelopes:
    """Of one table."""

    source: PostgresSource
    table: Table

    def of_document(self, wanted: Wanted, row: Mapping[str, object] | None, snapshot: Snapshot) -> Iterator[OutRecord]:
        """Deletes first. Nothing for a row that is gone where no change of its own tells whose it was: that change is still to come."""
        current = None if row is None else identity_of(self.table, row)
        for identity, before in wanted.before.items():
            if identity != current:
                yield self._record("d", before, None, before, wanted.cause, snapshot)
        if row is not None:
            yield self._record("u", None, row, row, wanted.cause, snapshot)

    def of_truncate(self, cause: Cause, snapshot: Snapshot) -> OutRecord:
        return self._record("t", None, None, None, cause, snapshot)

    def _record(
        self,
        op: str,
        before: Mapping[str, object] | None,
        after: Mapping[str, object] | None,
        key_of: Mapping[str, object] | None,
        cause: Cause,
        snapshot: Snapshot,
    ) -> OutRecord:
        origin = {
            "name": self.source.name,
            "db": self.source.connection.database,
            "schema": self.table.schema_name,
            "table": self.table.table_name,
            "sequence": snapshot.sequence,
            "txId": cause.transaction,
            "ts_us": cause.time_us,
            "snapshot": "false",
        }
        key = None if key_of is None else orjson.dumps({column: key_of.get(column) for column in self.table.key})
        return OutRecord(key, orjson.dumps({"op": op, "before": before, "after": after, "source": origin}))
