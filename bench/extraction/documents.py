"""PDFs that this project did not write, with their text as their authors published it: documentation in Debian's packages.

Looked for as the packages install them, below ``/`` and below ``.headrace/bench/extraction`` (``apt-get download PACKAGE``, then ``dpkg -x PACKAGE.deb .headrace/bench/extraction``).
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOTS: Final = (Path(".headrace/bench/extraction"), Path("/"))


@dataclass(frozen=True, slots=True)
class Document:
    """``text`` was made from the same source by another program than the PDF."""

    package: str
    language: str
    pdf: str
    text: str
    scanned: bool = False
    """Whether pages of it are also scanned, which takes minutes."""

    @property
    def name(self) -> str:
        return Path(self.pdf).name.removesuffix(".gz")

    def found(self) -> tuple[bytes, str] | None:
        """(PDF, published text), or None where the package is not there."""
        for root in ROOTS:
            pdf, text = root / self.pdf, root / self.text
            if pdf.is_file() and text.is_file():
                return _read(pdf), _read(text).decode("utf-8", "replace")
        return None


DOCUMENTS: Final = (
    Document("debian-policy", "eng", "usr/share/doc/debian-policy/policy.pdf.gz", "usr/share/doc/debian-policy/policy.txt.gz", scanned=True),
    Document("debian-faq", "eng", "usr/share/doc/debian/FAQ/debian-faq.en.pdf.gz", "usr/share/doc/debian/FAQ/debian-faq.en.txt.gz"),
    Document(
        "developers-reference", "eng", "usr/share/developers-reference/developers-reference.pdf", "usr/share/developers-reference/developers-reference.txt.gz"
    ),
    Document("debian-reference-en", "eng", "usr/share/debian-reference/debian-reference.en.pdf", "usr/share/debian-reference/debian-reference.en.txt.gz"),
    Document(
        "installation-guide-amd64",
        "deu",
        "usr/share/doc/installation-guide-amd64/de/install.de.pdf.gz",
        "usr/share/doc/installation-guide-amd64/de/install.de.txt.gz",
        scanned=True,
    ),
    Document(
        "debian-history", "eng", "usr/share/doc/debian-history/docs/project-history.en.pdf", "usr/share/doc/debian-history/docs/project-history.en.txt.gz"
    ),
)


def _read(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content
