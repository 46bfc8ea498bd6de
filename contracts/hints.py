"""What ``hints.<source>`` holds: that an object of a REST source may have changed. Nothing of its content: the collector fetches the state it has now.

Webhooks, sweeps and scans all write hints, keyed by the object's id, so one partition orders every fetch of an object, and a hint's offset is the version
of what was fetched for it.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.events import InvalidRecordError, describe_validation
from contracts.topics import DAY_MS, TopicSpec

HINTS_RETENTION_MS: Final = 3 * DAY_MS
"""Also how long a delivery id is known, so how long a delivery that comes again is recognised: 72 h."""
MAX_ID_CHARS: Final = 1280
"""A key of S3 has up to 1,024 bytes, its bucket up to 63."""
MAX_LABEL_CHARS: Final = 200
FoundBy = Literal["webhook", "sweep", "scan"]


class Hint(BaseModel):
    """One object that may have changed. ``id`` is the source's own: ``ticket/35436``, ``page/98307``, ``issue/10002``, ``file/reports/q3.pdf``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=MAX_ID_CHARS)
    event: str = Field("", max_length=MAX_LABEL_CHARS, description="what the sender called it: for people and metrics, never for decisions")
    delivery_id: str = Field(
        "", max_length=MAX_LABEL_CHARS, description="the sender's id of the delivery, the same when it is sent again; empty for sweeps and scans"
    )
    source_time_us: int = Field(ge=0, description="when it changed, as far as the sender says; else when it was heard of")
    found_by: FoundBy = "webhook"
    again: bool = Field(default=False, description="what is fetched is written though it is as before: a repair or a replay asks")
    moved_from: str = Field(
        default="", max_length=MAX_ID_CHARS, description="the id under which the same content was known; once this one is written, that one is looked at"
    )
    delay_ms: int = Field(default=0, ge=0, description="so long the collector lets it wait")


def hints_topic(source: str) -> str:
    return f"hints.{source}"


def collector_group(source: str) -> str:
    """The consumer group that serves the hints."""
    return f"headrace-collector-{source}"


def hints_topic_spec(source: str, partitions: int) -> TopicSpec:
    return TopicSpec(hints_topic(source), partitions, compacted=False, retention_ms=HINTS_RETENTION_MS)


def encode_hint(hint: Hint) -> tuple[bytes, bytes]:
    """Key and value of its record."""
    return hint.id.encode(), hint.model_dump_json().encode()


def decode_hint(value: bytes | None) -> Hint:
    """Raises InvalidRecordError, whose reason never holds content."""
    try:
        return Hint.model_validate_json(value or b"")
    except ValidationError as error:
        raise InvalidRecordError(f"hint: {describe_validation(error)}") from None
