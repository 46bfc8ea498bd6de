"""From what a file is to the reader of it. A reader's library is imported when the first file of its kind comes."""

from __future__ import annotations

import traceback
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from connectors.extract import plain
from connectors.extract.detect import Kind, kind
from connectors.extract.errors import BrokenFileError, NotExtractableError
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
    """Raises NotExtractableError, and MemoryError."""
    try:
        found = kind(file, reading)
        extracted = plain.read(file, reading) if found == "text" else _reader(_READERS[found])(file, reading)
    except (NotExtractableError, MemoryError):
        raise
    except Exception as error:  # libraries raise anything on a malformed file, and what is attached to a mail must not take the mail along
        raise BrokenFileError(f"the file is malformed: its reader stopped with {_place(error)}", "open it in its application and save it anew") from error
    return replace(extracted, title=_titled(extracted.title))


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}"


def _titled(title: str | None) -> str | None:
    return " ".join(cleaned(title or "").split())[:_LONGEST_TITLE] or None


def _reader(module: str) -> Reader:
    return cast("Reader", import_module(f"connectors.extract.{module}").read)
