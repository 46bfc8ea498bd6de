"""From what a file is to the reader of it. A reader's library is imported when the first file of its kind comes."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Final, Protocol, cast

from connectors.extract import plain
from connectors.extract.detect import Kind, kind
from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, cleaned


class Reader(Protocol):
    """A module's ``read``."""

    def __call__(self, file: File, reading: Reading) -> Extracted: ...


_READERS: Final[dict[Kind, str]] = {
    "pdf": "pdf",
    "image": "images",
    "docx": "word",
    "xlsx": "sheets",
    "pptx": "slides",
    "odt": "opendocument",
    "ods": "opendocument",
    "odp": "opendocument",
}


_LONGEST_TITLE: Final = 300


def extract(file: File, reading: Reading) -> Extracted:
    """Raises NotExtractableError, or whatever a library raises on a malformed file."""
    found = kind(file, reading)
    extracted = plain.read(file, reading) if found == "text" else _reader(_READERS[found])(file, reading)
    return replace(extracted, title=_titled(extracted.title))


def _titled(title: str | None) -> str | None:
    return " ".join(cleaned(title or "").split())[:_LONGEST_TITLE] or None


def _reader(module: str) -> Reader:
    return cast("Reader", import_module(f"connectors.extract.{module}").read)
