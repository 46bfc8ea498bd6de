"""Where a source's sweeps are: one record of the compacted topic ``cursors``."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.topics import CURSORS

_POLL_MS = 500


class SweepCursor(BaseModel):
    """``changed`` and ``listing`` are the reader's own cursors; times are seconds since 1970, 0 for never."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    changed: str = ""
    listing: str = ""
    changed_seconds: float = 0.0
    all_seconds: float = 0.0
    access_seconds: float = 0.0


def sweep_key(source: str) -> bytes:
    """Of its record."""
    return f"sweep:{source}".encode()


async def read_cursor(bootstrap_servers: str, source: str) -> SweepCursor:
    """The last one written; an empty one where there is none. Raises KafkaError."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=None, enable_auto_commit=False, isolation_level="read_committed")
    await consumer.start()
    try:
        place, found = TopicPartition(CURSORS, 0), SweepCursor()
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < end:
            for record in (await consumer.getmany(timeout_ms=_POLL_MS)).get(place, []):
                if record.key == sweep_key(source):
                    found = decode_sweep(record.value)
        return found
    finally:
        await consumer.stop()


async def write_cursor(producer: AIOKafkaProducer, source: str, cursor: SweepCursor) -> None:
    await producer.send_and_wait(CURSORS, cursor.model_dump_json().encode(), key=sweep_key(source), partition=0)


def decode_sweep(value: bytes | None) -> SweepCursor:
    """One that cannot be read is as none: the next sweep looks at everything."""
    try:
        return SweepCursor.model_validate_json(value or b"{}")
    except ValidationError:
        return SweepCursor()
