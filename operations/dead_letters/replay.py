"""Replays and discards letters.

A letter of the index stage holds its record, which goes to its topic again. One of the normalize stage holds only the place of the raw record, which is read
there and written to the same partition again, for the normalizer to take once what was wrong is mended. The resolution follows the broker's acknowledgement: a crash
between the two leaves the letter open, and replaying a record twice changes nothing, since versions are idempotent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog

from contracts.dead_letters import Action, Resolution
from contracts.topics import DEAD_LETTERS
from operations.dead_letters.letters import Letter
from operations.topic_reading import TopicReader
from streams.producer import OutRecord, RecordProducer

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one letter; ``reason`` tells why it could not be replayed, with the cure."""

    letter: Letter
    done: bool
    reason: str = ""


async def replay(letter: Letter, reader: TopicReader, producer: RecordProducer) -> Replayed:
    """Write the letter's record to where it came from, and mark the letter."""
    record = await _record_of(letter, reader)
    if isinstance(record, str):
        return Replayed(letter, done=False, reason=record)
    await producer.send_all([record])
    await resolve(letter, "replayed", producer)
    return Replayed(letter, done=True)


async def resolve(letter: Letter, action: Action, producer: RecordProducer) -> None:
    resolution = Resolution(letter.place.partition, letter.place.offset, action, time.time_ns() // 1000)
    await producer.send_all([OutRecord(DEAD_LETTERS, None, b"", resolution.headers(), letter.place.partition)])
    _log.info("dead_letter_resolved", action=action, id=letter.id, stage=letter.letter.stage, topic=letter.letter.topic)


async def _record_of(letter: Letter, reader: TopicReader) -> OutRecord | str:
    """The record to write again, or why there is none."""
    own = await reader.one(letter.place) if letter.value_bytes else None
    if own is not None:
        return OutRecord(letter.letter.topic, own.key, own.value)
    origin = await reader.one(letter.origin)
    if origin is None:
        return (
            f"its raw record is no longer at {letter.origin}: topics of sources keep seven days. Read the row again: "
            "'headrace connectors snapshot TABLE --where column=value', then discard the letter"
        )
    return OutRecord(origin.place.topic, origin.key, origin.value, origin.headers, origin.place.partition)
