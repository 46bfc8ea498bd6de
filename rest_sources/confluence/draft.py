"""A record of ``fetch`` → the document's draft. Pure; what a record lacks is MalformedRecordError with the field's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from contracts.events import MetadataValue
from contracts.sources.rest import RestSource
from rest_sources.confluence import audience
from rest_sources.confluence.shape import Shape
from rest_sources.shape import of_record
from rest_sources.source import Draft, Record, Section, SectionFormat

_FORMATS: Final[Mapping[str, SectionFormat]] = {"markdown": "markdown", "text": "text", "html": "html"}


def draft(source: RestSource, native: str, record: Record) -> Draft:
    """``native`` is of no use here: attachments say in their record what they are."""
    whole = Shape(record, native, of_record)
    kind, people = whole.text("kind"), _people(whole)
    body = _file(whole) if kind == "attachment" else [Section(whole.text("body"), "storage")]
    return Draft(
        title=whole.text("title"),
        sections=(*body, *_comments(whole, people)),
        allowed=audience.principals(source.name, audience.read(whole.text_lists("readers"))),
        url=whole.text("link"),
        doc_type=kind,
        metadata=_metadata(whole),
        people=people,
    )


def _metadata(record: Shape) -> dict[str, MetadataValue]:
    found: dict[str, MetadataValue] = {"space": record.text("space"), "status": record.text("status")}
    if labels := record.texts("labels"):
        found["labels"] = list(labels)
    if record.has("on"):
        found |= {"on": f"content/{record.text('on')}", "media_type": record.text("media_type", "")}
    return found


def _file(record: Shape) -> list[Section]:
    text = record.inside("text")
    form = _FORMATS.get(text.text("format"))
    if form is None:
        text.refuse("format", "is none of markdown, text, html")
    pages = text.each("pages")
    numbered = len(pages) > 1 and all(page.has("number") for page in pages)
    return [Section(page.text("text"), form, f"Page {page.number('number')}" if numbered else "") for page in pages]


def _comments(record: Shape, people: Mapping[str, str]) -> Iterator[Section]:
    for comment in record.each("comments"):
        author = people.get(comment.text("author", ""), "somebody")
        yield Section(comment.text("body"), "storage", f"Comment by {author}, {comment.text('day')}")


def _people(record: Shape) -> dict[str, str]:
    people = record.inside("people")
    return {name: people.text(name) for name in people.names()}
