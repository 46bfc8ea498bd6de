"""The change envelope on ``source.*``: what Debezium writes for Postgres, and the shape that every collector of ours writes too. Decoding only, and pure.

``{"op": …, "before": row | null, "after": row | null, "source": {…}}`` as plain JSON (``schemas.enable=false``). ``op``: c created, u updated, d deleted,
r read by a snapshot, t truncated. A key with a null value is a tombstone, which follows a delete for the sake of compaction and says nothing new.

An envelope's order is ``source.sequence`` and never ``source.lsn``: a read of an incremental snapshot carries no lsn, and a transaction that was open
across a snapshot comes with a lower one than what it follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

import orjson

from contracts.events import InvalidRecordError
from contracts.identity import Version

Op = Literal["c", "u", "d", "r", "t"]
Row = Mapping[str, object]
_OPS: Final = frozenset("cudrt")


@dataclass(frozen=True, slots=True)
class Origin:
    """The ``source`` block: where a change comes from and when it was committed there."""

    name: str
    database: str
    schema: str
    table: str
    sequence: tuple[int | None, ...]
    lsn: int | None
    tx_id: int | None
    time_us: int
    snapshot: str
    """``false`` for live changes; ``true``, ``first``, ``last``, ``incremental`` and so on for snapshot rows."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One change of one row, or a truncate of its table (then neither ``key`` nor rows)."""

    op: Op
    key: Row | None
    before: Row | None
    after: Row | None
    source: Origin
    transaction: str | None

    @property
    def from_snapshot(self) -> bool:
        return self.op == "r"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A null value after a delete."""

    key: Row | None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Debezium's sign of life: no change, only a time."""

    time_us: int


def decode_key(key: bytes | None) -> Row | None:
    """The key columns of a change. Raises InvalidRecordError."""
    return None if key is None else _object(_json(key, "key"), "key")


def decode_envelope(key: bytes | None, value: bytes | None) -> Envelope | Tombstone | Heartbeat:
    """A record of ``source.*``. Raises InvalidRecordError, whose reason never holds content."""
    decoded_key = decode_key(key)
    if value is None:
        return Tombstone(decoded_key)
    record = _object(_json(value, "value"), "value")
    if "op" not in record and record.keys() >= {"ts_ms"} and "source" not in record:
        return Heartbeat(_integer(record["ts_ms"], "ts_ms") * 1000)
    return _envelope(decoded_key, record)


def version_of(envelope: Envelope, epoch: int, policy: int) -> Version:
    """The version of the row's state: (epoch, ``sequence[0]``, ``sequence[1]``, policy).

    ``sequence[0]`` is where the last commit before the change ended. It is null in two cases: for rows of an initial snapshot, which are lowest (0), and for
    the changes of the first transaction after a slot was made. Those may have begun before that snapshot was taken and still come after it (measured:
    ``[null,"29286640"]`` after a snapshot at 29286816), so their own position stands in.
    """
    major, minor = (*envelope.source.sequence, None, None)[:2]
    if major is None:
        major = 0 if envelope.from_snapshot else minor
    return Version(epoch, major or 0, minor or 0, policy)


def _envelope(key: Row | None, record: Row) -> Envelope:
    op = record.get("op")
    if not isinstance(op, str) or op not in _OPS:
        raise InvalidRecordError("op: not one of c, u, d, r, t")
    before, after = _row(record, "before"), _row(record, "after")
    if op in "cur" and after is None:
        raise InvalidRecordError(f"after: missing for op {op}")
    if op == "d" and before is None and key is None:
        raise InvalidRecordError("before: missing for op d without a key")
    transaction = record.get("transaction")
    transaction_id = transaction.get("id") if isinstance(transaction, dict) else None
    source = _origin(_object(record.get("source"), "source"), op)
    return Envelope(cast("Op", op), key, before, after, source, transaction_id if isinstance(transaction_id, str) else None)


def _origin(source: Row, op: str) -> Origin:
    sequence = _sequence(source.get("sequence"))
    if not sequence and op != "r":
        raise InvalidRecordError("source.sequence: missing; without it the change has no order")
    return Origin(
        name=_text(source, "name"),
        database=_text(source, "db"),
        schema=_text(source, "schema"),
        table=_text(source, "table"),
        sequence=sequence,
        lsn=_optional_integer(source, "lsn"),
        tx_id=_optional_integer(source, "txId"),
        time_us=_time_us(source),
        snapshot=str(source.get("snapshot") or "false"),
    )


def _sequence(value: object) -> tuple[int | None, ...]:
    """Debezium writes ``'["24023119","24023128"]'``: JSON in a string, numbers as strings, each of them possibly null."""
    if value is None:
        return ()
    parts = _json(value.encode(), "source.sequence") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise InvalidRecordError("source.sequence: not a list")
    return tuple(None if part is None else _integer(part, "source.sequence") for part in parts)


def _time_us(source: Row) -> int:
    for name, multiply, divide in (("ts_us", 1, 1), ("ts_ns", 1, 1000), ("ts_ms", 1000, 1)):
        if source.get(name) is not None:
            return _integer(source[name], f"source.{name}") * multiply // divide
    raise InvalidRecordError("source: has neither ts_us nor ts_ns nor ts_ms")


def _json(text: bytes, name: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidRecordError(f"{name}: not JSON") from None  # the parser's message quotes content


def _object(value: object, name: str) -> Row:
    if not isinstance(value, dict):
        raise InvalidRecordError(f"{name}: not a JSON object")
    return value


def _row(record: Row, name: str) -> Row | None:
    return None if record.get(name) is None else _object(record[name], name)


def _text(source: Row, name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str):
        raise InvalidRecordError(f"source.{name}: not a text")
    return value


def _integer(value: object, name: str) -> int:
    try:
        return int(cast("int | str", value))
    except (TypeError, ValueError):
        raise InvalidRecordError(f"{name}: not a whole number") from None


def _optional_integer(source: Row, name: str) -> int | None:
    return None if source.get(name) is None else _integer(source[name], f"source.{name}")
