"""Who sees what: both gates, on a real index."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from contracts.events import DeleteRecord
from contracts.identity import Attempt, Version
from index.driver import IndexDriver
from index.embedding import Embedder
from index.manifest import Entry, Manifest
from index.protocol import Observation
from index.reading import Access, IndexReader, Search
from index.reading_as_of import AsOfReader
from index.reading_counts import count_tenants
from index.store import DocKey, NewChunk
from tests.integration.query_service.conftest import ACME, GLOBEX, SCOPE, Index, Service, job, record, texts

LEAVE = "Parental leave is 26 weeks for every parent."


def _delete(name: str, major: int, tenant: str = ACME) -> DeleteRecord:
    return DeleteRecord(tenant=tenant, doc_id=SCOPE + name, scope=SCOPE, source="docs", version=Version(1, major, 0, 0), source_time_us=time.time_ns() // 1000)


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
async def test_the_permission_matrix(index: Index, service: Service, mode: str) -> None:
    await index.put(
        record("everybody", LEAVE),
        record("staff", LEAVE + " For staff.", allowed=("group:staff",)),
        record("ann", LEAVE + " For Ann.", allowed=("user:ann", "group:board")),
        record("both", LEAVE + " For both.", allowed=("user:ann", "group:staff")),
        record("nobody", LEAVE + " For nobody.", allowed=()),
        record("foreign", LEAVE + " For another company.", tenant=GLOBEX),
    )
    seen = {key: set(await service.found("parental leave", key, mode=mode)) for key in ("staff-key", "ann-key", "guest-key", "globex-key", "nowhere-key")}
    assert seen == {
        "staff-key": {"everybody", "staff", "both"},
        "ann-key": {"everybody", "ann", "both"},
        "guest-key": {"everybody"},
        "globex-key": {"foreign"},
        "nowhere-key": set(),
    }


async def test_an_unknown_tenant_looks_like_an_empty_one(index: Index, service: Service) -> None:
    await index.put(record("mine", LEAVE, tenant=GLOBEX))
    await index.put(_delete("mine", 2, GLOBEX))
    empty, unknown = [(await service.search("leave", key))[1] for key in ("globex-key", "nowhere-key")]
    assert empty["hits"] == unknown["hits"] == []
    answers = [(await service.query("How long is leave?", key))[1] for key in ("globex-key", "nowhere-key")]
    assert answers[0]["answer"] == answers[1]["answer"]
    assert not answers[0]["answered"]


async def test_a_tenant_that_goes_away_reads_as_empty(index: Index, service: Service) -> None:
    await index.put(record("a", LEAVE))
    assert await service.found("leave") == ["a"]
    for name in (index.names.chunk, index.names.document):
        await index.client.collections.use(name).tenants.remove([ACME])
    assert await service.found("leave") == []


async def test_an_edit_a_revoke_and_a_delete_take_effect(index: Index, service: Service) -> None:
    await index.put(record("a", LEAVE + "\n\nKept words about bicycles."))
    await index.put(record("a", "Parental leave is 30 weeks now.\n\nKept words about bicycles.", major=2))
    _, body = await service.search("parental leave weeks")
    assert sorted(texts(body["hits"])) == ["Kept words about bicycles.", "Parental leave is 30 weeks now."]
    await index.put(record("a", "Parental leave is 30 weeks now.\n\nKept words about bicycles.", major=3, allowed=("group:staff",)))
    assert await service.found("parental leave", "guest-key") == []
    assert await service.found("parental leave", "staff-key") == ["a"]
    await index.put(_delete("a", 4))
    assert await service.found("parental leave", "staff-key") == []


async def test_hits_say_where_they_stand(index: Index, service: Service) -> None:
    body = "First words.\n\nSecond words about bicycles.\n\nThird words."
    await index.put(record("a", body, url="https://example.org/a", doc_type="page", metadata={"team": "x", "tags": ["a", "b"]}))
    _, answer = await service.search("bicycles", limit=1)
    hit = answer["hits"][0]
    assert body[hit["start"] : hit["end"]] == hit["text"] == "Second words about bicycles."
    assert (hit["title"], hit["url"], hit["headings"], hit["doc_type"]) == ("a", "https://example.org/a", ["Top"], "page")
    assert hit["metadata"] == {"team": "x", "tags": ["a", "b"]}
    assert hit["version"] == str(Version(1, 1, 0, 0))


async def test_filters(index: Index, service: Service) -> None:
    await index.put(
        record("a", LEAVE, source="wiki", doc_type="page", metadata={"team": "x", "n": 1, "open": True}),
        record("b", LEAVE, source="desk", doc_type="ticket", metadata={"team": "y", "n": 2, "open": False, "tags": ["red", "blue"]}),
        record("c", LEAVE, source="desk", doc_type="page", metadata={"team": "x=y"}),
    )

    async def found(**filters: object) -> set[str]:
        return set(await service.found("leave", filters=filters))

    assert await found() == {"a", "b", "c"}
    assert await found(source="desk") == {"b", "c"}
    assert await found(source=["desk", "wiki"], doc_type="page") == {"a", "c"}
    assert await found(doc_id=[SCOPE + "a", SCOPE + "b"]) == {"a", "b"}
    assert await found(metadata={"team": ["x", "y"]}) == {"a", "b"}
    assert await found(metadata={"team": "x=y"}) == {"c"}
    assert await found(metadata={"tags": "blue"}) == {"b"}
    assert await found(metadata={"open": True}) == {"a"}
    assert await found(metadata={"n": 2}) == {"b"}
    assert await found(metadata={"team": "x", "n": 2}) == set()
    assert await found(source="nosuch") == set()


@pytest.mark.parametrize(
    "question",
    [
        "*",
        "leave AND (",
        '"leave',
        "a" * 1900,
        "🦤 leave",
        "leave\u202e\u0000",
        "'; DROP TABLE",
        "{__typename}",
        "<script>",
        "休暇は何週間",
        "إجازة",
        "ลางาน",
        "leave^5 ~2 +x -y",
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
async def test_odd_questions_are_questions(index: Index, service: Service, question: str, mode: str) -> None:
    await index.put(record("a", LEAVE))
    status, _ = await service.search(question, mode=mode)
    assert status == 200
    status, _ = await service.query(question)
    assert status == 200


async def test_other_scripts_are_found_by_their_words(index: Index, service: Service) -> None:
    await index.put(record("ja", "育児休暇は26週間です。"), record("de", "Die Elternzeit dauert 26 Wochen."), record("th", "ลาคลอดได้ 26 สัปดาห์"))
    assert await service.found("育児休暇", mode="keyword") == ["ja"]
    assert await service.found("ELTERNZEIT", mode="keyword") == ["de"]
    assert await service.found("ลาคลอด", mode="keyword") == ["th"]


class _EditBetween(IndexReader):
    """The real reader, with something that happens between its search and its look at the manifests."""

    happens = None

    async def _ask(self, *arguments):
        objects = await super()._ask(*arguments)
        if self.happens is not None:
            happens, self.happens = self.happens, None
            await happens
        return objects


async def test_an_edit_between_search_and_manifest_is_searched_again(index: Index) -> None:
    await index.put(record("a", LEAVE))
    reader = _EditBetween(index.client, index.names)
    reader.happens = index.put(record("a", "Parental leave is 30 weeks now.", major=2))
    hits = await reader.search(Access(ACME, frozenset()), Search("parental leave", mode="keyword"))
    assert [hit.text for hit in hits] == ["Parental leave is 30 weeks now."]


class _EditBeforeTheSecondSearch(IndexReader):
    happens = None
    searches = 0

    async def _ask(self, *arguments):
        self.searches += 1
        if self.searches == 2:
            await self.happens
        return await super()._ask(*arguments)


async def test_a_chunk_that_is_not_listed_yet_is_not_left_out_for_good(index: Index, embedder: Embedder) -> None:
    """The search finds an old chunk, its stand-in and, ahead of its manifest, the new one; when it searches again the new one alone is left."""
    driver = IndexDriver(index.store, embedder.embed, in_thread=asyncio.to_thread, text_first=True)
    await index.put(record("a", LEAVE))
    runs = driver.begin([job(record("a", "Parental leave is 30 weeks now.", major=2))])
    await driver.until_embedding(runs)
    while runs[0].due != "PutManifest":
        await driver._round(runs)
    reader = _EditBeforeTheSecondSearch(index.client, index.names)
    reader.happens = driver.finish(runs)
    hits = await reader.search(Access(ACME, frozenset()), Search("parental leave", mode="keyword"))
    assert [hit.text for hit in hits] == ["Parental leave is 30 weeks now."]


async def test_a_mass_delete_does_not_empty_the_answer(index: Index) -> None:
    """Chunks of a deleted document are tidied later than its manifest says so: they must not take the place of others."""
    big = record("big", "\n\n".join(f"Parental leave, rule {number}." for number in range(80)))
    await index.put(big, record("small", "Parental leave is also explained here, in a longer text about bicycles."))
    observed = (await index.store.look([DocKey(ACME, SCOPE + "big")]))[DocKey(ACME, SCOPE + "big")]
    await index.store.put_manifests([(DocKey(ACME, SCOPE + "big"), _dead(observed))])
    hits = await IndexReader(index.client, index.names).search(Access(ACME, frozenset()), Search("parental leave", mode="keyword", limit=3))
    assert [hit.doc_id for hit in hits] == [SCOPE + "small"]


def _dead(observed: Observation) -> Manifest:
    assert observed.current is not None
    return replace(observed.current, attempt=Attempt(Version(1, 2, 0, 0), 1, "aa"), deleted=True, allowed=(), entries=())


async def test_chunks_without_a_manifest_are_not_seen(index: Index, service: Service) -> None:
    """A writer that crashed after its chunks and before its manifest."""
    await index.put(record("a", LEAVE))
    version_2 = record("a", "Parental leave is 30 weeks now.", major=2)
    slots, contents = job(version_2).cut()
    await _orphan(index, slots[0].content_hash, contents)
    assert texts((await service.search("parental leave"))[1]["hits"]) == [LEAVE]


async def _orphan(index: Index, content_hash: str, contents: dict) -> None:
    born = Attempt(Version(1, 2, 0, 0), 1, "bb")
    vector = [0.05] * 384
    await index.store.put_chunks([NewChunk(ACME, "6f0d2b0c-6f2d-5c53-9c55-0d3c3a7b8f12", born, contents[content_hash], vector)])


async def test_a_lagging_manifest_of_an_older_attempt_changes_nothing(index: Index, service: Service) -> None:
    await index.put(record("a", LEAVE, major=5))
    key = DocKey(ACME, SCOPE + "a")
    older = Manifest(Attempt(Version(1, 4, 0, 0), 9, "ff"), False, ("public",), (Entry("6f0d2b0c-6f2d-5c53-9c55-0d3c3a7b8f13", "0" * 48, 0, 3),), "old")
    await index.store.put_manifests([(key, older)])
    assert texts((await service.search("parental leave"))[1]["hits"]) == [LEAVE]


async def test_a_document_is_read_through_the_same_gates(index: Index) -> None:
    await index.put(record("a", LEAVE + "\n\nMore.", allowed=("group:staff",)))
    reader = IndexReader(index.client, index.names)
    found = await reader.document(Access(ACME, frozenset({"group:staff"})), SCOPE + "a")
    assert found is not None
    assert found.texts == (LEAVE, "More.")
    assert await reader.document(Access(ACME, frozenset()), SCOPE + "a") is None
    assert await reader.document(Access(GLOBEX, frozenset({"group:staff"})), SCOPE + "a") is None
    await index.put(_delete("a", 2))
    assert await reader.document(Access(ACME, frozenset({"group:staff"})), SCOPE + "a") is None


async def test_as_of_follows_each_source(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.reading_as_of.FRESH_SECONDS", 0.0)
    ages = AsOfReader(index.client, index.names)
    assert await ages.as_of(ACME) == ()
    first, second = record("a", LEAVE, source="wiki"), record("b", LEAVE, source="desk")
    await index.put(first, second)
    seen = {age.source: age for age in await ages.as_of(ACME)}
    assert {name: age.source_time_us for name, age in seen.items()} == {"wiki": first.source_time_us, "desk": second.source_time_us}
    assert all(age.source_time_us < age.indexed_time_us <= time.time_ns() // 1000 for age in seen.values())
    late = record("c", LEAVE, source="wiki").model_copy(update={"source_time_us": first.source_time_us - 10_000_000})
    await index.put(late)  # a backfill row: older than what is known
    gone = _delete("b", 2)
    await index.put(gone.model_copy(update={"source": "desk"}))
    seen = {age.source: age for age in await ages.as_of(ACME)}
    assert seen["wiki"].source_time_us == first.source_time_us
    assert seen["desk"].source_time_us == gone.source_time_us


async def test_counts(index: Index) -> None:
    await index.put(record("a", LEAVE + "\n\nMore."), record("b", LEAVE), record("c", LEAVE, tenant=GLOBEX))
    await index.put(_delete("b", 2))
    counted = {count.tenant: (count.documents, count.deleted, count.chunks) for count in await count_tenants(index.client, index.names)}
    assert (counted[ACME], counted[GLOBEX]) == ((1, 1, 2), (1, 0, 1))
