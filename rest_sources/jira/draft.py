"""A record of ``fetch`` → the document's draft. Pure; what a record lacks is MalformedRecordError with the field's name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.events import MetadataValue
from contracts.sources.rest import JiraSource, RestSource
from rest_sources.jira import audience
from rest_sources.jira.edition import Edition
from rest_sources.jira.shape import Shape
from rest_sources.shape import of_record
from rest_sources.source import Draft, Record, Section, SectionFormat

_WORDS: Final = ("type", "status", "priority", "resolution")
_LISTS: Final = ("labels", "components", "fix_versions", "affects_versions")
_SHOWN: Final = {
    "type": "Type",
    "status": "Status",
    "resolution": "Resolution",
    "priority": "Priority",
    "assignee": "Assignee",
    "reporter": "Reporter",
    "due": "Due",
    "labels": "Labels",
    "components": "Components",
    "fix_versions": "Fix versions",
    "affects_versions": "Affects versions",
    "parent": "Parent",
    "subtasks": "Subtasks",
    "links": "Links",
}
_FORMATS: Final[dict[str, SectionFormat]] = {"markdown": "markdown", "text": "text", "html": "html"}


def draft(source: RestSource, native: str, record: Record) -> Draft:
    assert isinstance(source, JiraSource)  # noqa: S101  # the catalog pairs types
    edition, whole = Edition.of(source), Shape(record, "record", of_record)
    allowed = _allowed(source.name, whole)
    match native.split("/")[2:3]:
        case ["attachment"]:
            return _attachment(edition, whole, allowed)
        case ["restricted"]:
            return _restricted(edition, whole, allowed)
    return _issue(edition, whole, allowed)


def _allowed(source: str, record: Shape) -> tuple[str, ...]:
    return audience.principals(source, frozenset(map(frozenset, record.text_lists("readers"))))


def _title(record: Shape) -> str:
    return f"{record.text('key')}: {record.text('summary')}"


def _metadata(record: Shape) -> dict[str, MetadataValue]:
    return {"key": record.text("key"), "project": record.inside("project").text("key"), "project_name": record.inside("project").text("name")}


def _issue(edition: Edition, record: Shape, allowed: tuple[str, ...]) -> Draft:
    words = {name: value for name in _WORDS if (value := record.text(name, ""))}
    lists = {name: list(values) for name in _LISTS if (values := record.texts(name))}
    description = _text(edition, record, "description")
    described = [Section(description, _texts(edition))] if description else []
    return Draft(
        title=_title(record),
        sections=(*described, Section("\n".join(_details(record)), "markdown"), *_comments(edition, record)),
        allowed=allowed,
        url=edition.browse(record.text("key")),
        doc_type="issue",
        metadata={**_metadata(record), **words, **lists},
        people=_people(record),
    )


def _restricted(edition: Edition, record: Shape, allowed: tuple[str, ...]) -> Draft:
    return Draft(
        title=f"{_title(record)} (comments for {record.text('restricted_to')})",
        sections=tuple(_comments(edition, record)),
        allowed=allowed,
        url=edition.browse(record.text("key")),
        doc_type="comments",
        metadata=_metadata(record),
        people=_people(record),
    )


def _attachment(edition: Edition, record: Shape, allowed: tuple[str, ...]) -> Draft:
    file, text = record.inside("file"), record.inside("text")
    form = _FORMATS.get(text.text("format"))
    if form is None:
        text.refuse("format", "is none of markdown, text, html")
    pages = text.each("pages")
    numbered = len(pages) > 1 and all(page.raw("number") is not None for page in pages)
    return Draft(
        title=f"{file.text('name')} ({record.text('key')})",
        sections=tuple(Section(page.text("text"), form, f"Page {page.number('number')}" if numbered else "") for page in pages),
        allowed=allowed,
        url=edition.file(file.text("id"), file.text("name")),
        doc_type="attachment",
        metadata={**_metadata(record), "media_type": file.text("media_type", "")},
    )


def _texts(edition: Edition) -> SectionFormat:
    return "adf" if edition.cloud else "wiki"


def _details(record: Shape) -> Iterator[str]:
    """What a reader of the issue sees beside its text."""
    for name, shown in _SHOWN.items():
        value = ", ".join(record.texts(name)) if isinstance(record.raw(name), list) else record.text(name, "")
        if value:
            yield f"- {shown}: {value}"


def _comments(edition: Edition, record: Shape) -> Iterator[Section]:
    for comment in record.each("comments"):
        day = comment.moment("created").date().isoformat()
        yield Section(_text(edition, comment, "body"), _texts(edition), f"Comment by {comment.text('author') or 'somebody'}, {day}")


def _text(edition: Edition, shown: Shape, name: str) -> object:
    """A document (ADF) on Cloud, wiki markup on Data Center; an empty text for none."""
    found = shown.raw(name)
    if found is not None and not isinstance(found, dict if edition.cloud else str):
        shown.refuse(name, "is of the other edition: check the source's edition in sources.yaml")
    return found or ""


def _people(record: Shape) -> dict[str, str]:
    people = record.inside("people")
    return {name: people.text(name) for name in people.names()}
