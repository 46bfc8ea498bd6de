"""A ClickHouse table and a Zendesk account on the whole path: what an operator sees of rows and objects, and how damage is mended."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from clickhouse_connect.driver.client import Client

from index.store import DocKey, WeaviateStore
from operations.stack import Stack
from tests.integration.clickhouse.server import PASSWORD, VARIABLE, Server, free_port
from tests.integration.operations.conftest import Operator
from tests.integration.rest.zendesk_world import AUTH, served
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401 - a fixture

pytestmark = pytest.mark.timeout(600)
SERVERS = ("kafka", "weaviate")
WORKERS = ("normalize", "normalize-backfill", "index", "index-backfill", "poll", "collect")
ROWS = 12

YAML = """
sources:
  - name: {name}
    type: clickhouse
    connection: {{url: env:SHOP_URL, password: env:HEADRACE_CLICKHOUSE_PASSWORD}}
    tables:
      - name: {name}.reviews
        key: [tenant, id]
        updated_at: updated_at
        is_deleted: is_deleted
        tenant: "{{tenant}}"
        title: "Review {{id}}"
        body: text
        allowed: allowed
        where: {{draft: false}}
        compare_keys_seconds: 1
        safety_lag_seconds: 0.5
  - name: {name}_desk
    type: zendesk
    url: env:DESK_URL
    credentials: {{user: integration@example.com/token, token: env:DESK_TOKEN}}
    tenant: acme
    sweep: {{changed_minutes: 1000, access_minutes: 1000}}
"""

COLUMNS = (
    "tenant String, id UInt64, text String, allowed Array(String) DEFAULT ['public'], draft Bool DEFAULT false, "
    "updated_at DateTime64(3) DEFAULT now64(3), is_deleted UInt8 DEFAULT 0"
)


@dataclass
class Shop(Operator):
    """Both sources, indexed. ``name`` is the ClickHouse source's."""

    client: Client
    desk: httpx.Client

    def doc_id(self, row: int) -> str:
        return f"{self.name}:{self.name}.reviews/acme,{row}"

    def key(self, row: int) -> DocKey:
        return DocKey("acme", self.doc_id(row))

    def insert(self, row: int, **given: str) -> None:
        """A state of a row; values as SQL."""
        given = {"tenant": "'acme'", "id": str(row), "text": "'A kettle.'", **given}
        self.client.command(f"INSERT INTO {self.name}.reviews ({', '.join(given)}) VALUES ({', '.join(given.values())})")  # noqa: S608  # values of this file's own

    def told(self, doc_id: str) -> Any:
        return self.data("why", doc_id)

    def right(self, doc_id: str, said: str) -> None:
        """Until the index holds what the source says, and that is this."""
        self.until(lambda: (told := self.told(doc_id))["right"] and said in told["conclusion"])


@pytest.fixture(scope="module")
def shop(stack_factory: StackSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:  # noqa: F811 - the fixture
    servers = stack_factory(*SERVERS)
    folder = tmp_path_factory.mktemp("shop")
    name = f"shop_{uuid.uuid4().hex[:8]}"
    (folder / "sources.yaml").write_text(YAML.format(name=name))
    clickhouse = Server(folder / "clickhouse", free_port())
    clickhouse.start()
    stack = Stack(servers.site.home, servers.site.settings, (*SERVERS, *WORKERS))
    with served() as url, httpx.Client(base_url=url, auth=AUTH) as desk:
        chosen = {
            "HEADRACE_SOURCES": str(folder / "sources.yaml"),
            "SHOP_URL": f"http://127.0.0.1:{clickhouse.port}",
            VARIABLE: PASSWORD,
            "DESK_URL": url,
            "DESK_TOKEN": "test-token",
        }
        os.environ.update(chosen)
        client = clickhouse.client()
        client.command(f"CREATE DATABASE {name}")
        client.command(f"CREATE TABLE {name}.reviews ({COLUMNS}) ENGINE = ReplacingMergeTree(updated_at) ORDER BY (tenant, id)")
        made = Shop(name, stack, folder / "sources.yaml", client, desk)
        for row in range(ROWS):
            made.insert(row, text=f"'Review {row} praises the kettle and its lid.'", updated_at="now64(3) - 60")
        stack.up(environment=chosen)
        made.right(made.doc_id(ROWS - 1), "as the source says")
        yield made
        for worker in WORKERS:
            stack.stop(worker)
    clickhouse.kill()
    for variable in chosen:
        os.environ.pop(variable)


def test_every_change_of_a_row_arrives(shop: Shop) -> None:
    shop.insert(100)
    shop.insert(0, text="'The lid is of copper now.'")
    shop.insert(1, is_deleted="1")
    shop.insert(2, allowed="[]")
    shop.insert(3, draft="true")
    shop.client.command(f"DELETE FROM {shop.name}.reviews WHERE id = 4")  # noqa: S608  # values of this file's own
    shop.right(shop.doc_id(100), "as the source says, for public of tenant acme")
    shop.right(shop.doc_id(0), "as the source says, for public of tenant acme")
    shop.right(shop.doc_id(1), "no such row; it was deleted")
    shop.right(shop.doc_id(2), "nobody may read it")
    shop.right(shop.doc_id(3), "outside 'where'")
    shop.right(shop.doc_id(4), "no such row; it was deleted")
    assert "never had it" in shop.told(shop.doc_id(4711))["conclusion"]
    shop.insert(4, updated_at="now64(3) - 60")  # comes back with an old time: above the delete, by a comparison of keys
    shop.right(shop.doc_id(4), "as the source says, for public")
    report = shop.verified()
    assert (report["consistent"], report["documents"], report["outside_where"]) == (True, ROWS - 1, 1)
    assert shop.verified("--sample", "3")["rows"] == 3


def test_damage_is_found_and_the_poller_mends_it(shop: Shop) -> None:
    async def plant(store: WeaviateStore, client: Any, names: Any) -> None:
        gone, corrupt = shop.key(5), shop.key(6)
        held = await store.look([gone, corrupt, shop.key(7)])
        missing, text, orphan = held[gone].current, held[corrupt].current, held[shop.key(7)].current
        assert missing is not None
        assert text is not None
        assert orphan is not None
        await store.remove_manifests("acme", [(gone.doc_id, missing.attempt)])
        await store.remove_chunks("acme", sorted(missing.chunk_ids))
        await client.collections.use(names.chunk).with_tenant("acme").data.update(text.entries[0].chunk_id, properties={"text": "What I say."})
        await store.put_manifests([(shop.key(777), orphan), (DocKey("acme", f"{shop.name}:{shop.name}.reviews/acme,no-number"), orphan)])

    shop.in_index(plant)
    found = {(item["kind"], item["doc_id"].rpartition(",")[2]) for item in shop.verified()["differences"]}
    assert found == {("missing", "5"), ("stale", "6"), ("orphan", "777"), ("orphan", "no-number")}
    mended = shop.verified("--repair")
    assert mended["consistent"], mended
    assert (mended["repair"]["asked_again"], mended["repair"]["deleted"]) == (2, 3)
    shop.insert(6, text="'Edited after the repair.'")
    shop.right(shop.doc_id(6), "as the source says")


def test_a_row_that_makes_no_document_is_told(shop: Shop) -> None:
    shop.client.command(f"INSERT INTO {shop.name}.reviews (tenant, id, text) VALUES ('no tenant!', 1, 'x')")  # noqa: S608  # values of this file's own
    doc_id = f"{shop.name}:{shop.name}.reviews/no%20tenant!,1"
    shop.until(lambda: "dead-letters discard" in shop.told(doc_id)["cure"])
    told = shop.told(doc_id)
    assert told["conclusion"].startswith("The row makes no document: ")
    assert not told["right"]


def test_why_follows_an_object(shop: Shop) -> None:
    answer = shop.desk.post("/api/v2/tickets", json={"ticket": {"subject": "Question", "comment": {"body": "Where is the spout?"}}})
    doc_id = f"{shop.name}_desk:ticket/{answer.json()['ticket']['id']}"
    told = shop.told(doc_id)
    assert "neither a webhook nor a sweep has told of ticket/" in told["conclusion"]
    assert f"headrace sweep {shop.name}_desk" in told["cure"]
    with frozen(shop, "collect"):
        assert shop.run("sweep", f"{shop.name}_desk").exit_code == 0
        assert "a sweep told of it, and it was not fetched yet" in shop.told(doc_id)["conclusion"]
        (intake,) = [one for one in shop_status(shop)["sources"] if one["source"] == f"{shop.name}_desk"]
        assert intake["waiting"] == 1
    shop.until(lambda: shop.told(doc_id)["right"])
    assert [step["place"] for step in shop.told(doc_id)["steps"]] == ["source", "hint", "fetched", "raw", "documents", "index"]
    shop.desk.delete(f"/api/v2/tickets/{doc_id.rpartition('/')[2]}")
    assert "no such object, and the index still has it" in shop.told(doc_id)["conclusion"]
    assert shop.run("sweep", f"{shop.name}_desk").exit_code == 0
    shop.right(doc_id, "no such object; it was deleted")


def test_status_tells_how_changes_come_in(shop: Shop) -> None:
    told = shop_status(shop)
    rows, objects = told["sources"]
    assert (rows["type"], rows["table"], rows["state"]) == ("clickhouse", f"{shop.name}.reviews", "following")
    assert rows["looked_seconds"] > 0
    assert (objects["type"], objects["state"], objects["waiting"], objects["alerts"]) == ("zendesk", "swept", 0, [])
    assert objects["swept_all_seconds"] > 0


def shop_status(shop: Shop) -> Any:
    return json.loads(shop.run("status", "--json").stdout)


@contextmanager
def frozen(shop: Shop, program: str) -> Iterator[None]:
    (pid,) = [state.pid for state in shop.stack.processes() if state.name == program]
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
