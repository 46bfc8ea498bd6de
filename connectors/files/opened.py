"""A files source, ready to be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from connectors.extract import Extractor, OcrMissingError
from connectors.extract.tesseract import require
from connectors.files.folder import Folder
from connectors.files.folder_files import Tree
from connectors.files.reader import FilesReader
from connectors.files.s3 import Bucket
from connectors.files.storage import Storage
from connectors.files.texts import extract_limits
from contracts.sources.files import FileSource, FolderSource, S3Source
from rest_sources.files.paths import Rules

_log = structlog.get_logger()


@asynccontextmanager
async def opened_files(source: FileSource, environ: Mapping[str, str]) -> AsyncGenerator[FilesReader, None]:
    """Raises CredentialsError."""
    rules = Rules(source)
    storage = _storage(source, rules, environ)
    await asyncio.to_thread(_warn_of_missing_ocr, source)
    async with Extractor(extract_limits(source.limits), source.languages, source.workers) as extractor:
        yield FilesReader(source, storage, extractor, rules)


def tree_of(source: FolderSource, rules: Rules) -> Tree:
    return Tree(Path(source.path), extract_limits(source.limits).bytes, source.follow_symlinks, rules.includes, rules.skips)


def _storage(source: FileSource, rules: Rules, environ: Mapping[str, str]) -> Storage:
    match source:
        case FolderSource():
            return Folder(tree_of(source, rules))
        case S3Source():
            return Bucket.of(source, rules, environ)
        case _:
            raise KeyError(source.type)


def _warn_of_missing_ocr(source: FileSource) -> None:
    """At the start, and not only by the first scan's dead letter."""
    try:
        require(source.languages)
    except OcrMissingError as error:
        _log.warning("scans cannot be read", source=source.name, reason=error.reason)
