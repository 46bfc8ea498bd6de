"""A record as a document. No I/O: everything is in the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from contracts.events import MetadataValue
from contracts.sources.rest import RestSource
from rest_sources.source import Draft, Record, Section, parent_of
from rest_sources.zendesk.principals import Principals
from rest_sources.zendesk.records import ArticleFileRecord, ArticleRecord, ReadFile, Said, TicketFileRecord, TicketRecord, read_record

_DATE_CHARS = len("2026-03-01")


def draft(source: RestSource, native: str, record: Record) -> Draft:
    """Raises MalformedRecordError."""
    read = read_record(record)
    match read:
        case TicketRecord():
            return _ticket(source, native, read)
        case ArticleRecord():
            return _article(source, native, read)
        case TicketFileRecord():
            return _ticket_file(source, native, read)
        case ArticleFileRecord():
            return _article_file(source, native, read)
        case _:
            assert_never(read)


def _ticket(source: RestSource, native: str, record: TicketRecord) -> Draft:
    number = parent_of(native).partition("/")[2]
    internal = record.kind == "internal"
    subject = record.subject or f"Ticket {number}"
    return Draft(
        title=f"{subject} (internal comments)" if internal else subject,
        sections=tuple(_said(record)),
        allowed=Principals(source.name).of_ticket(record.readers),
        url=_ticket_url(source, native, customers=record.readers.customers),
        doc_type="ticket-internal" if internal else "ticket",
        metadata=_filled(
            status=record.status,
            priority=record.priority,
            type=record.type,
            channel=record.channel,
            tags=record.tags,
            group=record.group,
            organization=record.organization,
            created=record.created_at[:_DATE_CHARS],
            updated=record.updated_at[:_DATE_CHARS],
        ),
        people={str(said.author_id): said.author for said in sorted(record.comments, key=lambda said: said.author_id) if said.author},
    )


def _said(record: TicketRecord) -> Iterator[Section]:
    """The first public comment is what the ticket is about, and needs no heading."""
    for place, said in enumerate(record.comments):
        yield Section(said.html, "html", "" if place == 0 and record.kind == "ticket" else _heading(said, record.kind))


def _heading(said: Said, kind: str) -> str:
    word = "Internal comment" if kind == "internal" else "Comment"
    return f"{word} by {said.author}, {said.at[:_DATE_CHARS]}" if said.author else f"{word}, {said.at[:_DATE_CHARS]}"


def _ticket_file(source: RestSource, native: str, record: TicketFileRecord) -> Draft:
    return Draft(
        title=record.name,
        sections=tuple(_pages(record.file)),
        allowed=Principals(source.name).of_ticket(record.readers),
        url=_ticket_url(source, native, customers=record.readers.customers),
        doc_type="attachment",
        metadata=_filled(media_type=record.media_type, attached_to=parent_of(native)),
    )


def _ticket_url(source: RestSource, native: str, *, customers: bool) -> str:
    """Customers' address of a ticket leads agents on to theirs; what is for agents alone has only that."""
    number = parent_of(native).partition("/")[2]
    return f"{source.url}/hc/requests/{number}" if customers else f"{source.url}/agent/tickets/{number}"


def _article(source: RestSource, native: str, record: ArticleRecord) -> Draft:
    return Draft(
        title=record.title or native,
        sections=(Section(record.html, "html"),) if record.html else (),
        allowed=Principals(source.name).of_article(record.readers),
        url=record.url,
        doc_type="article",
        metadata=_filled(locale=record.locale, section=record.section, labels=record.labels, updated=record.updated_at[:_DATE_CHARS]),
    )


def _article_file(source: RestSource, native: str, record: ArticleFileRecord) -> Draft:
    return Draft(
        title=record.name,
        sections=tuple(_pages(record.file)),
        allowed=Principals(source.name).of_article(record.readers),
        url=record.url,
        doc_type="attachment",
        metadata=_filled(media_type=record.media_type, attached_to=parent_of(native)),
    )


def _pages(file: ReadFile) -> Iterator[Section]:
    for page in file.pages:
        yield Section(page.text, file.format, f"Page {page.number}" if page.number is not None else "")


def _filled(**values: MetadataValue) -> dict[str, MetadataValue]:
    return {name: value for name, value in values.items() if value not in ("", [], None)}
