"""``keys.<source>.<database>.<table>``: what was last written of each key, compacted. A comparison of keys reads it; it is written with the rows themselves. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from connectors.clickhouse.records import OutRecord, key_bytes
from connectors.clickhouse.rows import Row
from contracts.topics import SMALL_SEGMENTS, TopicSpec

Sequence = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """``ticks`` and ``version`` are the row's own; ``sequence`` is what was written for it, which is higher where a comparison repaired something."""

    ticks: int
    version: int
    sequence: Sequence
    deleted: bool
    time_us: int


def keys_topic(source: str, table: str) -> str:
    return f"keys.{source}.{table}"


def keys_topic_spec(source: str, table: str) -> TopicSpec:
    return TopicSpec(keys_topic(source, table), 1, compacted=True, retention_ms=None, config=SMALL_SEGMENTS)


def known_of(row: Row, sequence: Sequence, time_us: int) -> Known:
    return Known(row.position.ticks, row.version, sequence, row.deleted, time_us)


def known_record(topic: str, key: bytes, known: Known | None) -> OutRecord:
    """None forgets the key."""
    value = None if known is None else orjson.dumps([known.ticks, known.version, known.sequence, known.deleted, known.time_us])
    return OutRecord(topic, key, value, partition=0)


def row_key(row: Row) -> bytes:
    return key_bytes(row.key)


def decode_known(value: bytes) -> Known:
    ticks, version, sequence, deleted, time_us = orjson.loads(value)
    return Known(ticks, version, (sequence[0], sequence[1]), deleted, time_us)


def next_sequence(own: Sequence, written: Sequence | None) -> Sequence:
    """The row's own where that is higher than what was written before; else the next after it, so that what is true now outranks it."""
    return own if written is None or own > written else (written[0], written[1] + 1)


def delete_sequence(written: Sequence) -> Sequence:
    """Of a key that is gone: a microsecond after its last state, so above every version at that time, and below whatever the key's next row has."""
    return (written[0] + 1, 1)
