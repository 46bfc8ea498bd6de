"""The hints of a partition in any order of arrivals, fetches, failures and writes: none is lost, none is served by a fetch that began before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from connectors.collect.hint_queue import HintQueue, Pending
from contracts.hints import FoundBy, Hint

NATIVES = st.sampled_from(["a", "b", "c"])
FINDERS: st.SearchStrategy[FoundBy] = st.sampled_from(["webhook", "scan", "sweep"])


@dataclass
class Begun:
    pending: Pending
    saw: int
    """The last hint of the object when the fetch began: what it shows is at least that new."""


@dataclass
class Model:
    hints: dict[int, str] = field(default_factory=dict)
    served: set[int] = field(default_factory=set)
    running: list[Begun] = field(default_factory=list)
    delayed: set[str] = field(default_factory=set)


class Queue(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.queue = HintQueue(0, {})
        self.model = Model()
        self.next = 0

    @rule(native=NATIVES, found_by=FINDERS, gap=st.integers(0, 2))
    def arrive(self, native: str, found_by: FoundBy, gap: int) -> None:
        self.next += gap  # offsets that a transaction's marker took
        self.queue.add(self.next, Hint(id=native, source_time_us=self.next, found_by=found_by))
        self.model.hints[self.next] = native
        self.model.delayed.discard(native)
        self.next += 1

    @rule()
    def unreadable(self) -> None:
        self.queue.add(self.next, None)
        self.next += 1

    @rule(slow=st.booleans())
    def begin(self, slow: bool) -> None:
        pending = self.queue.take_slow() if slow else self.queue.take_urgent()
        if pending is None:
            return
        assert pending.native not in {begun.pending.native for begun in self.model.running}, "two fetches of one object at once"
        mine = [offset for offset, native in self.model.hints.items() if native == pending.native]
        assert set(pending.offsets) == set(mine) - self.model.served, "a fetch serves every hint of its object that waits"
        self.model.running.append(Begun(pending, max(mine)))

    @rule(which=st.integers(0, 2))
    def finish(self, which: int) -> None:
        if which < len(self.model.running):
            begun = self.model.running.pop(which)
            self.queue.serve(begun.pending)
            self.queue.free(begun.pending)
            assert begun.pending.offset <= begun.saw
            self.model.served.update(begun.pending.offsets)

    @rule(which=st.integers(0, 2))
    def fail(self, which: int) -> None:
        if which < len(self.model.running):
            begun = self.model.running.pop(which)
            assert self.queue.delay(begun.pending).attempts == begun.pending.attempts + 1
            self.model.delayed.add(begun.pending.native)

    @rule(native=NATIVES)
    def resume(self, native: str) -> None:
        self.queue.resume(native)

    @invariant()
    def nothing_unserved_is_committed(self) -> None:
        unserved = set(self.model.hints) - self.model.served
        assert self.queue.committable == min(unserved, default=self.next)
        assert len(self.queue) == len(unserved)

    def teardown(self) -> None:
        """Whatever happened, the rest can be served."""
        for begun in self.model.running:
            self.queue.serve(begun.pending)
            self.queue.free(begun.pending)
        for native in ("a", "b", "c"):
            self.queue.resume(native)
        while (pending := self.queue.take_urgent() or self.queue.take_slow()) is not None:
            self.queue.serve(pending)
            self.queue.free(pending)
        assert self.queue.committable == self.next


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=200, stateful_step_count=40)
