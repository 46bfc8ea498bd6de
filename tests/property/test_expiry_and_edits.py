"""Edits, expiry and time in any order, with redelivery, deaths and interleavings, over the real driver and the real pass: at rest the index holds the last version, unless its
time has come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contracts.events import DeleteRecord, DocumentRecord, decode_index_record, unless_expired
from index.store import EXPIRED_PAGE, DocKey, StoreUnavailableError
from streams.expiring import Expiring
from streams.producer import OutRecord
from tests.property.history import Delivery, Faulty, HashEmbed, MemoryStore, Paced, Place, State, check_at_rest, deliver, index_record

PLACE = Place()
READERS = (("group:all",), ("user:1",), ("group:all", "user:1"))
Dated = tuple[State, int | None]
"""A version, and when it expires."""


@dataclass(slots=True)
class AgingStore(MemoryStore):
    """With what the pass needs of it."""

    async def tenants(self) -> list[str]:
        return sorted({key.tenant for key, manifests in self.manifests.items() if manifests})

    async def expired(self, tenant: str, before_us: int, offset: int) -> list[DocKey]:
        found = [
            key
            for key, manifests in sorted(self.manifests.items())
            for manifest in manifests.values()
            if key.tenant == tenant and not manifest.deleted and manifest.expired(before_us)
        ]
        return found[offset : offset + EXPIRED_PAGE]


@dataclass(slots=True)
class Asked:
    """The deletes that passes have written, until a worker takes them."""

    records: list[DeleteRecord] = field(default_factory=list)

    async def send_all(self, records: Sequence[OutRecord]) -> None:
        for out in records:
            record = decode_index_record(out.value or b"")
            assert isinstance(record, DeleteRecord)
            self.records.append(record)


@dataclass(frozen=True, slots=True)
class Deliver:
    """Of a version; the worker dies at the store's call ``dies_at``."""

    number: int
    dies_at: int | None = None
    after: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """Asks for the delete of what is due."""


@dataclass(frozen=True, slots=True)
class Take:
    """A worker takes what was asked for."""


@dataclass(frozen=True, slots=True)
class Wait:
    time: int


Action = Deliver | Pass | Take | Wait


@dataclass(slots=True)
class World:
    versions: Sequence[Dated]
    store: AgingStore = field(default_factory=AgingStore)
    asked: Asked = field(default_factory=Asked)
    embed: HashEmbed = field(default_factory=HashEmbed)
    now: int = 0
    brought: set[int] = field(default_factory=set)

    def record(self, number: int) -> DocumentRecord | DeleteRecord:
        """As a worker that takes it now does."""
        state, expires = self.versions[number - 1]
        record = PLACE.record(number, state)
        if isinstance(record, DeleteRecord):
            return record
        return unless_expired(record.model_copy(update={"expires_us": expires}), self.now)

    async def act(self, action: Action, store: Any) -> None:
        match action:
            case Deliver(number, dies_at, after):
                await deliver(store, self.embed, Delivery(self.record(number), dies_at, after))
                self.brought.add(number)
            case Pass():
                await Expiring(store, self.asked, 1e9, lambda: True, lambda: self.now).look()
            case Take():
                taken, self.asked.records = self.asked.records, []
                for record in taken:
                    await deliver(store, self.embed, Delivery(record))
            case Wait(time):
                self.now += time

    async def lanes(self, lanes: Sequence[Sequence[Action]], pauses: Sequence[int]) -> None:
        async def lane(actions: Sequence[Action]) -> None:
            for action in actions:
                await self.act(action, Paced(self.store, pauses))

        await asyncio.gather(*map(lane, lanes))

    async def come_to_rest(self) -> None:
        last = len(self.versions)
        if last not in self.brought:
            await self.act(Deliver(last), self.store)
        await self.act(Take(), self.store)
        await self.act(Pass(), self.store)
        await self.act(Take(), self.store)

    async def check(self) -> None:
        state, expires = self.versions[-1]
        gone = expires is not None and expires <= self.now
        await check_at_rest(self.store, PLACE, len(self.versions), State(None) if gone else state)


versions = st.lists(
    st.tuples(st.builds(State, st.sampled_from(("AB", "AC", "B", None)), st.sampled_from(READERS)), st.none() | st.integers(1, 12)), min_size=1, max_size=3
)
waits = st.builds(Wait, st.integers(1, 6))


def actions(last: int) -> st.SearchStrategy[list[Action]]:
    delivers = st.builds(Deliver, st.integers(1, last), st.none() | st.integers(0, 8), st.booleans())
    return st.lists(delivers | st.just(Pass()) | st.just(Take()) | waits, max_size=6)


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Dated], list[list[Action]], list[int]]:
    chosen = draw(versions)
    lanes = draw(st.lists(actions(len(chosen)), min_size=1, max_size=3))
    return chosen, lanes, draw(st.lists(st.integers(0, 4), max_size=12))


NARROWED_AFTER_ITS_TIME: tuple[list[Dated], list[list[Action]], list[int]] = (
    [(State("AB"), 5), (State("AC", ("user:1",)), None)],
    [[Deliver(1), Wait(6), Deliver(2)], [Pass(), Pass(), Pass(), Pass()]],
    [],
)

EDITED_WHILE_IT_IS_ASKED_FOR: tuple[list[Dated], list[list[Action]], list[int]] = (
    [(State("AB"), 5), (State("AC"), None)],
    [[Deliver(1), Wait(6), Pass(), Deliver(2), Take()]],
    [],
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
@example(NARROWED_AFTER_ITS_TIME)
@example(EDITED_WHILE_IT_IS_ASKED_FOR)
def test_any_order_of_edits_and_expiry_ends_right(story: tuple[list[Dated], list[list[Action]], list[int]]) -> None:
    async def told() -> None:
        world = World(story[0])
        await world.lanes(story[1], story[2])
        await world.come_to_rest()
        await world.check()

    asyncio.run(told())


def test_a_narrowed_text_of_an_expired_one_is_no_reason_to_delete() -> None:
    """The narrowing of version 2 carries the description of version 1, whose time has come; a pass that looks then must leave version 2 alone."""

    async def told(dies_at: int) -> None:
        world = World([(State("AB", READERS[2]), 5), (State("AC", READERS[1]), None)])
        await world.act(Deliver(1), world.store)
        await world.act(Wait(6), world.store)
        with suppress(StoreUnavailableError):  # the worker is gone; its record comes again below
            await index_record(Faulty(world.store, dies_at, after=False), world.embed, world.record(2))
        await world.act(Pass(), world.store)
        await world.act(Deliver(2), world.store)
        await world.act(Take(), world.store)
        await world.check()

    for dies_at in range(10):
        asyncio.run(told(dies_at))
