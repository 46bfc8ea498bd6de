"""A record as it came from Kafka, apart from Faust's event: what the steps need of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.dead_letters import DeadLetter, Stage
from contracts.topics import DEAD_LETTERS
from streams.producer import OutRecord


@dataclass(frozen=True, slots=True)
class InRecord:
    """``ack`` marks the record's offset as safe to commit; it is called once, after everything that came of the record is durable."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    ack: Callable[[], object] = field(compare=False)

    def header(self, name: str) -> str | None:
        return next((value.decode(errors="replace") for key, value in self.headers if key == name and value is not None), None)

    @property
    def size(self) -> int:
        return len(self.value or b"") + len(self.key or b"")


def dead_letter(record: InRecord, stage: Stage, error: Exception, *, keep_value: bool, tenant: str = "", doc_id: str = "", attempts: int = 1) -> OutRecord:
    """The dead letter of a record: with its value where that is redacted, else only its place."""
    letter = DeadLetter(
        stage=stage,
        error=type(error).__name__,
        reason=str(error) or type(error).__name__,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        attempts=attempts,
        time_us=time.time_ns() // 1000,
        tenant=tenant,
        doc_id=doc_id,
    )
    # Kafka takes a record with neither key nor value, the producer does not: an empty value stands for "only its place".
    return OutRecord(DEAD_LETTERS, record.key if keep_value else None, record.value if keep_value else b"", letter.headers())
