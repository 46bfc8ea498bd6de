"""A document that was moved, on a real Weaviate: its vectors are those that it had, as long as they are there."""

from __future__ import annotations

from contracts.events import DocumentRecord
from contracts.identity import Version
from index.protocol import Outcome
from index.store import DocKey, WeaviateStore
from tests.property.history import HashEmbed, Place, State, check_at_rest, index_record, paragraph

PARAGRAPHS = State("abcd")


def moved(place: Place, number: int, *, text: str = PARAGRAPHS.text or "", allowed: tuple[str, ...] = ("group:all",)) -> DocumentRecord:
    """The page under another id."""
    record = place.record(number, State(text, allowed))
    assert isinstance(record, DocumentRecord)
    return record.model_copy(update={"doc_id": place.scope + "2", "moved_from": place.key.doc_id})


async def test_a_moved_document_costs_no_embedding(store: WeaviateStore, place: Place) -> None:
    embed = HashEmbed()
    await index_record(store, embed, place.record(1, PARAGRAPHS))
    before = embed.texts
    (indexed,) = await index_record(store, embed, moved(place, 2))
    assert (indexed.outcome, indexed.embedded, indexed.added) == (Outcome.COMMITTED, 0, before)
    await index_record(store, embed, place.record(3, State(None)))
    assert embed.texts == before
    await check_at_rest(store, place, 3, State(None))
    new = (await store.look([DocKey(place.tenant, place.scope + "2")])).popitem()[1]
    assert len(new.chunks) == before
    vectors = await store.vectors(place.tenant, sorted(new.chunk_ids))
    assert len(vectors) == before


async def test_only_what_was_edited_too_is_embedded(store: WeaviateStore, place: Place) -> None:
    embed = HashEmbed()
    await index_record(store, embed, place.record(1, PARAGRAPHS))
    (indexed,) = await index_record(store, embed, moved(place, 2, text="abXd", allowed=("group:few",)))
    assert indexed.embedded == 1
    assert paragraph("X") != paragraph("c")


async def test_where_the_old_one_is_gone_it_is_embedded(store: WeaviateStore, place: Place) -> None:
    embed = HashEmbed()
    await index_record(store, embed, place.record(1, PARAGRAPHS))
    await index_record(store, embed, place.record(2, State(None)))
    before = embed.texts
    (indexed,) = await index_record(store, embed, moved(place, 3))
    assert (indexed.outcome, indexed.embedded) == (Outcome.COMMITTED, before)


async def test_a_document_with_a_past_of_its_own_looks_nowhere_else(store: WeaviateStore, place: Place) -> None:
    embed = HashEmbed()
    await index_record(store, embed, place.record(1, PARAGRAPHS))
    await index_record(store, embed, moved(place, 2))
    (edited,) = await index_record(store, embed, moved(place, 4, text="abcdX"))
    assert (edited.embedded, edited.kept) == (1, 4)
    assert Version(0, 4, 0, 0) == edited.job.wanted.version
