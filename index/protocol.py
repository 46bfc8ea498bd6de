"""The write protocol: how one worker indexes one version of one document when others may be at work on the same document.

Weaviate has neither transactions nor compare-and-set, lanes meet on a document, and a frozen worker may wake up at any step. The protocol of
DESIGN ("The write protocol") is here as a pure state machine: a Writer names the effect it needs next, somebody carries the effect out, and
``advance`` takes what was seen to the next Writer. The same code runs against Weaviate (index.driver) and through every interleaving of writers,
crashes and redeliveries (tests/property/test_write_protocol.py).

Invariants at rest: the current manifest is of the highest version, lists only chunks that exist, and no version ever comes back below it.
The rules that cannot be left out stand in functions of their own: keepable, must_replan, removable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from contracts.identity import Attempt, Stage, Version, chunk_uuid
from index.manifest import DELETED, INTERIM, WITHOUT_VECTOR, Description, Entry, Manifest

MOST_OUTDONE: Final = 4
"""Texts that took each other's place while their vectors were never computed: so many are swept away ahead of the whole, fewer with it."""


@dataclass(frozen=True, slots=True)
class ChunkRef:
    """A chunk object that exists: its id, and the attempt that first listed it."""

    chunk_id: str
    born: Attempt


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look at the index showed of one document. ``floor`` is the highest floor over its scope, whatever the document."""

    manifests: tuple[Manifest, ...]
    chunks: frozenset[ChunkRef]
    floor: Version | None = None

    @property
    def current(self) -> Manifest | None:
        return max(self.manifests, key=lambda manifest: manifest.attempt, default=None)

    @property
    def chunk_ids(self) -> frozenset[str]:
        return frozenset(chunk.chunk_id for chunk in self.chunks)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the wanted text: the hash of the chunk that belongs there, and where it stands."""

    content_hash: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """One version of a document as it should stand in the index. ``slots`` is None until somebody has cut the text (see NeedSlots)."""

    tenant: str
    doc_id: str
    version: Version
    deleted: bool
    allowed: tuple[str, ...]
    fingerprint: str
    slots: tuple[Slot, ...] | None = None
    description: Description = field(default_factory=Description)


class Outcome(Enum):
    COMMITTED = "committed"
    """The version is in the index by this writer's manifest."""
    DUPLICATE = "duplicate"
    """The version was there already, whole and right."""
    FENCED = "fenced"
    """A higher version, or a floor above it, is there."""
    SUPERSEDED = "superseded"
    """While this writer was at work a higher attempt came."""


@dataclass(frozen=True, slots=True)
class Look:
    """Read the manifests, chunk ids and floor of the document."""


@dataclass(frozen=True, slots=True)
class NeedSlots:
    """Cut the wanted text into slots: only now is it known that it is needed."""


@dataclass(frozen=True, slots=True)
class PutChunks:
    """Write these new chunks."""

    entries: tuple[Entry, ...]
    born: Attempt


@dataclass(frozen=True, slots=True)
class PutManifest:
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class RemoveChunks:
    chunk_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveManifests:
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Done:
    outcome: Outcome


Effect = Look | NeedSlots | PutChunks | PutManifest | RemoveChunks | RemoveManifests | Done


@dataclass(frozen=True, slots=True)
class Writer:
    """One worker's way through one version of one document. ``effect`` is what it needs done next."""

    wanted: Wanted
    nonce: str
    effect: Effect
    before: Manifest | None = None
    """The current manifest that the latest plan started from; never one of this writer's own."""
    planned_on: Observation | None = None
    own: Manifest | None = None
    """The manifest of the attempt under way."""
    outcome: Outcome | None = None
    """Decided, though something may be left to tidy."""
    text_put: bool = False
    """The text was put ahead of its vectors (see text_first): once is enough."""


def start(wanted: Wanted, nonce: str) -> Writer:
    """A writer at its first step. ``nonce`` is random: it tells apart two workers that try the same version."""
    return Writer(wanted=wanted, nonce=nonce, effect=Look())


def advance(writer: Writer, seen: Observation | None = None, slots: tuple[Slot, ...] | None = None) -> Writer:  # noqa: PLR0911  # a return per state
    """The writer after its effect was carried out; a Look brings ``seen``, NeedSlots brings ``slots``."""
    match writer.effect:
        case Look():
            assert seen is not None  # noqa: S101  # the contract of Look
            return _looked_again(writer, writer.own, seen) if writer.own is not None else _looked(writer, seen)
        case NeedSlots():
            assert slots is not None and writer.planned_on is not None  # noqa: S101, PT018  # the contract of NeedSlots
            return _plan(replace(writer, wanted=replace(writer.wanted, slots=slots)), writer.planned_on)
        case PutChunks():
            assert writer.own is not None  # noqa: S101  # chunks are written for a planned manifest only
            return replace(writer, effect=PutManifest(writer.own))
        case PutManifest(manifest):
            if manifest.attempt.stage is Stage.TEXT and writer.planned_on is not None:
                return _plan(writer, _with(writer.planned_on, manifest))
            return replace(writer, effect=Look(), own=manifest if manifest.attempt.stage is Stage.WHOLE else None)
        case RemoveChunks() | RemoveManifests() if writer.outcome is None and writer.planned_on is not None:
            return _plan(writer, _without(writer.planned_on, writer.effect))
        case RemoveChunks():
            return _after_chunks(writer)
        case RemoveManifests():
            return _done(writer)
        case Done():
            return writer


# -- step 1: what is there ---------------------------------------------------------------------------------------------------------


def _looked(writer: Writer, seen: Observation) -> Writer:
    current = seen.current
    mine = current is not None and current.attempt.nonce == writer.nonce
    if not mine:
        writer = replace(writer, before=current)
    if seen.floor is not None and seen.floor > writer.wanted.version:
        if current is None or current.attempt.version > seen.floor or _gone_without_trace(current, seen):
            return _retreat(writer, seen, Outcome.FENCED)
        writer = replace(writer, wanted=_dead_at(writer.wanted, seen.floor))
    if current is not None and current.attempt.version > writer.wanted.version:
        return _retreat(writer, seen, Outcome.FENCED)
    if current is not None and current.attempt.version == writer.wanted.version and _whole_and_right(current, writer.wanted, seen):
        return _tidy(replace(writer, own=current, outcome=Outcome.COMMITTED if mine else Outcome.DUPLICATE), seen)
    return _plan(writer, seen)


def _gone_without_trace(current: Manifest, seen: Observation) -> bool:
    """Deleted and tidied: a floor has nothing more to do."""
    return current.deleted and len(seen.manifests) == 1 and not seen.chunks


def _dead_at(wanted: Wanted, version: Version) -> Wanted:
    return replace(wanted, version=version, deleted=True, allowed=(), fingerprint=DELETED, slots=())


def _whole_and_right(current: Manifest, wanted: Wanted, seen: Observation) -> bool:
    right = current.fingerprint == wanted.fingerprint and current.deleted == wanted.deleted and current.fingerprint != INTERIM
    return right and current.chunk_ids <= seen.chunk_ids and _sound(current, seen)


def _sound(current: Manifest, seen: Observation) -> bool:
    """Each listed chunk is either of this very attempt, or listed by every other manifest too: so no other writer will tidy it away."""
    born_here = {chunk.chunk_id for chunk in seen.chunks if chunk.born == current.attempt}
    others = [manifest.chunk_ids for manifest in seen.manifests if manifest.attempt != current.attempt]
    return all(chunk_id in born_here or all(chunk_id in listed for listed in others) for chunk_id in current.chunk_ids)


# -- step 2: plan ------------------------------------------------------------------------------------------------------------------


def _plan(writer: Writer, seen: Observation) -> Writer:
    if writer.text_put and (old := outdone(seen)):
        return replace(writer, planned_on=seen, own=None, effect=old[0])
    writer = replace(writer, planned_on=seen, own=None)
    current = seen.current
    if current is not None and not writer.wanted.deleted and _narrows(current, writer.wanted):
        return replace(writer, effect=PutManifest(_narrowed(writer, current, seen)))
    if writer.wanted.slots is None and not writer.wanted.deleted:
        slots = _slots_as_before(current, writer.wanted)
        if slots is None:
            return replace(writer, effect=NeedSlots())
        writer = replace(writer, wanted=replace(writer.wanted, slots=slots))
    manifest, new = _new_manifest(writer, seen)
    return replace(writer, own=manifest, effect=PutChunks(new, manifest.attempt) if new else PutManifest(manifest))


def outdone(seen: Observation) -> tuple[RemoveChunks | RemoveManifests, ...]:
    """What is left of texts that a later text took the place of before their vectors were there: stand-ins, then their manifests, for nobody keeps or tidies by them.

    A document that is edited faster than it can be embedded would gather them, and each look and each search would read them all.
    """
    current = seen.current
    if current is None or current.attempt.stage is not Stage.TEXT:
        return ()
    chunks = tuple(sorted(c.chunk_id for c in seen.chunks if c.born.stage is Stage.TEXT and c.born < current.attempt and c.chunk_id not in current.chunk_ids))
    manifests = tuple(sorted(m.attempt for m in seen.manifests if m.attempt.stage is Stage.TEXT and m.attempt < current.attempt))
    if len(manifests) < MOST_OUTDONE:
        return ()
    return (*((RemoveChunks(chunks),) if chunks else ()), *((RemoveManifests(manifests),) if manifests else ()))


def _with(seen: Observation, text: Manifest) -> Observation:
    """What a look would show if nobody else were at work: as good a ground for a plan as any, since step 4 looks."""
    stand_ins = frozenset(ChunkRef(entry.chunk_id, text.attempt) for entry in text.entries if entry.content_hash.startswith(WITHOUT_VECTOR))
    return replace(seen, manifests=(*seen.manifests, text), chunks=seen.chunks | stand_ins)


def _without(seen: Observation, effect: RemoveChunks | RemoveManifests) -> Observation:
    match effect:
        case RemoveChunks(ids):
            return replace(seen, chunks=frozenset(chunk for chunk in seen.chunks if chunk.chunk_id not in set(ids)))
        case RemoveManifests(attempts):
            return replace(seen, manifests=tuple(manifest for manifest in seen.manifests if manifest.attempt not in set(attempts)))


def _narrows(current: Manifest, wanted: Wanted) -> bool:
    return not current.deleted and bool(current.entries) and not set(current.allowed) <= set(wanted.allowed)


def _narrowed(writer: Writer, current: Manifest, seen: Observation) -> Manifest:
    """The old text for those who may still read it: a revoke takes effect with this one small write.

    Its stage is below that of the version's own text: put late by a frozen worker, it must not bring the old text back over the new.
    """
    alive = keepable(seen)
    return Manifest(
        attempt=Attempt(writer.wanted.version, 0, writer.nonce, Stage.NARROWED),
        deleted=False,
        allowed=tuple(principal for principal in current.allowed if principal in set(writer.wanted.allowed)),
        entries=tuple(entry for entry in current.entries if entry.chunk_id in alive),
        fingerprint=INTERIM,
        description=current.description,
    )


def _slots_as_before(current: Manifest | None, wanted: Wanted) -> tuple[Slot, ...] | None:
    """The same record in the same embedding space is cut the same way: a re-snapshot costs no chunking."""
    if current is None or current.deleted or current.fingerprint != wanted.fingerprint:
        return None
    return tuple(Slot(entry.content_hash, entry.start, entry.end) for entry in current.entries)


def _new_manifest(writer: Writer, seen: Observation) -> tuple[Manifest, tuple[Entry, ...]]:
    wanted = writer.wanted
    attempt = next_attempt(wanted.version, writer.nonce, seen.manifests)
    alive = keepable(seen)
    reusable: dict[str, list[str]] = {}
    for entry in seen.current.entries if seen.current else ():
        if entry.chunk_id in alive:
            reusable.setdefault(entry.content_hash, []).append(entry.chunk_id)
    entries: list[Entry] = []
    new: list[Entry] = []
    occurrences: Counter[str] = Counter()
    for slot in wanted.slots or ():
        occurrence = occurrences[slot.content_hash]
        occurrences[slot.content_hash] += 1
        if kept := reusable.get(slot.content_hash):
            entries.append(Entry(kept.pop(0), slot.content_hash, slot.start, slot.end))
            continue
        chunk_id = chunk_uuid(wanted.tenant, wanted.doc_id, slot.content_hash, occurrence, attempt)
        new.append(Entry(chunk_id, slot.content_hash, slot.start, slot.end))
        entries.append(new[-1])
    manifest = Manifest(attempt, wanted.deleted, wanted.allowed, tuple(entries), wanted.fingerprint, wanted.description)
    return manifest, tuple(new)


def next_attempt(version: Version, nonce: str, manifests: Iterable[Manifest], stage: Stage = Stage.WHOLE) -> Attempt:
    alike = (manifest.attempt for manifest in manifests if (manifest.attempt.version, manifest.attempt.stage) == (version, stage))
    return Attempt(version, 1 + max((attempt.counter for attempt in alike), default=0), nonce, stage)


def keepable(seen: Observation) -> frozenset[str]:
    """Chunks that a new attempt may list again: really there, and listed by **every** manifest present.

    A chunk that one of the manifests does not list may be tidied away by that manifest's writer at any moment.
    """
    alive = seen.chunk_ids
    for manifest in seen.manifests:
        alive &= manifest.chunk_ids
    return alive


def text_first(writer: Writer) -> Writer:
    """A writer that is about to write chunks, made to put their text ahead of their vectors: found by its words at once, by its meaning soon.

    The manifest of stage TEXT lists stand-ins for the new chunks, objects of their own without a vector. It is below every whole attempt of its version, and never
    counts as whole and right: the writer plans again right after it, and a worker that meets it after a crash begins anew. So nothing that
    holds for whole attempts depends on it, and the stand-ins are tidied like any chunk that the whole manifest does not list.
    """
    assert isinstance(writer.effect, PutChunks) and writer.own is not None and writer.planned_on is not None  # noqa: S101, PT018  # about to write chunks
    wanted, current = writer.wanted, writer.planned_on.current
    if (
        current is not None
        and (current.attempt.version, current.attempt.stage) == (wanted.version, Stage.TEXT)
        and current.chunk_ids <= writer.planned_on.chunk_ids
    ):
        return replace(writer, text_put=True)  # by a worker that came no further
    attempt = next_attempt(wanted.version, writer.nonce, writer.planned_on.manifests, Stage.TEXT)
    new = {entry.chunk_id: _stand_in(wanted, place, entry, attempt) for place, entry in enumerate(writer.effect.entries)}
    entries = tuple(new.get(entry.chunk_id, entry) for entry in writer.own.entries)
    manifest = replace(writer.own, attempt=attempt, entries=entries, fingerprint=INTERIM)
    return replace(writer, own=manifest, effect=PutChunks(tuple(new.values()), attempt), text_put=True)


def _stand_in(wanted: Wanted, place: int, entry: Entry, attempt: Attempt) -> Entry:
    content_hash = WITHOUT_VECTOR + entry.content_hash
    return replace(entry, chunk_id=chunk_uuid(wanted.tenant, wanted.doc_id, content_hash, place, attempt), content_hash=content_hash)


# -- step 4: look again ------------------------------------------------------------------------------------------------------------


def _looked_again(writer: Writer, own: Manifest, seen: Observation) -> Writer:
    current = seen.current
    if current is not None and current.attempt > own.attempt:
        return _retreat(writer, seen, Outcome.SUPERSEDED)
    if seen.floor is not None and seen.floor > own.attempt.version:
        return _looked(replace(writer, own=None), seen)
    if must_replan(own, writer.planned_on, seen):
        # Through step 1, not straight to a plan: an own manifest that is sound in spite of the other one stands. Two writers in lockstep, each
        # planning anew because of the other's last attempt, would otherwise never come to an end.
        return _looked(replace(writer, own=None), seen)
    return _tidy(replace(writer, outcome=Outcome.COMMITTED), seen)


def must_replan(own: Manifest, planned_on: Observation | None, seen: Observation) -> bool:
    """Another manifest came that the plan did not know, or a listed chunk is gone: the plan's ground was not what it seemed."""
    known = {manifest.attempt for manifest in planned_on.manifests} if planned_on else set()
    unseen = any(manifest.attempt != own.attempt and manifest.attempt not in known for manifest in seen.manifests)
    return unseen or not own.chunk_ids <= seen.chunk_ids


def _retreat(writer: Writer, seen: Observation, outcome: Outcome) -> Writer:
    """Take away what only this writer added: its chunks that the current manifest does not list, then those of its manifests that nobody needs to see."""
    listed = seen.current.chunk_ids if seen.current else frozenset()
    mine = tuple(sorted(chunk.chunk_id for chunk in seen.chunks if chunk.born.nonce == writer.nonce and chunk.chunk_id not in listed))
    writer = replace(writer, outcome=outcome, own=None, planned_on=seen)
    return replace(writer, effect=RemoveChunks(mine)) if mine else _after_chunks(writer)


def needless(own: Manifest, current: Manifest) -> bool:
    """Whether the manifest of a writer in retreat may go: **only where the current one keeps no chunk that it does not list**.

    Somebody may have found it whole and be tidying on its behalf, at this moment and with what it saw then. Who means to keep a chunk that falls to that
    must learn of it in step 4, from this manifest or from one that keeps no more. For a manifest ahead of the whole one nobody tidies. Where two lanes bring
    one delete both manifests keep nothing: if the loser's stayed, it would stay for good, since the winner may have tidied already.
    """
    return own.attempt < current.attempt and (own.attempt.stage is not Stage.WHOLE or current.chunk_ids <= own.chunk_ids)


# -- step 5: tidy ------------------------------------------------------------------------------------------------------------------


def _tidy(writer: Writer, seen: Observation) -> Writer:
    assert writer.own is not None  # noqa: S101  # only a writer with a manifest tidies
    dead = removable(writer.own, seen)
    writer = replace(writer, planned_on=seen)
    return replace(writer, effect=RemoveChunks(dead)) if dead else _after_chunks(writer)


def removable(own: Manifest, seen: Observation) -> tuple[str, ...]:
    """Unlisted chunks **born before this attempt**: a younger one belongs to a writer that is still at work."""
    return tuple(sorted(chunk.chunk_id for chunk in seen.chunks if chunk.chunk_id not in own.chunk_ids and chunk.born < own.attempt))


def _after_chunks(writer: Writer) -> Writer:
    seen, own = writer.planned_on, writer.own
    if seen is None or seen.current is None:
        return _done(writer)
    if own is None:  # in retreat
        old = [m.attempt for m in seen.manifests if m.attempt.nonce == writer.nonce and needless(m, seen.current)]
    else:
        old = [m.attempt for m in seen.manifests if m.attempt < own.attempt]
    return replace(writer, effect=RemoveManifests(tuple(sorted(old)))) if old else _done(writer)


def _done(writer: Writer) -> Writer:
    assert writer.outcome is not None  # noqa: S101  # decided before anything is tidied
    return _finish(writer, writer.outcome)


def _finish(writer: Writer, outcome: Outcome) -> Writer:
    return replace(writer, outcome=outcome, effect=Done(outcome))
