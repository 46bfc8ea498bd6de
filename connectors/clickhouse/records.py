"""From rows to the envelope that the normaliser reads (``contracts.envelope``). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import orjson

from connectors.clickhouse.rows import Row
from contracts.sources.clickhouse import ClickHouseSource, ClickHouseTable
from contracts.topics import source_backfill_topic, source_topic

Lane = Literal["live", "backfill"]


@dataclass(frozen=True, slots=True)
class OutRecord:
    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


class Envelopes:
    """Writes the records of one table."""

    def __init__(self, source: ClickHouseSource, table: ClickHouseTable) -> None:
        self._topics: dict[Lane, str] = {"live": source_topic(source.name, table.name), "backfill": source_backfill_topic(source.name, table.name)}
        self._origin = {
            "connector": "clickhouse",
            "name": source.name,
            "db": source.connection.database,
            "schema": table.schema_name,
            "table": table.table_name,
        }

    def of_row(self, row: Row, lane: Lane, sequence: tuple[int, int] | None = None) -> OutRecord:
        """The row's state: ``r`` while loading, ``u`` live, ``d`` for a row that is marked as deleted. ``sequence`` instead of the row's own."""
        op = "d" if row.deleted else "r" if lane == "backfill" else "u"
        after = None if row.deleted else row.values  # of a delete the key says all: it holds the tenant too
        origin = self._source(sequence or row.sequence, row.sequence[0], lane)
        return OutRecord(self._topics[lane], key_bytes(row.key), orjson.dumps({"op": op, "before": None, "after": after, "source": origin}))

    def of_missing(self, key: bytes, sequence: tuple[int, int], time_us: int) -> OutRecord:
        """The delete of a key that the table no longer has; ``time_us`` is when that was seen."""
        origin = self._source(sequence, time_us, "live")
        return OutRecord(self._topics["live"], key, orjson.dumps({"op": "d", "before": None, "after": None, "source": origin}))

    def _source(self, sequence: tuple[int, int], time_us: int, lane: Lane) -> dict[str, object]:
        return self._origin | {"sequence": sequence, "ts_us": time_us, "snapshot": "true" if lane == "backfill" else "false"}


def key_bytes(key: Mapping[str, object]) -> bytes:
    """The key columns as a JSON object, in the declared order."""
    return orjson.dumps(key)
