"""Runs the real write protocol (index.protocol) through every interleaving of its single steps.

Effects are taken apart into steps on one object each: every chunk put, manifest put, chunk removal and manifest removal is a step of its own, and a look
is one step or several (``Scenario.look``). Between any two steps any other actor may go on. Actors are writers (a queue of versions, indexed one after
the other; with ``crashes`` left, any of them may lose its worker at any step and have the version delivered again), a truncate (Floor) and a Reader.

The search is depth first with memory. Actors' states and store contents are numbered, so that the protocol's code runs once for each pair of the two and
a state of the whole is one integer.

Checked in every state that can be reached:
* the current manifest never goes back, neither to a lower attempt nor to an older text;
* what it lists is the text of exactly one version, its own; only a manifest that narrows permissions ahead may list an older text;
* it allows nobody whom its version does not allow, nor anybody whom the version of the listed text does not allow;
* a deleted version lists nothing;
* writers do not drive each other on for ever;
* the reader's answer holds chunks of one version, and none that the reader may not read.
And where nobody can move any more: the current manifest is of the last version, complete and right, each listed chunk exists, and nothing below a floor lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from contracts.identity import Attempt, Version, chunk_uuid
from index.manifest import DELETED, INTERIM, Entry, Manifest
from index.protocol import (
    ChunkRef,
    Done,
    Look,
    NeedSlots,
    Observation,
    PutChunks,
    PutManifest,
    RemoveChunks,
    RemoveManifests,
    Slot,
    Wanted,
    Writer,
    advance,
    start,
)

TENANT, DOCUMENT = "t", "d"
LOOK_AT_ONCE = ("all",)
LOOK_MANIFESTS_FIRST = ("floor", "manifests", "chunks")
LOOK_CHUNKS_FIRST = ("chunks", "manifests", "floor")
LOOK_TORN = ("resolve", "fetch", "chunks", "floor")
"""The server first finds which manifests match, then fetches them: one that is removed between the two is missing, one that is put is not there yet."""

ENDLESS = 10
"""Attempts at one version: no two or three writers need as many, unless they drive each other on for ever."""
_BITS = 24


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


# -- one actor's steps -------------------------------------------------------------------------------------------------------------


def _steps(writer: Writer, look: tuple[str, ...]) -> tuple[Step, ...]:
    match writer.effect:
        case Look():
            return tuple(Step(read) for read in look)
        case PutChunks(entries, born):
            return tuple(Step("put", ChunkRef(entry.chunk_id, born)) for entry in entries)
        case PutManifest(manifest):
            return (Step("commit", manifest),)
        case RemoveChunks(chunk_ids):
            return tuple(Step("drop", chunk_id) for chunk_id in chunk_ids)
        case RemoveManifests(attempts):
            return tuple(Step("forget", attempt) for attempt in attempts)
        case _:
            return ()


def _apply(step: Step, store: Store, got: Got) -> tuple[Store, Got]:
    on = step.on
    match step.what:
        case "put":
            assert isinstance(on, ChunkRef)
            return store._replace(chunks=store.chunks | {on}), got
        case "commit":
            assert isinstance(on, Manifest)
            rest = frozenset(manifest for manifest in store.manifests if manifest.attempt != on.attempt)
            return store._replace(manifests=rest | {on}), got
        case "drop":
            return store._replace(chunks=frozenset(chunk for chunk in store.chunks if chunk.chunk_id != on)), got
        case "forget":
            return store._replace(manifests=frozenset(manifest for manifest in store.manifests if manifest.attempt != on)), got
        case "raise":
            assert isinstance(on, Version)
            return store._replace(floor=max(on, store.floor or on)), got
    return store, _read(step.what, store, got)


def _read(what: str, store: Store, got: Got) -> Got:
    match what:
        case "all":
            return Got(frozenset(), store.manifests, store.chunks, store.floor)
        case "manifests":
            return got._replace(manifests=store.manifests)
        case "resolve":
            return got._replace(resolved=frozenset(manifest.attempt for manifest in store.manifests))
        case "fetch":
            return got._replace(resolved=frozenset(), manifests=frozenset(m for m in store.manifests if m.attempt in got.resolved))
        case "chunks":
            return got._replace(chunks=store.chunks)
        case "floor":
            return got._replace(floor=store.floor)
        case "living":
            return got
    raise AssertionError(what)


class Actors:
    """Takes one actor one step on. Knows the scenario, nothing of the other actors."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def moves(self, actor: int, frame: Frame | Reading, store: Store) -> Iterator[Move]:
        if isinstance(frame, Reading):
            yield from self._reader_moves(frame, store)
        elif frame.writer is None and not frame.todo:
            yield from self._starts(actor, frame, store)
        else:
            any_order = self.scenario.removals_in_any_order and frame.todo[0].what in {"drop", "forget"}
            for place, step in enumerate(frame.todo if any_order else frame.todo[:1]):
                after, got = _apply(step, store, frame.got)
                left = frame._replace(todo=frame.todo[:place] + frame.todo[place + 1 :], got=got)
                yield self._settle(left, store), after, f"{actor} {step.what} {_short(step.on)}"

    def crashed(self, frame: Frame | Reading) -> Frame | None:
        """The version delivered again to a new worker; None where there is nothing under way."""
        if isinstance(frame, Reading) or (frame.writer is None and not frame.todo):
            return None
        return Frame(frame.queue, frame.delivery)

    def _starts(self, actor: int, frame: Frame, store: Store) -> Iterator[Move]:
        if not frame.queue:
            return
        task = frame.queue[0]
        if isinstance(task, Floor):
            todo = (Step("raise", version(task.version)), Step("living"))
            yield frame._replace(todo=todo, delivery=frame.delivery + 1), store, f"{actor} begins {task}"
            return
        for nonce in self._nonces(actor, frame):
            writer = start(wanted(task, self.scenario.bodies[task]), nonce)
            yield self._busy(frame._replace(delivery=frame.delivery + 1), writer), store, f"{actor} begins {task} as {nonce}"

    def _nonces(self, actor: int, frame: Frame) -> list[str]:
        return [f"{first}{frame.delivery}" for first in self.scenario.nonces[actor]]

    def _settle(self, frame: Frame, before: Store) -> Frame:
        """The frame after a step: when its effect is complete, the protocol says what is next."""
        if frame.todo:
            return frame
        if frame.writer is None:
            return self._after_living(frame, before)
        if isinstance(frame.writer.effect, Look):
            got = frame.got
            seen = Observation(tuple(sorted(got.manifests, key=lambda manifest: manifest.attempt)), got.chunks, got.floor)
            return self._busy(frame, advance(frame.writer, seen=seen))
        return self._busy(frame, advance(frame.writer))

    def _after_living(self, frame: Frame, store: Store) -> Frame:
        """After the floor: a tombstone at its version, where a document lives below it."""
        task = frame.queue[0]
        assert isinstance(task, Floor)
        current = store.current
        if current is None or current.deleted or current.attempt.version >= version(task.version):
            return Frame(frame.queue[1:], frame.delivery)
        return self._busy(frame, start(wanted(task.version, Body(DELETED)), f"7{frame.delivery}"))

    def _busy(self, frame: Frame, writer: Writer) -> Frame:
        while isinstance(writer.effect, NeedSlots):
            writer = advance(writer, slots=self.scenario.bodies[writer.wanted.version.major].slots)
        if isinstance(writer.effect, Done):
            return Frame(frame.queue[1:], frame.delivery)
        return Frame(frame.queue, frame.delivery, writer, _steps(writer, self.scenario.look))

    # -- the reader, as DESIGN has it: search, then the manifests of what was found, once more if a hit fell to a newer manifest --------

    def _reader_moves(self, frame: Reading, store: Store) -> Iterator[Move]:
        if frame.done:
            return
        if frame.found is None:
            yield frame._replace(found=store.chunks), store, "reader searches"
            return
        me, current = self.scenario.reader, store.current
        visible = current is not None and not current.deleted and me in current.allowed
        listed = {entry.chunk_id: entry.content_hash for entry in current.entries} if visible and current else {}
        found = [chunk for chunk in frame.found if chunk.chunk_id in listed]
        fell = current is not None and any(chunk.chunk_id not in current.chunk_ids and chunk.born < current.attempt for chunk in frame.found)
        if fell and not frame.again:
            yield Reading(None, again=True), store, "reader reads manifests, searches once more"
            return
        self._check_answer(frozenset(listed[chunk.chunk_id] for chunk in found))
        yield Reading(None, done=True), store, "reader answers"

    def _check_answer(self, contents: frozenset[str]) -> None:
        bodies = self.scenario.bodies.values()
        if contents and not any(contents <= set(body.contents) and self.scenario.reader in body.allowed for body in bodies):
            raise ProtocolBrokenError(f"an answer to {self.scenario.reader} of no single version that it may read: {sorted(contents)}")


def _short(on: object) -> str:
    match on:
        case Manifest():
            return f"{on.attempt.version.major}#{on.attempt.counter}#{on.attempt.nonce} {[entry.content_hash for entry in on.entries]}{' interim' * (on.fingerprint == INTERIM)}"
        case Attempt():
            return f"{on.version.major}#{on.counter}#{on.nonce}"
        case ChunkRef():
            return f"{on.chunk_id[:6]} of {_short(on.born)}"
        case Version():
            return str(on.major)
        case str():
            return on[:6]
    return ""


# -- invariants --------------------------------------------------------------------------------------------------------------------


class Judge:
    """What must hold of a store, of a step, and at rest."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def state(self, store: Store) -> None:
        _must(all(manifest.attempt.counter < ENDLESS for manifest in store.manifests), "writers plan anew without end", store)
        current = store.current
        if current is None:
            return
        if current.deleted:
            _must(not current.entries, "a deleted version lists chunks", store)
            return
        number = current.attempt.version.major
        body = self.scenario.bodies[number]
        listed = tuple(entry.content_hash for entry in current.entries)
        _must(not body.deleted, "a deleted version is readable", store)
        _must(set(current.allowed) <= set(body.allowed), "somebody may read whom the version does not allow", store)
        if current.fingerprint != INTERIM:
            _must(listed == body.contents, "a manifest lists another text than its version's", store)
            return
        older = [body for n, body in self.scenario.bodies.items() if n < number and set(listed) <= set(body.contents)]
        _must(
            any(set(current.allowed) <= set(body.allowed) for body in older),
            "a narrowing manifest mixes versions or shows a text to others than its readers",
            store,
        )

    def step(self, before: Store, after: Store) -> None:
        old, new = before.current, after.current
        if old is None or old is new:
            return
        _must(new is not None and new.attempt >= old.attempt, "the current manifest went back", after)
        assert new is not None
        back = new.attempt.version == old.attempt.version and new.fingerprint == INTERIM and old.fingerprint != INTERIM
        _must(not back, "an older text came back over its own version", after)

    def at_rest(self, store: Store) -> None:
        scenario, current = self.scenario, store.current
        last = scenario.versions[-1] if scenario.versions else 0
        floor = scenario.floor
        if floor is not None:
            _must(store.floor == version(floor), "the floor is not raised", store)
            if floor > last:
                _must(current is None or current.deleted, "a document lives below the floor at rest", store)
                return
        assert current is not None
        _must(current.attempt.version == version(last), "not the last version at rest", store)
        _must(current.fingerprint == wanted(last, scenario.bodies[last]).fingerprint, "not the last version's content at rest", store)
        _must(current.chunk_ids <= {chunk.chunk_id for chunk in store.chunks}, "a listed chunk is missing at rest", store)


def _must(holds: bool, what: str, store: Store) -> None:
    if not holds:
        manifests = "; ".join(_short(manifest) for manifest in sorted(store.manifests, key=lambda manifest: manifest.attempt))
        raise ProtocolBrokenError(f"{what}: manifests {manifests}; chunks {sorted(_short(chunk) for chunk in store.chunks)}")


# -- the search --------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Numbers:
    """Values by number and back."""

    numbers: dict[object, int] = field(default_factory=dict)
    values: list[object] = field(default_factory=list)

    def of(self, value: object) -> int:
        number = self.numbers.get(value)
        if number is None:
            number = self.numbers[value] = len(self.values)
            assert number < 1 << _BITS
            self.values.append(value)
        return number


class Exploration:
    """All states of one scenario. ``run`` returns what it counted, or raises ProtocolBrokenError with the steps that led there."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._actors = Actors(scenario)
        self._judge = Judge(scenario)
        self._frames = _Numbers()
        self._stores = _Numbers()
        self._moves: dict[int, tuple[tuple[int, int, str], ...]] = {}
        self._crashes: dict[int, int | None] = {}
        self._hole: dict[int, bool] = {}

    def run(self, limit: int | None = None) -> Counts:
        counts = Counts()
        frames: list[Frame | Reading] = [Frame(queue) for queue in self.scenario.queues]
        if self.scenario.reader is not None:
            frames.append(Reading())
        first = (tuple(self._frames.of(frame) for frame in frames), self._stores.of(first_store(self.scenario)), self.scenario.crashes)
        seen = {self._packed(first)}
        stack: list[tuple[tuple[tuple[int, ...], int, int], object]] = [(first, None)]
        while stack:
            state, trace = stack.pop()
            counts.states += 1
            if limit is not None and counts.states > limit:
                raise MemoryError(f"more than {limit} states")
            try:
                following = self._following(state, trace)
                self._count(state[1], not following, counts)
            except ProtocolBrokenError as error:
                raise ProtocolBrokenError(f"{error}\n{self.scenario}\n" + "\n".join(_lines(trace))) from None
            for after, done in following:
                packed = self._packed(after)
                if packed not in seen:
                    seen.add(packed)
                    stack.append((after, done))
        return counts

    def _following(self, state: tuple[tuple[int, ...], int, int], trace: object) -> list[tuple[tuple[tuple[int, ...], int, int], object]]:
        frames, store, left = state
        following: list[tuple[tuple[tuple[int, ...], int, int], object]] = []
        for actor, frame in enumerate(frames):
            for moved, after, label in self._moves_of(actor, frame, store):
                following.append(((frames[:actor] + (moved,) + frames[actor + 1 :], after, left), (label, trace)))
            if left and (crashed := self._crashed(frame)) is not None:
                following.append(((frames[:actor] + (crashed,) + frames[actor + 1 :], store, left - 1), (f"{actor} crashes", trace)))
            if actor == self.scenario.mortal and self._crashed(frame) is not None:
                dead = self._frames.of(Frame(()))
                following.append(((frames[:actor] + (dead,) + frames[actor + 1 :], store, left), (f"{actor} ends for good", trace)))
        return following

    def _moves_of(self, actor: int, frame: int, store: int) -> tuple[tuple[int, int, str], ...]:
        key = (actor << 2 * _BITS) | (frame << _BITS) | store
        known = self._moves.get(key)
        if known is None:
            before = self._stores.values[store]
            value = self._frames.values[frame]
            assert isinstance(before, Store)
            assert isinstance(value, Frame | Reading)
            moves: list[tuple[int, int, str]] = []
            for moved, after, label in self._actors.moves(actor, value, before):
                self._judge.step(before, after)
                moves.append((self._frames.of(moved), self._stores.of(after), label))
            known = self._moves[key] = tuple(moves)
        return known

    def _crashed(self, frame: int) -> int | None:
        if frame not in self._crashes:
            value = self._frames.values[frame]
            assert isinstance(value, Frame | Reading)
            crashed = self._actors.crashed(value)
            self._crashes[frame] = None if crashed is None else self._frames.of(crashed)
        return self._crashes[frame]

    def _count(self, number: int, at_rest: bool, counts: Counts) -> None:
        store = self._stores.values[number]
        assert isinstance(store, Store)
        if number not in self._hole:
            self._judge.state(store)
            current = store.current
            self._hole[number] = current is not None and not current.chunk_ids <= {chunk.chunk_id for chunk in store.chunks}
        counts.holes += self._hole[number]
        if at_rest:
            self._judge.at_rest(store)
            current = store.current
            listed = current.chunk_ids if current else frozenset()
            counts.at_rest += 1
            counts.orphans_at_rest += {chunk.chunk_id for chunk in store.chunks} != listed
            counts.old_manifests_at_rest += len(store.manifests) > 1

    @staticmethod
    def _packed(state: tuple[tuple[int, ...], int, int]) -> int:
        frames, store, left = state
        packed = (store << 4) | left
        for frame in frames:
            packed = (packed << _BITS) | frame
        return packed


def _lines(trace: object) -> list[str]:
    lines: list[str] = []
    while isinstance(trace, tuple):
        lines.append(trace[0])
        trace = trace[1]
    return lines[::-1]


def explore(scenario: Scenario, limit: int | None = None) -> Counts:
    return Exploration(scenario).run(limit)
