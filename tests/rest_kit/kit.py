"""The behaviour that the collector, the sweep and the normaliser rely on. Derive a class, give it a ``world`` fixture; pytest runs the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest

from rest_sources.delivery import UnsignedDeliveryError
from rest_sources.source import GONE, Draft, Fetched, ListedPage, parent_of
from tests.rest_kit.world import World


async def pages(found: AsyncIterator[ListedPage]) -> list[ListedPage]:
    return [page async for page in found]


def objects(found: list[ListedPage]) -> dict[str, str]:
    return {listed.id: listed.stamp for page in found for listed in page.objects}


def drafts(world: World, fetched: Fetched) -> dict[str, Draft]:
    """As the normaliser makes them: from JSON that went through Kafka."""
    return {native: world.type.draft(world.source, native, orjson.loads(orjson.dumps(record))) for native, record in fetched.records.items()}


def text_of(draft: Draft) -> str:
    return orjson.dumps([section.content for section in draft.sections]).decode()


class RestSourceKit:
    """Tests of one source; ``world`` is a fixture of the derived class."""

    async def test_a_fetched_object_is_a_document(self, world: World) -> None:
        native = await world.create("Parking is free on Fridays.")
        fetched = await world.reader.fetch(native)
        draft = drafts(world, fetched)[native]
        assert "Parking is free on Fridays." in text_of(draft)
        assert draft.title.strip()
        assert draft.url.startswith(("http://", "https://"))
        assert all(parent_of(part) == native for part in fetched.records)

    async def test_the_same_state_gives_the_same_bytes(self, world: World) -> None:
        native = await world.create("Twice the same.")
        first, second = await world.reader.fetch(native), await world.reader.fetch(native)
        assert orjson.dumps(dict(first.records)) == orjson.dumps(dict(second.records))
        assert (first.stamp, first.access) == (second.stamp, second.access)

    async def test_a_listing_has_everything_with_the_stamps_of_a_fetch(self, world: World) -> None:
        made = {await world.create(f"Object {number}.") for number in range(3)}
        found = objects(await pages(world.reader.listing("")))
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
        await self._same_readers(world)
        await world.restrict(native)
        await self._same_readers(world)

    async def test_readers_of_what_is_below_change_with_the_access_above(self, world: World) -> None:
        """Containers are listed, and what is below one is known to the listing."""
        listed = objects(await pages(world.reader.listing(""))).keys()
        async for container in world.reader.containers():
            assert (await world.reader.fetch(container)).access, container
            assert {native async for native in world.reader.below(container)} <= listed

    async def test_a_change_is_told_by_a_signed_delivery(self, world: World) -> None:
        native = await world.create("Told.")
        await world.edit(native, "Told again.")
        deliveries = await world.deliveries()
        verify = world.type.verifier(world.source)
        assert native in {hint.id for delivery in deliveries for hint in verify(delivery, [world.secret])}
        for delivery in deliveries:
            with pytest.raises(UnsignedDeliveryError):
                verify(delivery, [b"another secret"])

    async def _same_readers(self, world: World) -> None:
        accounts = [account async for account in world.reader.accounts()]
        assert accounts
        for native in objects(await pages(world.reader.listing(""))):
            fetched = await world.reader.fetch(native)
            allowed = set(drafts(world, fetched)[native].allowed)
            ours = {account.id for account in accounts if account.principals & allowed}
            assert ours == await world.readers(native), native
