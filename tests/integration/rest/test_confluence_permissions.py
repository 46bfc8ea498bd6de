"""Who reads what: our principals against the vendor's own rules, for every account and every object, before and after everything that permissions depend on was changed.

After a change only that is fetched anew which the collector fetches: what the change is told of, and what is below it where its ``access`` differs. A group's members change without
any fetch: that is what the principals promise.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator

import pytest

from rest_sources.source import Draft
from tests.integration.rest.confluence_population import GROUPS, PEOPLE, population, some
from tests.integration.rest.confluence_world import ConfluenceWorld, EditionName, confluence_process, confluence_world

CONTENTS = 550


@pytest.fixture(scope="module", params=["cloud", "datacenter"])
def process(request: pytest.FixtureRequest) -> Iterator[tuple[str, EditionName]]:
    with confluence_process(request.param) as url:
        yield url, request.param


@pytest.fixture
async def world(process: tuple[str, EditionName]) -> AsyncIterator[ConfluenceWorld]:
    async with confluence_world(*process) as made:
        yield made


class Index:
    """The collector and the index in small: the drafts, and the accesses that were seen."""

    def __init__(self, world: ConfluenceWorld) -> None:
        self.world = world
        self.drafts: dict[str, Draft] = {}
        self.access: dict[str, str] = {}
        self.stamps: dict[str, str] = {}
        self.fetched = 0

    async def fill(self) -> None:
        listed = await self.world.listed()
        for part in _parts(list(listed)):
            await asyncio.gather(*(self.fetch(native) for native in part))
        assert self.stamps == listed
        async for container in self.world.reader.containers():
            await self.fetch(container)

    async def fetch(self, native: str) -> None:
        self.fetched += 1
        found = await self.world.reader.fetch(native)
        self.drafts.pop(native, None)
        self.drafts |= self.world.drafts(found)
        self.stamps[native] = found.stamp
        before, self.access[native] = self.access.get(native, found.access), found.access
        if before != found.access:
            await asyncio.gather(*[self.fetch(below) for below in await self.world.below(native)])

    async def differences(self) -> list[tuple[str, str]]:
        """(account, content) that either side alone shows."""
        accounts, visible = await self.world.accounts(), await self.world.visible()
        seers = {"acc-integration"} if self.world.cloud else set()  # its Admin Key is no permission
        assert len(accounts) >= 50
        assert {account.id for account in accounts} == {account for account, seen in visible.items() if seen or account != "acc-p51"} - {"acc-p51"}
        anonymous = {self.world.wire(number) for number in (await self.world.control("GET", "visible?user=anonymous"))["ids"]}
        public = {self.world.wire(native.partition("/")[2]) for native, draft in self.drafts.items() if "public" in draft.allowed}
        wrong = [("anonymous", number) for number in public ^ anonymous]
        holders: dict[str, set[str]] = {}
        for native, draft in self.drafts.items():
            for principal in draft.allowed:
                holders.setdefault(principal, set()).add(self.world.wire(native.partition("/")[2]))
        for account in accounts:
            ours = set().union(*(holders.get(principal, ()) for principal in account.principals))
            wrong += [(account.id, number) for number in ours ^ visible[account.id] if account.id not in seers]
        return wrong


def _parts(ids: list[str]) -> Iterator[list[str]]:
    return (ids[at : at + 50] for at in range(0, len(ids), 50))


async def test_not_one_difference_whatever_is_changed(world: ConfluenceWorld) -> None:
    dice = random.Random(7)
    await world.control("POST", "seed", population(dice, CONTENTS, archived=world.cloud))
    index = Index(world)
    await index.fill()
    assert len(index.drafts) >= 500
    assert await index.differences() == []

    whole = index.fetched
    for _ in range(40):
        await world.member(dice.choice(PEOPLE), dice.choice(GROUPS), present=dice.random() < 0.5)
    assert await index.differences() == []
    assert index.fetched == whole, "a group's members are in no document"

    pages = sorted(native for native, draft in index.drafts.items() if draft.doc_type == "page" and draft.metadata["status"] == "current")
    for native in dice.sample(pages, 12):
        await world.restrict(native, some(dice) if dice.random() < 0.6 else [])
        await index.fetch(native)
    assert await index.differences() == []

    for native, under in zip(dice.sample(pages, 6), dice.sample(pages, 6), strict=True):
        if native != under and under not in await world.below(native):
            await world.move(native, under)
            await index.fetch(native)
    assert await index.differences() == []

    for native in dice.sample(pages, 4):
        await world.delete(native)
        await index.fetch(native)
    assert await index.differences() == []
    assert {native: index.stamps[native] for native in index.drafts} == await world.listed()
