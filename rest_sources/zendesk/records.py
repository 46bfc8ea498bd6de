"""What a fetch leaves in Kafka: everything that a document is made of, and nothing else. Written by the reader, read again by ``draft``; a record of another shape is malformed.

Ids are kept where names would change, names where people read them. Lists that have no order at the vendor are sorted, so that the same state gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.events import describe_validation
from rest_sources.source import MalformedRecordError, Record


class Recorded(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    def as_record(self) -> Record:
        return self.model_dump(mode="json")


class TicketReaders(Recorded):
    """What of a ticket decides who reads it. ``customers``: those too who are no agents, since it is, or hangs on, a public comment."""

    requester_id: int
    assignee_id: int | None
    group_id: int | None
    organization_id: int | None
    cc_ids: list[int]
    follower_ids: list[int]
    customers: bool


class ArticleReaders(Recorded):
    """``unknown`` says why nobody may read it."""

    everyone: bool = False
    signed_in: bool = False
    segment_ids: list[int] = []
    unknown: str = ""


class Said(Recorded):
    """A comment. ``author`` is empty where the vendor names none."""

    author_id: int
    author: str
    at: str
    html: str


class TicketRecord(Recorded):
    """``ticket/7`` with the public comments, or ``ticket/7/internal`` with the others."""

    kind: Literal["ticket", "internal"]
    subject: str
    status: str
    priority: str
    type: str
    channel: str
    tags: list[str]
    group: str
    organization: str
    created_at: str
    updated_at: str
    comments: list[Said]
    readers: TicketReaders


class ArticleRecord(Recorded):
    """``article/9``, or one of its translations."""

    kind: Literal["article"]
    title: str
    html: str
    locale: str
    url: str
    section: str
    labels: list[str]
    updated_at: str
    readers: ArticleReaders


class PageOfFile(Recorded):
    model_config = ConfigDict(extra="ignore")

    number: int | None = None
    text: str


class ReadFile(Recorded):
    """As ``Files.read`` gives it."""

    model_config = ConfigDict(extra="ignore")

    format: Literal["markdown", "text", "html"]
    pages: list[PageOfFile]


class TicketFileRecord(Recorded):
    kind: Literal["ticket-attachment"]
    name: str
    media_type: str
    file: ReadFile
    readers: TicketReaders


class ArticleFileRecord(Recorded):
    kind: Literal["article-attachment"]
    name: str
    media_type: str
    url: str
    file: ReadFile
    readers: ArticleReaders


AnyRecord = TicketRecord | ArticleRecord | TicketFileRecord | ArticleFileRecord
_KINDS: Final[Mapping[object, type[AnyRecord]]] = {
    "ticket": TicketRecord,
    "internal": TicketRecord,
    "article": ArticleRecord,
    "ticket-attachment": TicketFileRecord,
    "article-attachment": ArticleFileRecord,
}


def read_record(record: Record) -> AnyRecord:
    """Raises MalformedRecordError, which names the field and not its value."""
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise MalformedRecordError(f"kind: missing, or none of {', '.join(map(str, _KINDS))}")
    try:
        return _KINDS[kind].model_validate(dict(record))
    except ValidationError as error:
        raise MalformedRecordError(describe_validation(error)) from None  # the cause holds values
