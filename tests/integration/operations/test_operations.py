"""Damage of every kind is found, named and mended; a refused row is told, and replayed once its mapping is mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.documents import ChunkContent
from index.manifest import Manifest
from index.store import DocKey, NewChunk, WeaviateStore
from operations.verify.comparison import Indexed
from operations.verify.index_reader import IndexReader
from operations.verify.repair import ARRIVAL_SECONDS
from tests.integration.operations.conftest import ROWS, YAML, Desk

pytestmark = pytest.mark.timeout(900)


def key(desk: Desk, row: int) -> DocKey:
    return DocKey("acme" if row % 2 else "globex", desk.doc_id(row))


async def current(store: WeaviateStore, document: DocKey) -> Manifest:
    manifest = (await store.look([document]))[document].current
    assert manifest is not None
    return manifest


def manifests(client: Any, names: Any, document: DocKey) -> Any:
    return client.collections.use(names.document).with_tenant(document.tenant)


def chunks(client: Any, names: Any, document: DocKey) -> Any:
    return client.collections.use(names.chunk).with_tenant(document.tenant)


async def manifest_object(client: Any, names: Any, document: DocKey) -> Any:
    found = await manifests(client, names, document).query.fetch_objects(limit=1000, return_properties=["doc_id"])
    return next(item.uuid for item in found.objects if item.properties["doc_id"] == document.doc_id)


def a_chunk(document: DocKey, manifest: Manifest, name: str, vector: list[float]) -> NewChunk:
    content = ChunkContent("0" * 48, "Nobody asked for this text.", (), document.doc_id, manifest.description.scope, "x", "", "", ("public",), ())
    return NewChunk(document.tenant, name, manifest.attempt, content, vector)


def plant(desk: Desk) -> Callable[[WeaviateStore, Any, Any], Any]:
    async def work(store: WeaviateStore, client: Any, names: Any) -> None:
        gone = await current(store, key(desk, 1))
        vector = next(iter((await store.vectors("acme", [gone.entries[0].chunk_id])).values()))
        await store.remove_manifests("acme", [(desk.doc_id(1), gone.attempt)])
        await store.remove_chunks("acme", sorted(gone.chunk_ids))
        orphan = DocKey("acme", desk.doc_id(777))
        await store.put_manifests([(orphan, await current(store, key(desk, 3)))])
        elsewhere = DocKey("globex", desk.doc_id(3))
        await store.put_manifests([(elsewhere, await current(store, key(desk, 3)))])
        text = await current(store, key(desk, 2))
        await chunks(client, names, key(desk, 2)).data.update(text.entries[1].chunk_id, properties={"text": "The quota is what I say."})
        await manifests(client, names, key(desk, 4)).data.update(
            await manifest_object(client, names, key(desk, 4)), properties={"allowed": ["group:thieves", "public"]}
        )
        leak = await current(store, key(desk, 5))
        await chunks(client, names, key(desk, 5)).data.update(leak.entries[0].chunk_id, properties={"allowed": ["group:thieves", "public"]})
        holed = await current(store, key(desk, 6))
        await store.remove_chunks("globex", [holed.entries[0].chunk_id])
        await manifests(client, names, key(desk, 8)).data.update(await manifest_object(client, names, key(desk, 8)), properties={"title": "Another title"})
        spare = await current(store, key(desk, 9))
        await store.put_chunks([a_chunk(key(desk, 9), spare, "11111111-1111-5111-8111-111111111111", list(vector))])
        await store.put_chunks([a_chunk(DocKey("acme", desk.doc_id(778)), spare, "22222222-2222-5222-8222-222222222222", list(vector))])

    return work


@pytest.mark.parametrize("half", ["chunk", "document"])
def test_a_tenant_that_is_half_made_is_an_empty_one(desk: Desk, half: str) -> None:
    """A tenant is made in one collection and then in the other, and Weaviate refuses to read one that is not there."""
    tenant = f"half-{half}"
    strange = DocKey(tenant, desk.doc_id(1))

    async def make(_: WeaviateStore, client: Any, names: Any) -> Any:
        await client.collections.use(getattr(names, half)).tenants.create(tenant)
        return await IndexReader(client, names).documents([strange])

    async def remove(_: WeaviateStore, client: Any, names: Any) -> None:
        await client.collections.use(getattr(names, half)).tenants.remove([tenant])

    assert desk.in_index(make) == {strange: Indexed()}
    try:
        assert desk.verified()["consistent"]
        assert tenant not in [counted["tenant"] for counted in desk.data("status")["tenants"]]
    finally:
        desk.in_index(remove)


def test_a_tenant_removed_under_a_running_worker_is_made_anew(desk: Desk) -> None:
    """The workers remember which tenants are there; a tenant whose customer left may come again."""

    async def remove(_: WeaviateStore, client: Any, names: Any) -> None:
        for collection in (names.chunk, names.document):
            await client.collections.use(collection).tenants.remove(["passing"])

    row = "INSERT INTO notes VALUES (%s, 'passing', 'ops', 'Passing', 'A guest stays for a night.', '{public}')"
    desk.sql.execute(row, (960,))
    desk.until(lambda: desk.verified()["consistent"])
    desk.in_index(remove)
    desk.sql.execute(row, (961,))
    desk.until(lambda: desk.data("why", desk.doc_id(961))["right"])
    desk.sql.execute("DELETE FROM notes WHERE id IN (960, 961)")
    desk.until(lambda: desk.verified()["consistent"])


def test_every_kind_of_damage_is_found_and_mended(desk: Desk) -> None:
    desk.in_index(plant(desk))
    report = desk.verified()
    found = {(item["kind"], item["tenant"], int(item["doc_id"].rpartition("/")[2])): item["what"] for item in report["differences"]}
    assert found.pop(("missing", "acme", 1)) == ["no manifest"]
    assert found.pop(("orphan", "acme", 777)) == ["no such row"]
    assert found.pop(("orphan", "globex", 3)) == ["no such row"]
    assert found.pop(("stale", "globex", 2)) == ["chunk content"]
    assert found.pop(("stale", "globex", 4)) == ["permissions"]
    assert found.pop(("stale", "acme", 5)) == ["permissions", "chunk content"]
    assert found.pop(("stale", "globex", 6)) == ["chunks gone"]
    assert found.pop(("stale", "globex", 8)) == ["title"]
    assert found.pop(("leftover", "acme", 9)) == ["1 unlisted chunk"]
    assert found.pop(("leftover", "acme", 778)) == ["1 unlisted chunk"]
    assert found == {}
    assert report["documents"] == ROWS

    told = desk.data("why", desk.doc_id(1))
    assert not told["right"]
    assert "verify --repair" in told["cure"] or "snapshot" in told["cure"]

    mended = desk.verified("--repair")
    assert mended["consistent"], mended
    assert mended["repair"]["deleted"] == 4  # two orphans, two corrupt
    assert mended["repair"]["asked_again"] == 6
    assert mended["repair"]["leftovers_removed"] == 2
    assert desk.run("verify", "--source", desk.name, "--settle", "1").exit_code == 0


def test_a_sample_compares_so_many_rows(desk: Desk) -> None:
    report = desk.verified("--sample", "3")
    assert (report["rows"], report["consistent"]) == (3, True)


def test_a_paused_connector_is_told_and_not_asked(desk: Desk) -> None:
    assert desk.run("connectors", "pause", desk.name).exit_code == 0
    desk.until(lambda: desk.data("connectors", "status", desk.name)[0]["tasks"] == ["PAUSED"])
    desk.sql.execute("UPDATE notes SET title = 'While it was paused' WHERE id = 9")
    report = desk.verified("--repair")
    assert [(item["kind"], item["doc_id"]) for item in report["differences"]] == [("stale", desk.doc_id(9))]
    resume = f"headrace connectors resume {desk.name}"
    assert resume in report["reasons"][0]
    assert (report["repair"]["asked_again"], len(report["repair"]["not_repaired"])) == (0, 1)
    assert resume in report["repair"]["not_repaired"][0]
    assert desk.run("connectors", "resume", desk.name).exit_code == 0
    desk.until(lambda: desk.verified()["consistent"])


def test_a_repair_ends_when_nothing_more_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Verify reads another sources.yaml than the workers: what comes again is as stale as before."""
    monkeypatch.setattr("operations.verify.repair.QUIET_SECONDS", 3.0)
    other = tmp_path / "sources.yaml"
    other.write_text(desk.sources.read_text().replace("title: title", "title: team"))
    report = desk.verified("--repair", "--sources", str(other))
    assert report["repair"]["asked_again"] == report["stale"] > 0
    assert report["seconds"] < ARRIVAL_SECONDS
    assert desk.verified()["consistent"]


def test_why_follows_insert_where_delete_and_strangers(desk: Desk) -> None:
    assert desk.data("why", desk.doc_id(0))["conclusion"].startswith("It is in the index as the source says, for public")
    desk.sql.execute("UPDATE notes SET draft = true WHERE id = 10")
    desk.sql.execute("DELETE FROM notes WHERE id = 11")
    desk.sql.execute("UPDATE notes SET allowed = '{}' WHERE id = 0")
    assert "outside 'where'" in desk.until(lambda: _right(desk, 10))
    assert "no such row; it was deleted" in desk.until(lambda: _right(desk, 11))
    assert "nobody may read it" in desk.until(lambda: _right(desk, 0))
    assert "never had it" in desk.data("why", desk.doc_id(4711))["conclusion"]
    stranger = desk.run("why", "jira:PROJ-1")
    assert (stranger.exit_code, "No declared table" in stranger.output) == (1, True)


def _right(desk: Desk, row: int) -> str:
    told = desk.data("why", desk.doc_id(row))
    return told["conclusion"] if told["right"] and "never had it" not in told["conclusion"] else ""


def test_a_refused_row_is_listed_told_and_replayed_once_its_mapping_is_mended(desk: Desk) -> None:
    desk.sql.execute("ALTER TABLE notes RENAME COLUMN team TO crew")
    desk.sql.execute("UPDATE notes SET title = 'A new title' WHERE id = 7")
    letter = desk.until(lambda: next(iter(_open(desk)), None))
    assert (letter["stage"], letter["error"]) == ("normalize", "MissingColumnError")
    assert letter["topic"] == f"source.{desk.name}.public.notes"
    assert letter["doc_id"] == desk.doc_id(7)
    shown = desk.data("dead-letters", "show", letter["id"])
    assert shown["replayable"]

    before = _pids(desk)
    desk.sources.write_text(YAML.format(name=desk.name, database=desk.database).replace('        metadata: {team: "{team}"}\n', ""))
    told = desk.data("why", desk.doc_id(7))
    assert not told["right"]
    assert f"dead-letters replay {letter['id']}" in told["cure"]
    desk.until(lambda: _pids(desk).isdisjoint(before))  # both lanes end themselves and begin with the new mapping
    desk.stack.wait_ready(["normalize", "normalize-backfill"])
    assert desk.run("dead-letters", "replay", letter["id"]).exit_code == 0
    desk.until(lambda: desk.data("why", desk.doc_id(7))["right"])
    assert _open(desk) == []
    again = desk.run("dead-letters", "replay", letter["id"])
    assert (again.exit_code, "was replayed already" in again.output) == (2, True)


def _pids(desk: Desk) -> set[int]:
    return {state.pid for state in desk.stack.processes() if state.name.startswith("normalize")}


def test_a_row_that_stays_bad_is_discarded(desk: Desk) -> None:
    desk.sql.execute("UPDATE notes SET tenant = 'not a tenant!' WHERE id = 6")
    letter = desk.until(lambda: next(iter(_open(desk)), None))
    assert letter["error"] == "InvalidIdentityColumnError"
    assert desk.run("dead-letters", "discard", letter["id"]).exit_code == 0
    assert _open(desk) == []
    assert desk.data("dead-letters", "list", "--every")[-1]["state"] == "discarded"


def test_status_tells_what_runs_and_what_is_held(desk: Desk) -> None:
    told = json.loads(desk.run("status", "--json").stdout)
    assert {state["name"] for state in told["processes"]} >= {"postgres", "kafka", "connect", "weaviate", "index"}
    assert [(health["source"], health["connector"]) for health in told["connectors"]] == [(desk.name, "RUNNING")]
    assert {lag["group"] for lag in told["lag"] if lag["known"]} >= {"headrace-normalize-live", "headrace-index-live"}
    assert {"acme", "globex"} <= {counts["tenant"] for counts in told["tenants"]}
    assert isinstance(told["dead_letters_open"], int)
    assert "384 dimensions" in told["embedding_space"]


def _open(desk: Desk) -> list[Any]:
    mine = f"source.{desk.name}."
    return [letter for letter in desk.data("dead-letters", "list") if letter["topic"].startswith(mine)]
