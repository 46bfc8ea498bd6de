"""A file's path: its native id, whether it is a document at all, and who may read it."""

from __future__ import annotations

from typing import Final

from wcmatch import glob

from contracts.hints import MAX_ID_CHARS
from contracts.rest_records import document_of
from contracts.sources.files import GLOB_FLAGS, FileSource
from rest_sources.source import FILE

_LONGEST_DOC_ID: Final = 2048
"""Of a document's id, in which everything but letters and digits is percent-encoded."""


class UnusablePathError(ValueError):
    """A path that cannot be an id. The text says why and what to do; it does not repeat the path."""


def native_of(path: str) -> str:
    """``file/reports/q3.pdf``."""
    return FILE + path


def path_of(native: str) -> str:
    """Raises KeyError for an id that is none of a file. A key of a storage may be any path, a folder's reader judges for itself."""
    path = native.removeprefix(FILE)
    if not native.startswith(FILE) or not path or "\x00" in path:
        raise KeyError(native)
    return path


def check_path(scope: str, path: str) -> None:
    """Raises UnusablePathError."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise UnusablePathError("its name is no UTF-8; rename it (convmv does so for whole folders)") from None
    if len(native_of(path)) > MAX_ID_CHARS or len(document_of(scope, native_of(path))) > _LONGEST_DOC_ID:
        raise UnusablePathError(f"its path is too long for a document's id ({_LONGEST_DOC_ID} characters once percent-encoded); shorten names or move it up")


class Rules:
    """A source's patterns, compiled once."""

    def __init__(self, source: FileSource) -> None:
        self._include = glob.compile(list(source.include), flags=GLOB_FLAGS)
        self._exclude = glob.compile(list(source.exclude), flags=GLOB_FLAGS) if source.exclude else None
        self._access = [(glob.compile(rule.path, flags=GLOB_FLAGS), rule.allowed) for rule in source.access]

    def includes(self, path: str) -> bool:
        """Whether the file is a document."""
        return bool(self._include.match(path)) and not (self._exclude is not None and self._exclude.match(path))

    def skips(self, folder: str) -> bool:
        """Whether nothing below a folder can be a document."""
        return self._exclude is not None and bool(self._exclude.match(folder) or self._exclude.match(f"{folder}/"))

    def allowed(self, path: str) -> tuple[str, ...] | None:
        """Who may read it, by the first rule that fits; None where none does, which lets nobody."""
        return next((allowed for pattern, allowed in self._access if pattern.match(path)), None)
