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

from dataclasses import dataclass, field

from tests.property.interleave_actors import Actors
from tests.property.interleave_judge import Judge
from tests.property.interleave_scenario import (
    LOOK_AT_ONCE,
    LOOK_CHUNKS_FIRST,
    LOOK_MANIFESTS_FIRST,
    LOOK_TORN,
    Body,
    Counts,
    Floor,
    Frame,
    ProtocolBrokenError,
    Reading,
    Scenario,
    Store,
    Task,
    first_store,
)

__all__ = [
    "LOOK_AT_ONCE",
    "LOOK_CHUNKS_FIRST",
    "LOOK_MANIFESTS_FIRST",
    "LOOK_TORN",
    "Body",
    "Counts",
    "Exploration",
    "Floor",
    "ProtocolBrokenError",
    "Scenario",
    "Task",
    "explore",
]

_BITS = 24
"""Of the numbers of frames and stores within a packed state."""


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
                following.append((((*frames[:actor], moved, *frames[actor + 1 :]), after, left), (label, trace)))
            if left and (crashed := self._crashed(frame)) is not None:
                following.append((((*frames[:actor], crashed, *frames[actor + 1 :]), store, left - 1), (f"{actor} crashes", trace)))
            if actor == self.scenario.mortal and self._crashed(frame) is not None:
                dead = self._frames.of(Frame(()))
                following.append((((*frames[:actor], dead, *frames[actor + 1 :]), store, left), (f"{actor} ends for good", trace)))
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
