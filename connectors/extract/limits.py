"""What one file may cost. Each default says why; all are per file, attachments of a mail included, and hold in one process with the text read so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Above any of them the file is refused with an error that names the limit; nothing is cut silently."""

    bytes: int = 50 * MIB
    """Zendesk's own limit for an attachment; Jira's and Confluence's defaults are lower or near it."""
    pages: int = 3_000
    """The longest manuals have about 2,000. A page tree can claim a million in a hundred bytes."""
    scanned_pages: int = 150
    """At 2 s of one core each, five minutes. More is a book, which is better OCRed once where it is kept."""
    characters: int = 8 * MIB
    """Of text: what a record of ``documents`` may hold."""
    cpu_seconds: int = 400
    """Of one core: all scanned pages, with a reserve. A readable file without scans takes under 10."""
    wall_seconds: float = 1_200.0
    """Three times the CPU's: the work runs at the lowest priority, so a busy machine makes it slow without the file being to blame."""
    memory_mib: int = 1_024
    """Address space of the process, libraries (250 MiB) included. OCR of an A3 page at 300 dpi takes about 500."""
    uncompressed_bytes: int = 300 * MIB
    """Of all the parts of an Office document together, as its directory declares and its reader enforces. A large workbook has 100 MiB."""
    xml_bytes: int = 64 * MIB
    """Of one XML part that its reader holds as a tree, which takes ten times its size; sheets are streamed and not meant. The longest documents have 20 MiB."""
    zip_entries: int = 10_000
    """A presentation of 500 slides with pictures has 3,000."""
    pixels: int = 120_000_000
    """An A3 page scanned at 600 dpi has 70 million. At one byte each they fit into the memory above."""
    attachment_depth: int = 3
    """A mail in a mail in a mail: what forwarding makes. Beyond it an attachment is left out."""
    attachments: int = 100
    """Of one mail, nested ones included; the rest is left out."""
