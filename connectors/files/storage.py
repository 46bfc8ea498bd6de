"""Where files are: what a folder and a bucket offer alike. ``FilesReader`` makes a source of it.

Paths are relative to the source, with slashes. A path that ends with a slash is a folder that could not be looked into; its refusal stands for all that is below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """A file without its content. Equal stamps mean that nothing was written in between; an empty one says only that it exists. ``identity`` stays with the file when it is renamed."""

    path: str
    stamp: str
    identity: str
    changed_us: int
    """When it came to be as it is here."""
    modified_us: int = 0
    """When its content was written, wherever that was; 0 where the storage does not say."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file whole. ``settled`` is False while it was written so lately that more may come."""

    stored: Stored
    data: bytes
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is there and is not read. The reason names cause and cure."""

    stamp: str
    reason: str


class Storage(Protocol):
    """Every method may raise ApiError: then nothing is known of the file."""

    async def stat(self, path: str) -> Stored | None:
        """The file without its content; None where there is none, or where only reading it shows more."""
        ...

    async def content(self, path: str) -> Content | Refused | None:
        """The file as it is now; None where there is none."""
        ...

    def files(self, after: str) -> AsyncIterator[Sequence[Stored]]:
        """All files whose path comes after ``after``, in pages, in an order that ``after`` follows."""
        ...
