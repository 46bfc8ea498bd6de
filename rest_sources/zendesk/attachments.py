"""Attachments as parts: read where they can be, refused with a reason where they cannot, left out where they are gone. One that cannot be read does not stop the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rest_sources.api import ApiError, ApiRefusedError, ApiUnavailableError
from rest_sources.source import Files, Record, RemoteFile, UnreadableFileError
from rest_sources.zendesk.answers import ArticleAttachment, Attachment, parsed
from rest_sources.zendesk.records import ReadFile

_MALWARE: Final = "malware_found"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file, the id of the part that it becomes, and how its record is made of its text."""

    native: str
    file: RemoteFile
    record: Callable[[ReadFile], Record]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    records: Mapping[str, Record] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def remote(source: str, attachment: Attachment | ArticleAttachment) -> RemoteFile:
    """An attachment's content never changes but by redaction, which keeps the id and gives another name and size (…/tickets/ticket-attachments/#redact-comment-attachment)."""
    key = f"zendesk/{source}/{attachment.id}/{attachment.size}/{attachment.file_name}"
    return RemoteFile(attachment.content_url, key, attachment.file_name, attachment.content_type or "", attachment.size)


def why_refused(attachment: Attachment) -> str:
    """What the vendor itself warns of; empty for what may be read."""
    if attachment.malware_scan_result == _MALWARE and not attachment.malware_access_override:
        return "Zendesk's scan found malware in it. An admin may allow access to it there."
    return ""


async def read_parts(files: Files, wanted: Iterable[Wanted]) -> Parts:
    """Those that can be read. ApiError is passed on where the vendor cannot be asked at all, since another try may fare better."""
    listed = list(wanted)
    outcomes = await asyncio.gather(*(_read(files, each) for each in listed))
    pairs = list(zip(listed, outcomes, strict=True))
    return Parts(
        {each.native: each.record(outcome) for each, outcome in pairs if isinstance(outcome, ReadFile)},
        {each.native: outcome for each, outcome in pairs if isinstance(outcome, str)},
    )


async def _read(files: Files, wanted: Wanted) -> ReadFile | str | None:
    """The text, or why it is refused; None for a file that is gone."""
    if wanted.refused:
        return wanted.refused
    try:
        found = await files.read(wanted.file)
    except UnreadableFileError as error:
        return error.reason
    except (ApiUnavailableError, ApiRefusedError):
        raise
    except ApiError as error:
        return str(error)
    return None if found is None else parsed(ReadFile, dict(found), "attachment's text")
