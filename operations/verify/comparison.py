"""What differs between a document as it must be and as the index holds it. Pure but for the clock.

Only the current manifest counts, as for a reader. What else is there of the document (older manifests, chunks that the current one does not list) nobody can
find; at rest it is a leftover.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from contracts.identity import Attempt, Stage
from index.documents import text_hash
from index.driver import now_us
from index.manifest import INTERIM, Manifest
from index.store import DocKey
from operations.verify.expectation import Expected, Expired, Outcome, Refused

OVERDUE_US: Final = 3600 * 1_000_000
"""So long after its time an expired document may wait for its removal; no reader finds it meanwhile."""
Kind = Literal["missing", "orphan", "stale", "leftover"]


@dataclass(frozen=True, slots=True)
class ChunkSeen:
    """A chunk object as it is stored; ``digest`` is computed from what it holds now, whatever its content hash claims."""

    chunk_id: str
    content_hash: str
    digest: str
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indexed:
    """Everything that the index holds of one document."""

    manifests: tuple[Manifest, ...] = ()
    chunks: tuple[ChunkSeen, ...] = ()

    @property
    def current(self) -> Manifest | None:
        return max(self.manifests, key=lambda manifest: manifest.attempt, default=None)

    @property
    def living(self) -> Manifest | None:
        return None if self.current is None or self.current.deleted else self.current


@dataclass(frozen=True, slots=True)
class Difference:
    """``what`` says in what; ``corrupt`` is what reading the row again would not mend, because the index believes that it holds this text already."""

    kind: Kind
    key: DocKey
    what: tuple[str, ...] = ()
    corrupt: bool = False
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Objects of one document that the current manifest does not need."""

    chunk_ids: tuple[str, ...]
    attempts: tuple[Attempt, ...]


def compare(key: DocKey, outcome: Outcome | None, indexed: Indexed) -> tuple[Difference, ...]:
    """What is wrong with a document; ``outcome`` is None where the source has no such row. Nothing can be said of a refused row."""
    return (*_of_document(key, outcome, indexed), *_of_leftovers(key, indexed))


def leftovers(indexed: Indexed) -> Leftovers:
    current = indexed.current
    listed = current.chunk_ids if current else frozenset()
    older = tuple(manifest.attempt for manifest in indexed.manifests if manifest is not current)
    return Leftovers(tuple(sorted(chunk.chunk_id for chunk in indexed.chunks if chunk.chunk_id not in listed)), older)


def _of_document(key: DocKey, outcome: Outcome | None, indexed: Indexed) -> Iterator[Difference]:
    living = indexed.living
    attempt = None if indexed.current is None else indexed.current.attempt
    match outcome:
        case Refused():
            return
        case Expected() if living is None:
            yield Difference("missing", key, ("deleted in the index",) if indexed.current else ("no manifest",), attempt=attempt)
        case Expected() if living is not None:
            if what := tuple(_aspects(outcome, living, indexed)):
                yield Difference("stale", key, what, _is_corrupt(outcome, living, indexed), attempt)
        case Expired() if living is not None and _waits_for_removal(outcome, living):
            return
        case _ if living is not None:
            reason = {Expired: "expired", type(None): "no such row"}.get(type(outcome), "outside 'where'")
            yield Difference("orphan", key, (reason,), attempt=attempt)


def _waits_for_removal(outcome: Expired, living: Manifest) -> bool:
    return living.description.expires_us == outcome.expires_us and outcome.expires_us > now_us() - OVERDUE_US


def _of_leftovers(key: DocKey, indexed: Indexed) -> Iterator[Difference]:
    left = leftovers(indexed)
    if left.chunk_ids or left.attempts:
        counted = ((len(left.chunk_ids), "unlisted chunk"), (len(left.attempts), "older manifest"))
        yield Difference("leftover", key, tuple(f"{count} {name}{'s' if count > 1 else ''}" for count, name in counted if count))


def _aspects(expected: Expected, living: Manifest, indexed: Indexed) -> Iterator[str]:
    """In what the indexed document differs, in the words of a person."""
    wanted, chunks = expected.wanted, {chunk.chunk_id: chunk for chunk in indexed.chunks}
    listed = [chunks.get(entry.chunk_id) for entry in living.entries]
    there = [chunk for chunk in listed if chunk is not None]
    same_texts = [text_hash(entry.content_hash) for entry in living.entries] == [text_hash(slot.content_hash) for slot in expected.slots]
    if not same_texts:
        yield "text"
    if living.allowed != wanted.allowed or any(tuple(sorted(chunk.allowed)) != wanted.allowed for chunk in there):
        yield "permissions"
    about, right = living.description, wanted.description
    yield from (name for name in ("title", "url", "doc_type", "metadata") if getattr(about, name) != getattr(right, name))
    if about.expires_us != right.expires_us:
        yield "expiry"
    if len(there) < len(listed):
        yield "chunks gone"
    pairs = [(entry, chunk) for entry, chunk in zip(living.entries, listed, strict=True) if chunk is not None]
    if any(chunk.content_hash != entry.content_hash or not expected.agrees(chunk.content_hash, chunk.digest) for entry, chunk in pairs):
        yield "chunk content"
    if same_texts and _places(living) != [(slot.content_hash, slot.start, slot.end) for slot in expected.slots]:
        yield "headings or places"
    if living.fingerprint != wanted.fingerprint:
        yield "unfinished" if living.fingerprint == INTERIM else "fingerprint"


def _is_corrupt(expected: Expected, living: Manifest, indexed: Indexed) -> bool:
    """Whether an index worker that gets the right record would keep what is wrong: an existing chunk by its id, the entries by the fingerprint."""
    if living.attempt.stage is not Stage.WHOLE:
        return False  # it never counts as whole: the worker begins anew
    hashes = {entry.chunk_id: entry.content_hash for entry in living.entries}
    listed = [chunk for chunk in indexed.chunks if chunk.chunk_id in hashes]
    if any(chunk.content_hash != hashes[chunk.chunk_id] or not expected.agrees(chunk.content_hash, chunk.digest) for chunk in listed):
        return True
    slots = [(slot.content_hash, slot.start, slot.end) for slot in expected.slots]
    return living.fingerprint == expected.wanted.fingerprint and _places(living) != slots


def _places(manifest: Manifest) -> list[tuple[str, int, int]]:
    return [(entry.content_hash, entry.start, entry.end) for entry in manifest.entries]
