"""A manifest: the small object that says what a document's current text consists of, and who may read it.

A document has one manifest per attempt; the highest attempt is the current one (DESIGN, "The manifest is the commit point"). Its entries are
the ordered chunks; where a chunk stands in the text changes with every edit, so that is kept here and not in the immutable chunk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import orjson

from contracts.events import MetadataValue
from contracts.identity import Attempt

INTERIM: Final = ""
"""Fingerprint of a manifest ahead of the real one, which narrows permissions or lacks vectors: it never counts as whole and right."""
WITHOUT_VECTOR: Final = "text:"
"""Before the content hash of a chunk that stands in for one whose vector is still to come: it is never kept, and its vector (index.borrowing) never reused."""
DELETED: Final = "deleted"
"""Fingerprint of every tombstone, whether a delete or a floor brought it: two that meet at one version are the same."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One chunk of a document: its object's id, the hash of what the object holds, and its place ``[start, end)`` in the text (characters)."""

    chunk_id: str
    content_hash: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Description:
    """What a reader is told of a document beside its text. Changes of it cost one manifest and nothing else, where no chunk filters by it."""

    source: str = ""
    scope: str = ""
    title: str = ""
    url: str = ""
    doc_type: str = ""
    metadata: tuple[tuple[str, MetadataValue], ...] = field(default=(), hash=False)
    source_time_us: int = 0
    """0 where no change of the source is behind it, but a time that came."""
    expires_us: int | None = None
    """From then on nobody may read it; of a deleted document, when it expired."""


@dataclass(frozen=True, slots=True)
class Manifest:
    attempt: Attempt
    deleted: bool
    allowed: tuple[str, ...]
    entries: tuple[Entry, ...]
    fingerprint: str
    """Hash of the record it was made from; equal fingerprints need no second chunking."""
    description: Description = Description()
    indexed_time_us: int = 0

    @property
    def chunk_ids(self) -> frozenset[str]:
        return frozenset(entry.chunk_id for entry in self.entries)

    def expired(self, now_us: int) -> bool:
        return self.description.expires_us is not None and self.description.expires_us <= now_us


def entries_to_json(entries: tuple[Entry, ...]) -> str:
    return orjson.dumps([[entry.chunk_id, entry.content_hash, entry.start, entry.end] for entry in entries]).decode()


def entries_from_json(text: str) -> tuple[Entry, ...]:
    return tuple(Entry(*row) for row in orjson.loads(text))
