"""What goes into the index for one record: its chunks' content and hashes, and the fingerprint that tells whether anything changed.

A chunk's content hash has two halves: the hash of what is embedded (the text) and of what filters and BM25 need beside it. A change in the second half
alone makes a new chunk object with the old vector, at no embedding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson
import xxhash

from contracts.events import DeleteRecord, DocumentRecord
from index.manifest import DELETED, Description
from index.protocol import Slot, Wanted
from index.text.embedded import embedded_text
from index.text.terms import bm25_terms

TEXT_HASH_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk as the chunker cut it: ``text`` is the body from ``start`` to ``end``."""

    start: int
    end: int
    text: str
    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChunkContent:
    """All that a chunk object holds beside its id, vector and birth."""

    content_hash: str
    text: str
    headings: tuple[str, ...]
    doc_id: str
    scope: str
    source: str
    title: str
    doc_type: str
    allowed: tuple[str, ...]
    facets: tuple[str, ...]

    def properties(self) -> dict[str, object]:
        """As Weaviate stores it (index.collections.CHUNK_PROPERTIES), without ``born``."""
        return {
            "doc_id": self.doc_id,
            "scope": self.scope,
            "source": self.source,
            "doc_type": self.doc_type,
            "allowed": list(self.allowed),
            "facets": list(self.facets),
            "terms": bm25_terms(self.text),
            "title_terms": bm25_terms(" ".join((self.title, *self.headings))),
            "text": self.text,
            "headings": " > ".join(self.headings),
            "content_hash": self.content_hash,
        }


def text_hash(content_hash: str) -> str:
    """The half of a content hash that names the vector."""
    return content_hash[:TEXT_HASH_DIGITS]


def hash_text(text: str) -> str:
    return xxhash.xxh3_128_hexdigest(text.encode())


def facets(metadata: dict[str, object]) -> tuple[str, ...]:
    """``name=value`` for each value of each metadata field: what an equality filter asks for."""
    pairs: list[str] = []
    for name, value in metadata.items():
        values = value if isinstance(value, list | tuple) else [value]
        pairs.extend(facet(name, item) for item in values)
    return tuple(sorted(pairs))


def facet(name: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{name}={text}"


def chunk_contents(record: DocumentRecord, pieces: list[Piece]) -> tuple[tuple[Slot, ...], dict[str, ChunkContent]]:
    """The slots of a record in order, and the content for each content hash."""
    rest = facets(dict(record.metadata))
    slots: list[Slot] = []
    contents: dict[str, ChunkContent] = {}
    for piece in pieces:
        beside = orjson.dumps([piece.text, record.title, piece.headings, record.doc_type, sorted(record.allowed), rest, record.scope, record.source])
        content_hash = hash_text(embedded_text(piece.text)) + xxhash.xxh3_64_hexdigest(beside)
        slots.append(Slot(content_hash, piece.start, piece.end))
        if content_hash not in contents:
            contents[content_hash] = ChunkContent(
                content_hash=content_hash,
                text=piece.text,
                headings=piece.headings,
                doc_id=record.doc_id,
                scope=record.scope,
                source=record.source,
                title=record.title,
                doc_type=record.doc_type,
                allowed=tuple(sorted(record.allowed)),
                facets=rest,
            )
    return tuple(slots), contents


def fingerprint(record: DocumentRecord) -> str:
    """Equal for two records that must look the same in the index, whatever their version and source time."""
    rest = (
        record.title,
        record.url,
        record.body,
        record.format,
        record.doc_type,
        sorted(record.allowed),
        sorted(record.metadata.items(), key=lambda item: item[0]),
    )
    return xxhash.xxh3_128_hexdigest(orjson.dumps([rest, record.chunking.model_dump(), record.scope, record.source]))


def wanted_of(record: DocumentRecord | DeleteRecord) -> Wanted:
    """The state that the index must reach for a record; its slots are cut when the protocol asks for them."""
    if isinstance(record, DeleteRecord):
        gone = Description(source=record.source, scope=record.scope, source_time_us=record.source_time_us, expires_us=record.expires_us)
        return Wanted(record.tenant, record.doc_id, record.version, deleted=True, allowed=(), fingerprint=DELETED, slots=(), description=gone)
    description = Description(
        source=record.source,
        scope=record.scope,
        title=record.title,
        url=record.url,
        doc_type=record.doc_type,
        metadata=tuple(sorted(record.metadata.items())),
        source_time_us=record.source_time_us,
        expires_us=record.expires_us,
    )
    allowed = tuple(sorted(record.allowed))
    return Wanted(record.tenant, record.doc_id, record.version, deleted=False, allowed=allowed, fingerprint=fingerprint(record), description=description)
