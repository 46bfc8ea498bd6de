"""Documents that expire, on a real Weaviate: an index of an older release, readers at the very moment, the pass, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from weaviate import WeaviateAsyncClient
from weaviate.classes.query import Filter

from contracts.events import DeleteRecord, DocumentRecord, decode_index_record
from contracts.topics import DOCUMENTS, DOCUMENTS_BACKFILL
from index import collections
from index.collections import CollectionNames, ensure_collections
from index.reading import Access, IndexReader, Search
from index.reading_as_of import AsOfReader
from index.store import EXPIRED_PAGE, WeaviateStore
from streams.expiring import Expiring
from streams.producer import OutRecord
from tests.integration.index.conftest import SPACE
from tests.property.history import HashEmbed, Place, State, check_at_rest, index_record, snapshot, vector_of

pytestmark = pytest.mark.timeout(120)
EXPIRES_US = 2_000_000_000_000_000
NAMES = CollectionNames.of(SPACE)


@dataclass(slots=True)
class Lanes:
    """What was written to the topics."""

    out: list[OutRecord] = field(default_factory=list)

    async def send_all(self, records: Sequence[OutRecord]) -> None:
        self.out += records

    def deletes(self) -> list[DeleteRecord]:
        found = [decode_index_record(out.value or b"") for out in self.out if out.topic == DOCUMENTS_BACKFILL]
        return [record for record in found if isinstance(record, DeleteRecord)]


def dated(place: Place, number: int, text: str, expires_us: int | None = EXPIRES_US) -> DocumentRecord:
    record = place.record(number, State(text))
    assert isinstance(record, DocumentRecord)
    return record.model_copy(update={"expires_us": expires_us})


def passing(store: WeaviateStore, lanes: Lanes, now_us: int) -> Expiring:
    return Expiring(store, lanes, 10_000, lambda: True, lambda: now_us)


async def ours(store: WeaviateStore, place: Place, now_us: int) -> list[DeleteRecord]:
    """What a pass at this time asks for of our tenant; other tests have theirs."""
    lanes = Lanes()
    await passing(store, lanes, now_us).look()
    assert {out.topic for out in lanes.out} <= {DOCUMENTS, DOCUMENTS_BACKFILL}
    assert len(lanes.out) == 2 * len(lanes.deletes())
    return [record for record in lanes.deletes() if record.tenant == place.tenant]


async def test_nobody_reads_it_from_its_time_on(client: WeaviateAsyncClient, store: WeaviateStore, place: Place) -> None:
    await index_record(store, HashEmbed(), dated(place, 1, "AB"))
    access = Access(place.tenant, frozenset({"group:all"}))
    for now_us, there in ((EXPIRES_US - 1, True), (EXPIRES_US, False)):
        reader = IndexReader(client, NAMES, lambda now=now_us: now)
        assert (await reader.document(access, place.key.doc_id) is not None) is there
        for mode in ("keyword", "vector", "hybrid"):
            hits = await reader.search(access, Search("Paragraph A says", vector_of("A"), mode))
            assert bool(hits) is there, mode


async def test_the_pass_removes_it_and_a_later_state_brings_it_back(store: WeaviateStore, place: Place) -> None:
    embed = HashEmbed()
    await index_record(store, embed, dated(place, 1, "AB"))
    other = Place(place.tenant, place.scope + "stays/")
    await index_record(store, embed, other.record(1, State("AB")))
    assert await ours(store, place, EXPIRES_US - 1) == []
    (delete,) = await ours(store, place, EXPIRES_US)
    assert (delete.doc_id, delete.version.major, delete.expires_us, delete.source_time_us) == (place.key.doc_id, 1, EXPIRES_US, 0)
    await index_record(store, embed, delete)
    await check_at_rest(store, place, 1, State(None))
    seen, _ = await snapshot(store, place)
    assert seen.chunks == frozenset()
    assert seen.current is not None
    assert seen.current.description.expires_us == EXPIRES_US
    assert await ours(store, place, EXPIRES_US) == []
    await check_at_rest(store, other, 1, State("AB"))
    await index_record(store, embed, dated(place, 2, "AC", EXPIRES_US + 10))
    await check_at_rest(store, place, 2, State("AC"))
    assert await ours(store, place, EXPIRES_US) == []


async def test_a_delete_that_was_asked_for_spares_a_state_that_came_meanwhile(store: WeaviateStore, place: Place) -> None:
    embed = HashEmbed()
    await index_record(store, embed, dated(place, 1, "AB"))
    (delete,) = await ours(store, place, EXPIRES_US)
    await index_record(store, embed, dated(place, 2, "AC", None))
    await index_record(store, embed, delete)
    await check_at_rest(store, place, 2, State("AC"))


async def test_more_than_a_page_and_each_asked_for_once(store: WeaviateStore, place: Place) -> None:
    count, lanes = EXPIRED_PAGE + 7, Lanes()
    records = [dated(Place(place.tenant, f"{place.scope}{number}/"), 1, "") for number in range(count)]
    for record in records:
        await index_record(store, HashEmbed(), record)
    expiring = passing(store, lanes, EXPIRES_US)
    await expiring.look()
    await expiring.look()
    assert sorted(delete.doc_id for delete in lanes.deletes() if delete.tenant == place.tenant) == sorted(record.doc_id for record in records)


async def test_an_index_of_an_older_release_gains_the_property(client: WeaviateAsyncClient, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    older = tuple(wished for wished in collections.DOCUMENT_PROPERTIES if wished.name != "expires_us")
    names = await ensure_collections(client, SPACE)
    await client.collections.delete(names.document)
    with monkeypatch.context() as before:
        before.setattr(collections, "DOCUMENT_PROPERTIES", older)
        assert await ensure_collections(client, SPACE) == names
    old = client.collections.use(names.document)
    assert "expires_us" not in {found.name for found in (await old.config.get(simple=True)).properties}
    await client.collections.use(names.chunk).tenants.create(place.tenant)
    await old.tenants.create(place.tenant)
    about = {"doc_id": place.key.doc_id, "attempt": f"{place.record(1, State('')).version}#2.000001#n", "entries": "[]", "deleted": False, "scope": place.scope}
    await old.with_tenant(place.tenant).data.insert(about)

    assert await ensure_collections(client, SPACE) == names
    store = WeaviateStore(client, names)
    seen = (await store.look([place.key]))[place.key]
    assert seen.current is not None
    assert seen.current.description.expires_us is None
    another = Place(place.tenant, place.scope + "new/")
    await index_record(store, HashEmbed(), dated(another, 1, "A"))
    assert [record.doc_id for record in await ours(store, place, EXPIRES_US)] == [another.key.doc_id]
    found = await old.with_tenant(place.tenant).query.fetch_objects(filters=Filter.by_property("doc_id").equal(place.key.doc_id))
    assert len(found.objects) == 1


async def test_an_expiry_is_no_change_of_the_source(client: WeaviateAsyncClient, store: WeaviateStore, place: Place) -> None:
    embed = HashEmbed()
    await index_record(store, embed, dated(place, 1, "A"))
    before = await AsOfReader(client, NAMES).as_of(place.tenant)
    (delete,) = await ours(store, place, EXPIRES_US)
    await index_record(store, embed, delete)
    assert await AsOfReader(client, NAMES).as_of(place.tenant) == ()
    await index_record(store, embed, Place(place.tenant, place.scope + "new/").record(2, State("B")))
    (after,) = await AsOfReader(client, NAMES).as_of(place.tenant)
    assert after.source_time_us == before[0].source_time_us + 1
