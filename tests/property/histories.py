"""Hypothesis strategies for histories, and the properties themselves: the same for the store in memory and for the real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from index.driver import Indexed
from index.protocol import Outcome
from tests.property.history import Delivery, Faulty, HashEmbed, Paced, Place, State, check_at_rest, index_record, run_lanes, snapshot

CALLS = 12
"""More store calls than indexing one version takes."""

living = st.builds(
    State,
    text=st.text("ABCD", max_size=5),
    allowed=st.lists(st.sampled_from(["group:all", "group:hr", "user:1"]), unique=True, max_size=3).map(tuple),
    title=st.sampled_from(["A page", "Another title"]),
)
states = living | st.just(State(None))


@dataclass(frozen=True, slots=True)
class History:
    """Versions 2, 4, 6 … of a page, an odd floor perhaps, and how they come: two lanes of (number, dies_at, after), and the pauses between calls."""

    states: tuple[State, ...]
    floor: int | None
    lanes: tuple[tuple[tuple[int, int | None, bool], ...], ...]
    pauses: tuple[int, ...]

    def deliveries(self, place: Place) -> list[list[Delivery]]:
        return [[Delivery(self._record(place, number), dies_at, after) for number, dies_at, after in lane] for lane in self.lanes]

    def _record(self, place: Place, number: int) -> Any:
        return place.floor(number) if number == self.floor else place.record(number, self.states[number // 2 - 1])

    @property
    def last(self) -> tuple[int, State]:
        """The least version that must stand at the end (below a floor any tombstone will do), and what it says."""
        number = 2 * len(self.states)
        if self.floor is not None and self.floor > number:
            return 0, State(None)
        return number, self.states[-1]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Each record once at least; more than once, in any order, on either lane, cut anywhere."""
    versions = tuple(draw(st.lists(states, min_size=1, max_size=4)))
    floor = draw(st.none() | st.integers(1, len(versions)).map(lambda at: 2 * at + 1))
    numbers = [2 * at for at in range(1, len(versions) + 1)] + ([] if floor is None else [floor])
    again = draw(st.lists(st.sampled_from(numbers), max_size=4))
    order = draw(st.permutations(numbers + again))
    dies = st.none() | st.integers(0, CALLS)
    placed = [(number, draw(dies), draw(st.booleans()), draw(st.booleans())) for number in order]
    lanes = tuple(tuple((number, at, after) for number, at, after, slow in placed if slow is lane) for lane in (False, True))
    return History(versions, floor, lanes, tuple(draw(st.lists(st.integers(0, 3), max_size=40))))


async def ends_in_the_last_version(store: Any, place: Place, history: History) -> None:
    """Whatever came twice, late or cut off: the index is what the last version says, and stays so when everything comes once more."""
    embed = HashEmbed()
    await run_lanes(Paced(store, history.pauses), embed, history.deliveries(place))
    await check_at_rest(store, place, *history.last)
    # Lanes that met may have left a superseded manifest behind; the first replay heals that, the second finds nothing to do.
    await _replay(store, embed, place, history)
    before, embedded = await snapshot(store, place), embed.texts
    calls = await _replay(store, embed, place, history)
    assert await snapshot(store, place) == before
    assert embed.texts == embedded, "a version that was there already is embedded again"
    assert not calls.keys() & {"put_chunks", "put_manifests", "remove_chunks", "remove_manifests"}


async def _replay(store: Any, embed: HashEmbed, place: Place, history: History) -> dict[str, int]:
    """Everything once more, one after the other; how often which call of the store was made."""
    counted = Faulty(store, None, after=False)
    for deliveries in history.deliveries(place):
        for delivery in deliveries:
            await index_record(counted, embed, delivery.record)
    await check_at_rest(store, place, *history.last)
    return counted.calls


async def an_edit_costs_what_it_changed(store: Any, place: Place, versions: Sequence[State]) -> None:
    """In order and undisturbed: kept chunks keep id and vector, what is not new is not embedded, permissions and title cost no embedding."""
    embed, old = HashEmbed(), None
    for number, state in enumerate(versions, start=1):
        before, _ = await snapshot(store, place)
        embed.texts = 0
        (indexed,) = await index_record(store, embed, place.record(number, state))
        assert indexed.outcome is Outcome.COMMITTED
        await check_at_rest(store, place, number, state)
        after, _ = await snapshot(store, place)
        assert len(after.manifests) == 1
        assert after.chunk_ids == after.manifests[0].chunk_ids, "something is left over"
        _costs(indexed, old, state, embed.texts)
        if old is not None and before.current and (old.allowed, old.title) == (state.allowed, state.title):
            assert len(before.chunk_ids & after.chunk_ids) == _shared(old, state)
        old = state


def _shared(old: State, new: State) -> int:
    return sum((Counter(old.text or "") & Counter(new.text or "")).values())


def _costs(indexed: Indexed, old: State | None, new: State, embedded: int) -> None:
    known = set(old.text or "") if old else set()
    assert embedded == indexed.embedded == len(set(new.text or "") - known)
    same_beside = old is not None and old.text is not None and (set(old.allowed), old.title) == (set(new.allowed), new.title)
    assert indexed.added == len(new.text or "") - (_shared(old, new) if old and same_beside else 0)
