"""``rest_sources.source.Files``: attachments downloaded once, read in a process of their own, and remembered by what names their content.

An edit of a ticket asks for all its attachments again; their bytes have not changed, so what was read of them is given from memory. A lost memory costs a
download and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import orjson
from cachetools import LRUCache

from connectors.extract import Extracted, Extractor, NotExtractableError
from contracts.sources.rest import MIB, Attachments
from rest_sources.api import Api, TooLargeError
from rest_sources.source import Record, RemoteFile, UnreadableFileError

MEMORY_BYTES: Final = 64 * MIB
_Remembered = Record | UnreadableFileError


def _size(remembered: _Remembered) -> int:
    return 200 if isinstance(remembered, UnreadableFileError) else len(orjson.dumps(dict(remembered)))


class _CutShortError(UnreadableFileError):
    """Not what the vendor says that it keeps: another download may be."""


class AttachmentFiles:
    """For one source. Files that cannot be read are remembered too: they would fail again."""

    def __init__(self, api: Api, extractor: Extractor, settings: Attachments, memory_bytes: int = MEMORY_BYTES) -> None:
        self._api = api
        self._extractor = extractor
        self._most_bytes = int(settings.max_mib * MIB)
        self._wanted = settings.read
        self._memory: LRUCache[str, _Remembered] = LRUCache(memory_bytes, getsizeof=_size)
        self._reading: dict[str, asyncio.Lock] = {}

    async def read(self, file: RemoteFile) -> Record | None:
        if not self._wanted:
            return None
        async with self._reading.setdefault(file.key, asyncio.Lock()):
            try:
                remembered = self._memory.get(file.key)
                if remembered is None:
                    remembered = await self._read(file)
            finally:
                self._reading.pop(file.key, None)
        if isinstance(remembered, UnreadableFileError):
            raise UnreadableFileError(remembered.reason)
        return remembered

    async def _read(self, file: RemoteFile) -> _Remembered | None:
        found: _Remembered | None
        try:
            found = await self._downloaded(file)
        except UnreadableFileError as error:
            found = error
        if found is not None and not isinstance(found, _CutShortError) and _size(found) <= self._memory.maxsize:
            self._memory[file.key] = found
        return found

    async def _downloaded(self, file: RemoteFile) -> Record | None:
        if file.size_bytes > self._most_bytes:
            raise self._too_large(file)
        try:
            content = await self._api.download(file.url, self._most_bytes)
        except TooLargeError as error:
            raise self._too_large(file) from error
        if content is None:
            return None
        if file.size_bytes and len(content) != file.size_bytes:
            raise _CutShortError(
                f"{len(content):,} bytes came of a file of {file.size_bytes:,}: the download was cut, or something else came in its place; replay the dead letter"
            )
        try:
            return record_of(await self._extractor.extract(content, file.name, file.media_type))
        except NotExtractableError as error:
            raise UnreadableFileError(error.reason) from error

    def _too_large(self, file: RemoteFile) -> UnreadableFileError:
        return UnreadableFileError(
            f"a file of {file.size_bytes:,} bytes; the most is {self._most_bytes:,}: raise attachments.max_mib of the source in sources.yaml, or leave it out"
        )


def record_of(extracted: Extracted) -> Mapping[str, object]:
    """What a record holds of a file: its text by page."""
    return {"format": extracted.format, "pages": [{"number": page.number, "text": page.text} for page in extracted.pages]}
