"""The behaviour that the collector, the sweep and the normaliser rely on. Derive a class, give it a ``world`` fixture; pytest runs the rest."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import orjson
import pytest

from contracts.identity import Version
from rest_sources.catalog import type_of
from rest_sources.delivery import UnsignedDeliveryError
from rest_sources.source import GONE, PUBLIC, Account, Draft, Fetched, ListedPage, parent_of, user_principal
from streams.mapping.rest import RestMapping
from tests.rest_kit.declaring import declared_again
from tests.rest_kit.world import World

MANY: Final = 5
"""More objects than a page of the world's vendor holds."""
_TAG: Final = re.compile(r"</?[A-Za-z][^>]*>")
_YEAR_2001_US: Final = 10**15
_YEAR_2286_US: Final = 10**16


async def pages(found: AsyncIterator[ListedPage]) -> list[ListedPage]:
    return [page async for page in found]


def objects(found: list[ListedPage]) -> dict[str, str]:
    return {listed.id: listed.stamp for page in found for listed in page.objects}


def drafts(world: World, fetched: Fetched) -> dict[str, Draft]:
    """As the normaliser makes them: from JSON that went through Kafka."""
    draft = type_of(world.source).draft
    return {native: draft(world.source, native, orjson.loads(orjson.dumps(record))) for native, record in fetched.records.items()}


def text_of(draft: Draft) -> str:
    return orjson.dumps([section.content for section in draft.sections]).decode()


def body_of(world: World, fetched: Fetched, native: str) -> str:
    """The Markdown that the normaliser makes of it."""
    return RestMapping(world.source).document(native, orjson.loads(orjson.dumps(fetched.records[native])), Version(0, 0, 0, 1), 0).body


async def accounts_of(world: World) -> list[Account]:
    return [account async for account in world.reader.accounts()]


def more_than_one(found: list[ListedPage]) -> bool:
    return sum(1 for page in found if page.objects) > 1


class RestSourceKit:
    """Tests of one source; ``world`` is a fixture of the derived class."""

    async def test_it_may_be_declared_and_is_listed(self, world: World) -> None:
        assert declared_again(world.source) == world.source
        assert type_of(world.source)

    async def test_a_fetched_object_is_a_document(self, world: World) -> None:
        native = await world.create("Parking is free on Fridays.")
        fetched = await world.reader.fetch(native)
        draft = drafts(world, fetched)[native]
        assert draft.title.strip()
        assert draft.url.startswith(("http://", "https://"))
        assert all(parent_of(part) == native for part in fetched.records)
        assert fetched.changed_us == 0 or _YEAR_2001_US < fetched.changed_us < _YEAR_2286_US, "changed_us is in microseconds since 1970, or 0"

    async def test_a_documents_text_is_whole_and_its_markup_is_read(self, world: World) -> None:
        native = await world.create("Parking is free on Fridays.", "On Mondays it is not.")
        body = body_of(world, await world.reader.fetch(native), native)
        assert "Parking is free on Fridays." in body
        assert "On Mondays it is not." in body
        assert not _TAG.search(body), "a section's format is another than its content's"

    async def test_the_same_state_gives_the_same_bytes(self, world: World) -> None:
        native = await world.create("Twice the same.")
        first, second = await world.reader.fetch(native), await world.reader.fetch(native)
        assert orjson.dumps(dict(first.records)) == orjson.dumps(dict(second.records))
        assert (first.stamp, first.access) == (second.stamp, second.access)

    async def test_a_listing_has_everything_with_the_stamps_of_a_fetch(self, world: World) -> None:
        made = {await world.create(f"Object {number}.") for number in range(MANY)}
        whole = await pages(world.reader.listing(""))
        assert more_than_one(whole), "the world's vendor must have smaller pages"
        found = objects(whole)
        assert made <= found.keys()
        for native, stamp in found.items():
            fetched = await world.reader.fetch(native)
            assert fetched.records, native
            assert stamp == fetched.stamp, native

    async def test_a_listing_goes_on_where_it_was_stopped(self, world: World) -> None:
        for number in range(3):
            await world.create(f"Object {number}.")
        whole = await pages(world.reader.listing(""))
        assert whole[-1].cursor == ""
        for at, page in enumerate(whole[:-1]):
            rest = objects(await pages(world.reader.listing(page.cursor)))
            assert objects(whole[: at + 1]) | rest == objects(whole)

    async def test_an_edit_changes_the_stamp_and_is_listed_as_changed(self, world: World) -> None:
        native = await world.create("Before.")
        before = await world.reader.fetch(native)
        cursor = (await pages(world.reader.changed_since("")))[-1].cursor
        assert cursor
        await world.edit(native, "After the edit.")
        after = await world.reader.fetch(native)
        assert after.stamp != before.stamp
        assert "After the edit." in text_of(drafts(world, after)[native])
        assert objects(await pages(world.reader.changed_since(cursor)))[native] == after.stamp

    async def test_changes_are_listed_page_by_page_and_none_is_passed_by(self, world: World) -> None:
        """Edited in the opposite order: a cursor that moves on with the newest change of a page would leave older ones behind."""
        made = [await world.create(f"Object {number}.") for number in range(MANY)]
        cursor = (await pages(world.reader.changed_since("")))[-1].cursor
        for native in reversed(made):
            await world.edit(native, "Edited.")
        found = await pages(world.reader.changed_since(cursor))
        assert more_than_one(found) or not world.small_changes, "changed_since lists one page alone, or the world's vendor must have smaller pages"
        assert set(made) <= objects(found).keys()
        for at, page in enumerate(found):
            rest = objects(await pages(world.reader.changed_since(page.cursor)))
            assert set(made) <= objects(found[: at + 1]).keys() | rest.keys(), f"a look that is stopped after page {at + 1} must go on there"

    async def test_what_is_deleted_is_gone(self, world: World) -> None:
        native = await world.create("Not for long.")
        await world.delete(native)
        assert not (await world.reader.fetch(native)).records
        assert native not in objects(await pages(world.reader.listing("")))

    async def test_what_never_was_is_gone(self, world: World) -> None:
        native = await world.create("A neighbour.")
        assert await world.reader.fetch(native + "99999") == GONE

    async def test_an_id_of_another_kind_is_a_key_error(self, world: World) -> None:
        with pytest.raises(KeyError):
            await world.reader.fetch("neverheardof/1")

    async def test_readers_are_those_whom_the_vendor_shows_it_to(self, world: World) -> None:
        native = await world.create("For some.")
        before = await world.readers(native)
        await self._same_readers(world)
        await world.restrict(native)
        assert before - await world.readers(native), "restrict() must take somebody away"
        await self._same_readers(world)

    async def test_principals_are_of_the_source_and_each_account_holds_its_own(self, world: World) -> None:
        await world.create("For some.")
        accounts = await accounts_of(world)
        assert bool(accounts) == world.tells_accounts
        named = re.compile(rf"{PUBLIC}|(user|group):{re.escape(world.source.name)}/.+")
        for account in accounts:
            assert user_principal(world.source.name, account.id) in account.principals
            assert not [principal for principal in account.principals if not named.fullmatch(principal)]
        for native in objects(await pages(world.reader.listing(""))):
            for draft in drafts(world, await world.reader.fetch(native)).values():
                assert not [principal for principal in draft.allowed if not named.fullmatch(principal)], native

    async def test_objects_that_stand_alone_have_no_containers(self, world: World) -> None:
        """A world that says so has none indeed."""
        if world.containers == "none":
            native = await world.create("Alone.")
            assert [each async for each in world.reader.containers()] == []
            assert [each async for each in world.reader.below(native)] == []

    async def test_readers_of_what_is_below_change_with_the_access_above(self, world: World) -> None:
        """With more objects in the container than a page holds."""
        if world.containers == "none":
            return
        made = {await world.create(f"Object {number}.") for number in range(MANY)}
        first = min(made)
        container = await world.container(first)
        assert container in {each async for each in world.reader.containers()}
        before, shown = await world.reader.fetch(container), await world.readers(first)
        assert before.access
        assert (await world.reader.fetch(container)).access == before.access, "the same state has the same access"
        told = len(await world.deliveries())
        await world.close(container)
        assert frozenset() < await world.readers(first) < shown, "close() must take some away, and leave some"
        assert (await world.reader.fetch(container)).access != before.access
        below = {native async for native in world.reader.below(container)}
        assert made <= below <= objects(await pages(world.reader.listing(""))).keys()
        await self._same_readers(world)
        if world.containers == "told":
            assert container in await self._told(world, told)

    async def test_what_was_in_a_deleted_container_is_for_nobody(self, world: World) -> None:
        """Whether the vendor deletes it too, or keeps it."""
        if world.containers == "none":
            return
        native = await world.create("Left behind.")
        container = await world.container(native)
        told = len(await world.deliveries())
        await world.drop(container)
        assert not (await world.reader.fetch(container)).records
        assert container not in {each async for each in world.reader.containers()}
        _ = [each async for each in world.reader.below(container)]  # whatever it lists is fetched: it must not fail
        for draft in drafts(world, await world.reader.fetch(native)).values():
            assert PUBLIC not in draft.allowed
            assert not [account.id for account in await accounts_of(world) if account.principals & set(draft.allowed)]
        if world.containers == "told":
            assert container in await self._told(world, told)

    async def test_a_change_is_told_by_a_signed_delivery(self, world: World) -> None:
        native = await world.create("Told.")
        await world.edit(native, "Told again.")
        deliveries = await world.deliveries()
        verify = type_of(world.source).verifier(world.source)
        hints = [verify(delivery, [world.secret]) for delivery in deliveries]
        assert native in {hint.id for told in hints for hint in told}
        assert all(_YEAR_2001_US < hint.source_time_us < _YEAR_2286_US for told in hints for hint in told), "source_time_us is in microseconds since 1970"
        if world.identified:
            identified = [told[0].delivery_id for told in hints if told]
            assert "" not in identified, "each delivery has an id: what is sent twice is taken once"
            assert len(set(identified)) == len(identified), "two deliveries have one id: the second would be dropped"
        for delivery in deliveries:
            for body in (delivery.body, b"no JSON {"):
                with pytest.raises(UnsignedDeliveryError):
                    verify(replace(delivery, body=body), [b"another secret"])

    async def _told(self, world: World, since: int) -> set[str]:
        verify = type_of(world.source).verifier(world.source)
        return {hint.id for delivery in (await world.deliveries())[since:] for hint in verify(delivery, [world.secret])}

    async def _same_readers(self, world: World) -> None:
        accounts = await accounts_of(world)
        for native in objects(await pages(world.reader.listing(""))):
            allowed = frozenset(drafts(world, await world.reader.fetch(native))[native].allowed)
            ours = frozenset(account.id for account in accounts if account.principals & allowed) if world.tells_accounts else allowed
            assert ours == await world.readers(native), native
