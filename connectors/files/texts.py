"""A file's bytes to its record: text by page, read in a process of its own within the source's limits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from connectors.extract import Extracted, Extractor, ExtractorUnavailableError, Limits, NotExtractableError
from contracts.sources.files import FileLimits
from contracts.sources.rest import MIB
from contracts.topics import MAX_TEXT_BYTES
from rest_sources.api import ApiUnavailableError
from rest_sources.source import Record, UnreadableFileError

_WALL_FOR_CPU: Final = 3
"""The work has the lowest priority: a busy machine makes it slow without the file being to blame."""


@dataclass(frozen=True, slots=True)
class Text:
    """``left_out`` says by name why attachments of a mail gave no text."""

    record: Record
    left_out: dict[str, str] = field(default_factory=dict)


def extract_limits(limits: FileLimits) -> Limits:
    return Limits(
        bytes=int(limits.max_mib * MIB),
        pages=limits.pages,
        cpu_seconds=limits.seconds,
        wall_seconds=float(limits.seconds * _WALL_FOR_CPU),
        memory_mib=limits.memory_mib,
    )


def fingerprint(data: bytes) -> str:
    """Of a file's bytes: nobody makes two that share it."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


async def text_of(extractor: Extractor, path: str, data: bytes) -> Text:
    """Raises UnreadableFileError, and ApiUnavailableError where no file at all can be read."""
    try:
        extracted = await extractor.extract(data, PurePosixPath(path).name, "")
    except NotExtractableError as error:
        raise UnreadableFileError(error.reason) from error
    except ExtractorUnavailableError as error:
        raise ApiUnavailableError(f"No file can be read: {error}.", "Mend the installation; files are read again then.") from error
    size = sum(len(page.text.encode()) for page in extracted.pages)
    if size > MAX_TEXT_BYTES:
        raise UnreadableFileError(f"the file has {size:,} bytes of text, {MAX_TEXT_BYTES:,} are allowed; split it")
    return Text(_record(extracted), {left.name: left.reason for left in extracted.left_out})


def _record(extracted: Extracted) -> Record:
    pages = [{"number": page.number, "text": page.text} for page in extracted.pages if page.text]
    return {"format": extracted.format, "title": extracted.title or "", "pages": pages}
