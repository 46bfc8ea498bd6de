"""WeaviateStore on a real Weaviate, method by method."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from weaviate import WeaviateAsyncClient

from contracts.embedding_space import EmbeddingSpace
from contracts.identity import Attempt, Version, chunk_uuid
from index.collections import CHUNK, DOCUMENT, CollectionNames, EmbeddingSpaceMismatchError, ensure_collections, live_space
from index.documents import ChunkContent
from index.manifest import Description, Entry, Manifest
from index.protocol import ChunkRef, Outcome
from index.store import OBJECTS_A_CALL, DocKey, NewChunk, WeaviateStore
from tests.integration.index.conftest import SPACE
from tests.property.history import HashEmbed, Place, State, check_at_rest, index_record, paragraph, snapshot, vector_of

ATTEMPT = Attempt(Version(0, 7, 9, 1), 1, "abcd")


def chunk(place: Place, text: str, born: Attempt = ATTEMPT) -> NewChunk:
    content = ChunkContent(text * 40, paragraph(text), ("A", "B"), place.key.doc_id, place.scope, "app", "Title", "page", ("group:all",), ("team=x",))
    return NewChunk(place.tenant, chunk_uuid(place.tenant, place.key.doc_id, content.content_hash, 0, born), born, content, vector_of(text))


def manifest(place: Place, chunks: list[NewChunk], attempt: Attempt = ATTEMPT) -> Manifest:
    entries = tuple(Entry(c.chunk_id, c.content.content_hash, at, at + 1) for at, c in enumerate(chunks))
    about = Description("app", place.scope, "Tïtle", "https://x/1", "page", (("n", 3), ("tags", ["a", "b"]), ("yes", True)), 1234567890123456)
    return Manifest(attempt, False, ("group:all", "user:ü"), entries, "fp", about, 1234567890123457)


async def test_a_document_comes_back_as_it_was_written(store: WeaviateStore, place: Place) -> None:
    chunks = [chunk(place, "a"), chunk(place, "b")]
    written = manifest(place, chunks)
    assert not (await store.look([place.key]))[place.key].manifests
    await store.put_chunks(chunks)
    await store.put_manifests([(place.key, written)])
    seen = (await store.look([place.key]))[place.key]
    assert seen.manifests == (written,)
    assert seen.manifests[0].description.metadata == written.description.metadata
    assert seen.chunks == {ChunkRef(c.chunk_id, ATTEMPT) for c in chunks}
    assert seen.floor is None


async def test_an_unknown_tenant_is_an_empty_one(store: WeaviateStore, place: Place) -> None:
    seen = (await store.look([place.key]))[place.key]
    assert (seen.manifests, seen.chunks, seen.floor) == ((), frozenset(), None)


async def test_tenants_and_documents_are_apart(store: WeaviateStore, place: Place) -> None:
    other = Place(place.tenant + "-2", place.scope)
    await store.put_chunks([chunk(place, "a"), chunk(other, "b")])
    seen = await store.look([place.key, other.key, DocKey(place.tenant, place.scope + "11")])
    assert [len(seen[key].chunks) for key in (place.key, other.key, DocKey(place.tenant, place.scope + "11"))] == [1, 1, 0]


async def test_vectors_leave_out_what_is_gone(store: WeaviateStore, place: Place) -> None:
    here, gone = chunk(place, "a"), chunk(place, "b")
    await store.put_chunks([here, gone])
    await store.remove_chunks(place.tenant, [gone.chunk_id])
    assert {name: list(vector) for name, vector in (await store.vectors(place.tenant, [here.chunk_id, gone.chunk_id])).items()} == {
        here.chunk_id: vector_of("a")
    }


async def test_what_is_gone_can_be_removed_again(store: WeaviateStore, place: Place) -> None:
    one = chunk(place, "a")
    await store.put_chunks([one])
    await store.put_manifests([(place.key, manifest(place, [one]))])
    for _ in range(2):
        await store.remove_chunks(place.tenant, [one.chunk_id])
        await store.remove_manifests(place.tenant, [(place.key.doc_id, ATTEMPT)])
    assert (await store.look([place.key]))[place.key].manifests == ()


async def test_a_read_sees_every_acknowledged_write(store: WeaviateStore, place: Place) -> None:
    for counter in range(100):
        attempt = Attempt(ATTEMPT.version, counter, "abcd")
        await store.put_manifests([(place.key, manifest(place, [], attempt))])
        current = (await store.look([place.key]))[place.key].current
        assert current is not None
        assert current.attempt == attempt
        await store.remove_manifests(place.tenant, [(place.key.doc_id, attempt)])
        assert not (await store.look([place.key]))[place.key].manifests


async def test_a_large_document(store: WeaviateStore, place: Place) -> None:
    """3,000 chunks: written, listed, edited by one, deleted, all within the time limit of a call."""
    letters = "".join(chr(0x4E00 + at) for at in range(3000))
    embed = HashEmbed()
    await index_record(store, embed, place.record(1, State(letters)))
    await check_at_rest(store, place, 1, State(letters))
    assert embed.texts == 3000 > OBJECTS_A_CALL
    (edited,) = await index_record(store, embed, place.record(2, State("A" + letters[1:])))
    assert (edited.added, edited.removed, edited.kept, embed.texts) == (1, 1, 2999, 3001)
    (shared,) = await index_record(store, embed, place.record(3, State("A" + letters[1:], allowed=("user:1",))))
    assert (shared.added, shared.embedded) == (3000, 0)
    await index_record(store, embed, place.record(4, State(None)))
    seen, _ = await snapshot(store, place)
    assert seen.chunks == frozenset()
    assert len(seen.manifests) == 1


async def test_equal_paragraphs(store: WeaviateStore, place: Place) -> None:
    embed = HashEmbed()
    for number, text in enumerate(("AABA", "AAAA", "BA", ""), start=1):
        await index_record(store, embed, place.record(number, State(text)))
        await check_at_rest(store, place, number, State(text))
    assert embed.texts == 3


# -- floors ------------------------------------------------------------------------------------------------------------------------


async def test_a_floor_is_the_highest_that_was_raised(store: WeaviateStore, place: Place) -> None:
    for number in (5, 3, 7, 7):
        await store.raise_floor(place.floor(number))
    assert [floor.version.major for floor in await store.floors() if floor.scope == place.scope] == [7]
    seen = await store.look([place.key, DocKey(place.tenant, "postgres:app.public.elsewhere/1")])
    assert [observation.floor and observation.floor.major for observation in seen.values()] == [7, None]


async def test_a_floor_raised_by_many_at_once(store: WeaviateStore, place: Place) -> None:
    await asyncio.gather(*(store.raise_floor(place.floor(number)) for number in (5, 5, 5, 6, 4)))
    assert (await store.look([place.key]))[place.key].floor == Version(0, 6, 0, 0)


async def test_living_below(store: WeaviateStore, place: Place) -> None:
    embed, other = HashEmbed(), Place(place.tenant + "-2", place.scope)
    await index_record(store, embed, place.record(2, State("A")))
    await index_record(store, embed, other.record(2, State("A")))
    await index_record(store, embed, Place(place.tenant, place.scope[:-1] + "_else/").record(2, State("A")))
    assert set(await store.living_below(place.scope, Version(0, 3, 0, 0))) == {place.key, other.key}
    assert await store.living_below(place.scope, Version(0, 2, 0, 0)) == []
    await index_record(store, embed, other.record(4, State("B")))
    assert await store.living_below(place.scope, Version(0, 3, 0, 0)) == [place.key]


async def test_living_below_sees_past_a_full_page_of_others(store: WeaviateStore, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that came after a truncate may fill any page before those that it has to delete."""
    monkeypatch.setattr("index.store.FLOOR_PAGE", 4)
    embed = HashEmbed()
    names = [f"{number:02}" for number in range(16)]
    for name in names:
        old = int(name) % 5 == 0
        await index_record(store, embed, place.record(2 if old else 4, State("A")).model_copy(update={"doc_id": place.scope + name}))
    below: set[DocKey] = set()
    while page := await store.living_below(place.scope, Version(0, 3, 0, 0), below):
        assert not below & set(page)
        below |= set(page)
    assert {key.doc_id for key in below} == {place.scope + name for name in names if int(name) % 5 == 0}


async def test_truncate(store: WeaviateStore, place: Place) -> None:
    embed, floor = HashEmbed(), place.floor(3)
    await index_record(store, embed, place.record(2, State("AB")))
    (gone,) = await index_record(store, embed, floor)
    assert gone.outcome is Outcome.COMMITTED
    await check_at_rest(store, place, 3, State(None))
    (late,) = await index_record(store, embed, place.record(1, State("A")))
    assert late.outcome is Outcome.FENCED
    (new,) = await index_record(store, embed, place.record(4, State("C")))
    assert new.outcome is Outcome.COMMITTED
    await check_at_rest(store, place, 4, State("C"))


# -- collections -------------------------------------------------------------------------------------------------------------------


async def test_another_space_is_refused(client: WeaviateAsyncClient, store: WeaviateStore) -> None:
    with pytest.raises(EmbeddingSpaceMismatchError, match="headrace connectors apply"):
        await ensure_collections(client, EmbeddingSpace("test/other", "", 8, "none"))
    assert await live_space(client) == SPACE


async def test_ensure_collections_again_changes_nothing(client: WeaviateAsyncClient) -> None:
    first = await ensure_collections(client, SPACE)
    assert await ensure_collections(client, SPACE) == first == CollectionNames.of(SPACE)
    aliases = [await client.alias.get(alias_name=name) for name in (CHUNK, DOCUMENT)]
    assert [alias and alias.collection for alias in aliases] == [first.chunk, first.document]


@pytest.mark.parametrize("word", ["the", "a b", "ü", "*", "x" * 2000])
async def test_odd_document_ids(store: WeaviateStore, place: Place, word: str) -> None:
    """Ids that a tokenizer, a stop word list or a wildcard could get wrong."""
    keys = [DocKey(place.tenant, word + end) for end in ("", ".", "/1")]
    for key, counter in zip(keys, itertools.count(1), strict=False):
        await store.ensure_tenant(place.tenant)
        await store.put_manifests([(key, manifest(place, [], Attempt(ATTEMPT.version, counter, "n")))])
    seen = await store.look(keys)
    assert [[m.attempt.counter for m in seen[key].manifests] for key in keys] == [[1], [2], [3]]
