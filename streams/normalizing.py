"""One raw record to document records: decode, map, parse, redact. Pure but for its memory and the clock, which makes a delete of what has expired; a record that cannot be normalised raises, with a reason
that holds nothing of its content.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from contracts.envelope import Envelope, decode_envelope, decode_key
from contracts.events import DocumentRecord, InvalidRecordError, MetadataValue, unless_expired
from contracts.telemetry import REDACTIONS
from contracts.topics import MAX_TEXT_BYTES
from streams.mapping.errors import MappingError
from streams.mapping.registry import AnyMapping
from streams.mapping.table import Record
from streams.parse import to_markdown
from streams.redact.redactor import Redactor

NEVER_STORED: Final = "never_stored"
"""Instead of the envelope's op: the delete of a row whose tenant no document can be stored under."""


class UndeclaredTopicError(InvalidRecordError):
    """A record of a table that sources.yaml does not declare."""


class TextTooLargeError(InvalidRecordError):
    """More text than a document may have."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes of text, the most is {MAX_TEXT_BYTES}; split the row, or leave it out with 'where' in sources.yaml")


@dataclass(frozen=True, slots=True)
class Normalized:
    """What came of a raw record. ``op`` is the envelope's, or ``none`` for a tombstone or heartbeat. ``refused`` is why the change's new state belongs in the
    dead letters although ``records``, the deletes of its old name, stand.
    """

    source: str
    op: str
    records: tuple[Record, ...] = field(default=())
    refused: InvalidRecordError | None = None


class Normalizer:
    """Knows every declared table and REST source; one per worker."""

    def __init__(
        self, mappings: Mapping[str, AnyMapping], redactors: Mapping[str, Redactor], now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    ) -> None:
        self._mappings = mappings
        self._redactors = redactors
        self._now_us = now_us

    def normalize(self, topic: str, key: bytes | None, value: bytes | None) -> Normalized:
        """Raises InvalidRecordError (and its kinds) for a record that belongs in the dead letters."""
        mapping = self._mappings.get(topic)
        if mapping is None:
            raise UndeclaredTopicError(f"topic {topic} is of no source in sources.yaml")
        envelope = decode_envelope(key, value)
        op = envelope.op if isinstance(envelope, Envelope) else "none"
        try:
            records = mapping.records(envelope)
        except MappingError as error:
            if not error.standing:
                raise
            return Normalized(mapping.source.name, op, error.standing, error)
        if op == "d" and not records:
            return Normalized(mapping.source.name, NEVER_STORED)
        return self._cleaned(Normalized(mapping.source.name, op, records), self._redactors[topic])

    def doc_id_of(self, topic: str, key: bytes | None) -> str:
        """The document that a refused record is of, as far as its key tells; empty where it does not. Tenants stay out: one may be what is wrong."""
        mapping = self._mappings.get(topic)
        if mapping is None:
            return ""
        try:
            return mapping.doc_id_of(decode_key(key) or {})
        except InvalidRecordError:
            return ""

    def _cleaned(self, outcome: Normalized, redactor: Redactor) -> Normalized:
        cleaned: list[Record] = []
        now_us = self._now_us()
        for mapped in outcome.records:
            record = unless_expired(mapped, now_us) if isinstance(mapped, DocumentRecord) else mapped
            try:
                cleaned.append(clean(record, redactor) if isinstance(record, DocumentRecord) else record)
            except InvalidRecordError as error:
                if not cleaned:
                    raise
                return replace(outcome, records=tuple(cleaned), refused=error)
        return replace(outcome, records=tuple(cleaned))


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
