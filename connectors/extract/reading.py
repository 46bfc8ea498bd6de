"""What every reader is given: the file, and the allowance that its text, pages and time are charged to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from connectors.extract.confine import cpu_seconds
from connectors.extract.errors import OutOfMemoryError, TimedOutError, TooLargeError, TooManyPagesError
from connectors.extract.limits import Limits
from connectors.extract.result import LeftOut, cleaned

if TYPE_CHECKING:
    from connectors.extract.ocr import Ocr


OUT_OF_MEMORY: Final = 77
"""The exit code of a process that has too little even to say so."""


@dataclass(frozen=True, slots=True)
class File:
    """``name`` may be empty and ``media_type`` wrong: what people upload."""

    content: bytes
    name: str = ""
    media_type: str = ""


@dataclass(slots=True)
class Reading:
    """One file's allowance, shared with what is attached to it."""

    limits: Limits
    ocr: Ocr
    began: float = field(default_factory=cpu_seconds)
    characters: int = 0
    pages: int = 0
    scanned: int = 0
    attachments: int = 0
    depth: int = 0
    left_out: list[LeftOut] = field(default_factory=list)

    def text(self, text: str) -> str:
        """The text without what no reader sees, charged. Raises TooLargeError, TimedOutError."""
        kept = cleaned(text)
        self.charge(len(kept))
        return kept

    def charge(self, characters: int) -> None:
        """Of text that is kept. Raises TooLargeError, TimedOutError."""
        self.characters += max(0, characters)
        if self.characters > self.limits.characters:
            raise TooLargeError(f"the file has more than {self.limits.characters} characters of text", "split it, or raise the limit on characters")
        self.check_time()

    def count_pages(self, pages: int) -> None:
        self.pages += pages
        if self.pages > self.limits.pages:
            raise TooManyPagesError(f"the file has {self.pages} pages, {self.limits.pages} are allowed", "split it, or raise the limit on pages")

    def count_scan(self) -> None:
        self.scanned += 1
        if self.scanned > self.limits.scanned_pages:
            raise TooManyPagesError(
                f"the file has more than {self.limits.scanned_pages} scanned pages",
                "give it a text layer (ocrmypdf), split it, or raise the limit on scanned pages",
            )

    def check_time(self) -> None:
        if cpu_seconds() - self.began > self.limits.cpu_seconds:
            raise out_of_time(self.limits)


def out_of_memory(limits: Limits) -> OutOfMemoryError:
    return OutOfMemoryError(f"reading the file takes more than {limits.memory_mib} MiB of memory", "split it, or raise the limit on memory")


def out_of_time(limits: Limits) -> TimedOutError:
    return TimedOutError(f"reading the file took more than {limits.cpu_seconds} s of CPU time", "split it, or raise the limit on CPU time")
