"""The order of a database's states as snapshots tell it, against a simulated database that gives out ids and ends transactions."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contracts.rows.snapshots import Snapshot


@dataclass
class Simulated:
    """``first`` is the id of the first transaction: histories may be long, and the log tells 32 bits of an id."""

    first: int
    next_id: int = 0
    running: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    committed: set[int] = field(default_factory=set)

    def begin(self) -> None:
        self.next_id = max(self.next_id, self.first) + 1
        self.running.add(self.next_id - 1)

    def end(self, which: int, *, commit: bool) -> None:
        if self.running:
            ended = sorted(self.running)[which % len(self.running)]
            self.running.remove(ended)
            self.done.add(ended)
            if commit:
                self.committed.add(ended)

    def snapshot(self) -> Snapshot:
        xmax = max(self.done, default=self.first - 1) + 1
        listed = sorted(one for one in self.running if one < xmax)
        return Snapshot.parse(f"{min(listed, default=xmax)}:{xmax}:{','.join(str(one) for one in listed)}")


STEPS = st.lists(st.one_of(st.just("begin"), st.tuples(st.integers(0, 20), st.booleans())), max_size=60)


@given(st.one_of(st.integers(3, 1000), st.integers(2**32 - 30, 2**32 + 30), st.integers(2**40, 2**40 + 5)), STEPS)
def test_states_are_ordered_as_they_came(first: int, steps: list[object]) -> None:
    database = Simulated(first)
    seen: list[tuple[Snapshot, frozenset[int]]] = []
    for step in ["begin", *steps]:
        if isinstance(step, tuple):
            database.end(step[0], commit=step[1])
        else:
            database.begin()
        seen.append((database.snapshot(), frozenset(database.done)))
    for (before, done_before), (after, done_after) in pairwise(seen):
        assert before.sequence <= after.sequence
        assert (before.sequence == after.sequence) == (done_before == done_after)
    for snapshot, done in seen:
        assert {one for one in database.committed if snapshot.shows(one % 2**32)} == database.committed & done
        assert all(snapshot.whole(one % 2**32) == one for one in database.committed)
