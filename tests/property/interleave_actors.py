"""One actor's single steps: writers carry the protocol's effects out object by object, a truncate raises a floor, a reader searches."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.identity import Version
from index.manifest import DELETED, Manifest
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
    Writer,
    advance,
    start,
    text_first,
)
from tests.property.interleave_scenario import (
    Body,
    Floor,
    Frame,
    Got,
    Move,
    ProtocolBrokenError,
    Reading,
    Scenario,
    Step,
    Store,
    short,
    text_of,
    version,
    wanted,
)


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


def _read(what: str, store: Store, got: Got) -> Got:  # noqa: PLR0911  # a return per kind of read
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
                yield self._settle(left, store), after, f"{actor} {step.what} {short(step.on)}"

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
        if self.scenario.text_first and isinstance(writer.effect, PutChunks) and not writer.text_put:
            writer = text_first(writer)
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
        visible = current is not None and me is not None and not current.deleted and me in current.allowed
        listed = {entry.chunk_id: text_of(entry) for entry in current.entries} if visible and current else {}
        found = [chunk for chunk in frame.found if chunk.chunk_id in listed]
        fell = current is not None and any(chunk.chunk_id not in current.chunk_ids and chunk.born < current.attempt for chunk in frame.found)
        if fell and not frame.again:
            yield Reading(None, again=True), store, "reader reads manifests, searches once more"
            return
        self._check_answer(frozenset(listed[chunk.chunk_id] for chunk in found))
        yield Reading(None, done=True), store, "reader answers"

    def _check_answer(self, contents: frozenset[str]) -> None:
        bodies = self.scenario.bodies.values()
        if contents and not any(contents <= set(body.contents) and (self.scenario.reader or "-") in body.allowed for body in bodies):
            raise ProtocolBrokenError(f"an answer to {self.scenario.reader} of no single version that it may read: {sorted(contents)}")
