"""What is searched: scenarios, the store and the actors' states as values that hash (see tests.property.interleave)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from contracts.identity import Attempt, Stage, Version, chunk_uuid
from index.manifest import DELETED, WITHOUT_VECTOR, Entry, Manifest
from index.protocol import ChunkRef, Slot, Wanted, Writer

TENANT, DOCUMENT = "t", "d"
LOOK_AT_ONCE = ("all",)
LOOK_MANIFESTS_FIRST = ("floor", "manifests", "chunks")
LOOK_CHUNKS_FIRST = ("chunks", "manifests", "floor")
LOOK_TORN = ("resolve", "fetch", "chunks", "floor")
"""The server first finds which manifests match, then fetches them: one that is removed between the two is missing, one that is put is not there yet."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a version says: ``text`` has a letter for each chunk (equal letters are equal paragraphs), or it is DELETED."""

    text: str
    allowed: str = "p"
    """Principals, one letter each."""

    @classmethod
    def of(cls, body: str) -> Body:
        text, _, allowed = body.partition(":")
        return cls(text, allowed or "p")

    @property
    def deleted(self) -> bool:
        return self.text == DELETED

    @property
    def slots(self) -> tuple[Slot, ...]:
        if self.deleted:
            return ()
        return tuple(Slot(f"{letter}:{self.allowed}", place, place + 1) for place, letter in enumerate(self.text))

    @property
    def contents(self) -> tuple[str, ...]:
        return tuple(slot.content_hash for slot in self.slots)


@dataclass(frozen=True, slots=True)
class Floor:
    """In a queue: a truncate at this version. It raises the floor, lists what lives below it and writes the tombstone."""

    version: int


Task = int | Floor


@dataclass(frozen=True, slots=True)
class Scenario:
    """Versions and their bodies, and who brings which. Version 1 is in the index at the start, unless it has no body."""

    bodies: Mapping[int, Body]
    queues: tuple[tuple[Task, ...], ...]
    crashes: int = 0
    mortal: int | None = None
    """An actor whose worker may end for good at any step (a request still on its way when the version is delivered to another worker)."""
    look: tuple[str, ...] = LOOK_AT_ONCE
    removals_in_any_order: bool = False
    nonces: tuple[str, ...] = ("1", "2", "3")
    """First character of each actor's nonces; of several it takes any (``14`` beside ``23``: every order of two writers)."""
    reader: str | None = None
    """Principal of a reader."""
    text_first: bool = False
    """Each writer puts the text of its new chunks ahead of their vectors."""
    tidy: bool = False
    """At rest nothing invisible may be left: so it is of deletes, where no worker is lost."""

    @property
    def versions(self) -> list[int]:
        brought = [task for queue in self.queues for task in queue if isinstance(task, int)]
        return sorted({*brought, 1} if 1 in self.bodies else set(brought))

    @property
    def floor(self) -> int | None:
        return max((task.version for queue in self.queues for task in queue if isinstance(task, Floor)), default=None)


class Store(NamedTuple):
    chunks: frozenset[ChunkRef]
    manifests: frozenset[Manifest]
    floor: Version | None

    @property
    def current(self) -> Manifest | None:
        return max(self.manifests, key=lambda manifest: manifest.attempt, default=None)


class Step(NamedTuple):
    """A step on one object, or one read."""

    what: str
    on: object = None


class Got(NamedTuple):
    """What the reads of a look have brought so far."""

    resolved: frozenset[Attempt] = frozenset()
    manifests: frozenset[Manifest] = frozenset()
    chunks: frozenset[ChunkRef] = frozenset()
    floor: Version | None = None


class Frame(NamedTuple):
    """An actor: its queue, how often it was delivered something, its writer and what is left of the writer's effect."""

    queue: tuple[Task, ...]
    delivery: int = 0
    writer: Writer | None = None
    todo: tuple[Step, ...] = ()
    got: Got = Got()


class Reading(NamedTuple):
    """A reader: what its search found, and whether it has searched a second time."""

    found: frozenset[ChunkRef] | None = None
    again: bool = False
    done: bool = False


Move = tuple[Frame | Reading, Store, str]


class ProtocolBrokenError(AssertionError):
    """A reachable state that must not be."""


@dataclass(slots=True)
class Counts:
    states: int = 0
    at_rest: int = 0
    holes: int = 0
    """States in which the current manifest lists a chunk that is gone (heals; none at rest)."""
    orphans_at_rest: int = 0
    old_manifests_at_rest: int = 0

    def add(self, other: Counts) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def version(number: int) -> Version:
    return Version(0, number, 0, 0)


def wanted(number: int, body: Body) -> Wanted:
    fingerprint = DELETED if body.deleted else f"{body.text}:{body.allowed}"
    allowed = () if body.deleted else tuple(body.allowed)
    return Wanted(TENANT, DOCUMENT, version(number), body.deleted, allowed, fingerprint, () if body.deleted else None)


def first_store(scenario: Scenario) -> Store:
    body = scenario.bodies.get(1)
    if body is None:
        return Store(frozenset(), frozenset(), None)
    attempt = Attempt(version(1), 1, "0")
    ids = [chunk_uuid(TENANT, DOCUMENT, content, body.contents[:place].count(content), attempt) for place, content in enumerate(body.contents)]
    entries = tuple(Entry(chunk_id, slot.content_hash, slot.start, slot.end) for chunk_id, slot in zip(ids, body.slots, strict=True))
    want = wanted(1, body)
    manifest = Manifest(attempt, body.deleted, want.allowed, entries, want.fingerprint)
    return Store(frozenset(ChunkRef(chunk_id, attempt) for chunk_id in ids), frozenset({manifest}), None)


def text_of(entry: Entry) -> str:
    """The content hash of an entry's text, whether the chunk has its vector or not."""
    return entry.content_hash.removeprefix(WITHOUT_VECTOR)


def short(on: object) -> str:
    match on:
        case Manifest():
            return f"{on.attempt.version.major}#{on.attempt.counter}#{on.attempt.nonce} {[entry.content_hash for entry in on.entries]}{f' {on.attempt.stage.name}' * (on.attempt.stage is not Stage.WHOLE)}"
        case Attempt():
            return f"{on.version.major}#{on.counter}#{on.nonce}{on.stage.name[:1] * (on.stage is not Stage.WHOLE)}"
        case ChunkRef():
            return f"{on.chunk_id[:6]} of {short(on.born)}"
        case Version():
            return str(on.major)
        case str():
            return on[:6]
    return ""
