"""What came out of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Format = Literal["markdown", "text", "html"]

_UNWRITTEN: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Control characters and halves of surrogate pairs: no reader sees them, and neither JSON nor Postgres takes them all."""


@dataclass(frozen=True, slots=True)
class Page:
    """``number`` counts from 1; None where the format has no pages (a sheet of a workbook has a name, not a number)."""

    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An attachment of a mail that gave no text, while the mail itself did. ``kind`` and ``reason`` are those of a NotExtractableError."""

    name: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """``format`` holds for every page. ``scanned_pages`` says how many of them came from OCR, and may therefore be misread."""

    format: Format
    pages: tuple[Page, ...]
    title: str | None = None
    scanned_pages: int = 0
    left_out: tuple[LeftOut, ...] = ()

    @property
    def text(self) -> str:
        """All pages in one string, with an empty line between them."""
        return "\n\n".join(page.text for page in self.pages if page.text)


def cleaned(text: str) -> str:
    """Without what no reader sees, with one kind of line end."""
    return _UNWRITTEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n"))
