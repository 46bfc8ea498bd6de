"""An object of a collected source becomes a record of a document: the source's own draft, its sections put into one Markdown text. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from contracts.envelope import Envelope, Heartbeat, Row, Tombstone, version_of
from contracts.events import DeleteRecord, DocumentRecord, InvalidRecordError, describe_validation
from contracts.identity import Version
from contracts.rest_records import document_of, moved_from_of, native_of, record_of, vendor_changed_us
from contracts.sources import CollectedSource
from contracts.sources.retention import expires_us
from rest_sources.catalog import draft_of
from rest_sources.source import Draft, MalformedRecordError, Section
from streams.mapping.table import Record
from streams.parse import to_markdown
from streams.parse.adf import to_html as adf_to_html
from streams.parse.confluence_storage import to_html as storage_to_html
from streams.parse.wiki_markup import to_html as wiki_to_html


class UnreadableObjectError(InvalidRecordError):
    """A record that is not what the vendor documents."""


class RestMapping:
    """The mapping of one source that a collector fetches from."""

    def __init__(self, source: CollectedSource) -> None:
        self.source = source
        self.redaction = source.redaction
        self._draft = draft_of(source)

    def records(self, envelope: Envelope | Tombstone | Heartbeat) -> tuple[Record, ...]:
        """The document or its delete. Raises InvalidRecordError (a dead letter's reason)."""
        if not isinstance(envelope, Envelope):
            return ()
        native = native_of(envelope.key)
        version = version_of(envelope, self.source.epoch, self.source.revision)
        if envelope.op == "d":
            return (self._delete(native, version, envelope.source.time_us),)
        document = self.document(native, record_of(envelope.after), version, envelope.source.time_us)
        before = moved_from_of(envelope.after)
        document = document.model_copy(update={"moved_from": document_of(self.source.scope, before)}) if before else document
        return (self.expiring(document, vendor_changed_us(envelope.after)),)

    def document(self, native: str, record: Mapping[str, object], version: Version, source_time_us: int) -> DocumentRecord:
        """The document of what ``fetch`` found, its text raw."""
        try:
            draft = self._draft(native, record)
        except MalformedRecordError as error:
            raise UnreadableObjectError(f"{native}: {error}") from error
        try:
            return self._record(native, draft, version, source_time_us)
        except ValidationError as error:  # its own text would show the value
            raise UnreadableObjectError(f"{native}: {describe_validation(error)}") from None

    def expiring(self, document: DocumentRecord, changed_us: int) -> DocumentRecord:
        """The document with its time, which counts from when the vendor says that the object was last changed; 0 where it does not say, and then it stays."""
        retention = self.source.retention
        if retention is None or not changed_us:
            return document
        return document.model_copy(update={"expires_us": expires_us(changed_us, retention.days)})

    def doc_id_of(self, key: Row) -> str:
        """The document that a record's key names. Raises InvalidRecordError."""
        return document_of(self.source.scope, native_of(key))

    def _record(self, native: str, draft: Draft, version: Version, source_time_us: int) -> DocumentRecord:
        return DocumentRecord(
            tenant=self.source.tenant,
            doc_id=document_of(self.source.scope, native),
            scope=self.source.scope,
            source=self.source.name,
            source_time_us=source_time_us,
            version=version,
            title=draft.title,
            url=draft.url,
            body="\n\n".join(part for section in draft.sections if (part := _markdown(section, draft.people))),
            format="markdown",
            doc_type=draft.doc_type,
            allowed=draft.allowed,
            metadata=dict(draft.metadata),
            chunking=self.source.chunking,
        )

    def _delete(self, native: str, version: Version, source_time_us: int) -> DeleteRecord:
        return DeleteRecord(
            tenant=self.source.tenant,
            doc_id=document_of(self.source.scope, native),
            scope=self.source.scope,
            source=self.source.name,
            source_time_us=source_time_us,
            version=version,
        )


def _markdown(section: Section, people: Mapping[str, str]) -> str:
    """The section with its heading; nothing of one without text."""
    body = _body(section, people).strip()
    return f"## {section.heading}\n\n{body}" if body and section.heading else body


def _body(section: Section, people: Mapping[str, str]) -> str:
    if section.format == "adf":
        return to_markdown(adf_to_html(section.content), "html")[0] if section.content else ""
    text = section.content
    if not isinstance(text, str):
        raise UnreadableObjectError(f"a section of the format {section.format} is no text")
    match section.format:
        case "storage":
            return to_markdown(storage_to_html(text, people).html, "html")[0]
        case "wiki":
            return to_markdown(wiki_to_html(text, people), "html")[0]
        case "html":
            return to_markdown(text, "html")[0]
        case _:
            return text
