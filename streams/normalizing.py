"""One raw record to document records: decode, map, parse, redact. Pure but for its memory; a record that cannot be normalised raises, with a reason
that holds nothing of its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.envelope import Envelope, decode_envelope
from contracts.events import DocumentRecord, InvalidRecordError, MetadataValue
from contracts.telemetry import REDACTIONS
from contracts.topics import MAX_TEXT_BYTES
from streams.mapping.table import Record, TableMapping
from streams.parse import to_markdown
from streams.redact.redactor import Redactor


class UndeclaredTopicError(InvalidRecordError):
    """A record of a table that sources.yaml does not declare."""


class TextTooLargeError(InvalidRecordError):
    """More text than a document may have."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes of text, the most is {MAX_TEXT_BYTES}; split the row, or leave it out with 'where' in sources.yaml")


@dataclass(frozen=True, slots=True)
class Normalized:
    """What came of a raw record. ``op`` is the envelope's, or ``none`` for a tombstone or heartbeat."""

    source: str
    op: str
    records: tuple[Record, ...] = field(default=())


class Normalizer:
    """Knows every declared table; one per worker."""

    def __init__(self, mappings: Mapping[str, TableMapping], redactors: Mapping[str, Redactor]) -> None:
        self._mappings = mappings
        self._redactors = redactors

    def normalize(self, topic: str, key: bytes | None, value: bytes | None) -> Normalized:
        """Raises InvalidRecordError (and its kinds) for a record that belongs in the dead letters."""
        mapping = self._mappings.get(topic)
        if mapping is None:
            raise UndeclaredTopicError(f"topic {topic} is of no table in sources.yaml")
        envelope = decode_envelope(key, value)
        records = mapping.records(envelope)
        op = envelope.op if isinstance(envelope, Envelope) else "none"
        redactor = self._redactors[topic]
        return Normalized(mapping.source.name, op, tuple(clean(record, redactor) if isinstance(record, DocumentRecord) else record for record in records))


def clean(record: DocumentRecord, redactor: Redactor) -> DocumentRecord:
    """The record as it may leave ``source.*``: parsed to Markdown, and every text of it redacted. Raises TextTooLargeError."""
    size = len(record.body.encode())
    if size > MAX_TEXT_BYTES:
        raise TextTooLargeError(size)
    body, text_format = to_markdown(record.body, record.format)
    redacted = redactor.redact(body)
    for entity, count in redacted.counts.items():
        REDACTIONS.labels(record.source, entity).inc(count)
    return record.model_copy(
        update={
            "body": redacted.text,
            "format": text_format,
            "title": redactor.redact(record.title).text,
            "url": redactor.redact(record.url).text,
            "metadata": {name: _clean_value(value, redactor) for name, value in record.metadata.items()},
        }
    )


def _clean_value(value: MetadataValue, redactor: Redactor) -> MetadataValue:
    if isinstance(value, str):
        return redactor.redact(value).text
    return [redactor.redact(item).text for item in value] if isinstance(value, list) else value
