"""A file's record as a document. No I/O: who may read and where the link leads follow from the path and sources.yaml, the text is in the record."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.events import describe_validation
from contracts.sources.files import FileSource
from rest_sources.files.paths import Rules, path_of
from rest_sources.source import Draft, MalformedRecordError, Record, Section, SectionFormat

_REMEMBERED_SOURCES: Final = 64
_NAME_THEMSELVES: Final = frozenset({".eml", ".html", ".htm", ".xhtml"})
"""Mails by their subject, pages by their title. The title in the properties of a PDF or an office document is too often its template's."""


class PageRecord(BaseModel):
    """``number`` is None where the format has no pages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int | None
    text: str


class FileRecord(BaseModel):
    """What was read of a file. ``format`` is that of every page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: SectionFormat
    title: str = ""
    pages: tuple[PageRecord, ...]


def draft(source: FileSource, native: str, record: Record) -> Draft:
    """Raises MalformedRecordError."""
    try:
        path, read = path_of(native), FileRecord.model_validate(dict(record))
    except KeyError:
        raise MalformedRecordError("the id is none of a file") from None
    except ValidationError as error:
        raise MalformedRecordError(describe_validation(error)) from None
    name = PurePosixPath(path)
    metadata = {"path": path, "folder": str(name.parent) if name.parent.name else "", "extension": name.suffix.lower().removeprefix(".")}
    return Draft(
        title=(read.title if name.suffix.lower() in _NAME_THEMSELVES else "") or name.name,
        sections=tuple(Section(page.text, read.format, "" if page.number is None else f"Page {page.number}") for page in read.pages),
        allowed=_rules(source).allowed(path) or (),
        url=source.link.replace("{path}", quote(path)) if source.link else "",
        doc_type="file",
        metadata={key: value for key, value in metadata.items() if value},
    )


@lru_cache(_REMEMBERED_SOURCES)
def _rules(source: FileSource) -> Rules:
    return Rules(source)
