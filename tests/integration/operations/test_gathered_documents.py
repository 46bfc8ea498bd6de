"""Documents of several tables through all processes into the index, and what verify and why say of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from index.manifest import Manifest
from index.store import DocKey, WeaviateStore
from tests.integration.operations.conftest import WORKERS, Desk, desk_of
from tests.stack_fixture import StackSession

pytestmark = pytest.mark.timeout(900)
YAML = """
sources:
  - name: {name}
    connection: {{host: env:HEADRACE_DEMO_HOST, port: env:HEADRACE_DEMO_PORT, database: {database}, user: env:HEADRACE_DEMO_USER, password: env:HEADRACE_DEMO_PASSWORD}}
    tables:
      - name: public.notes
        key: id
        tenant: acme
        body: "{{body}}\\n\\n{{comments}}"
        allowed: readers
        related:
          comments: {{table: public.comments, on: {{note: id}}, text: "{{said}}", order_by: id}}
          readers: {{table: public.readers, on: {{book: book}}, values: "user:{{who}}"}}
"""


def fill(sql: psycopg.Connection[Any]) -> None:
    sql.execute("CREATE TABLE notes (id int PRIMARY KEY, book int, body text); CREATE INDEX ON notes (book)")
    sql.execute("CREATE TABLE comments (id int PRIMARY KEY, note int, said text); CREATE INDEX ON comments (note); ALTER TABLE comments REPLICA IDENTITY FULL")
    sql.execute("CREATE TABLE readers (book int, who text, PRIMARY KEY (book, who))")
    sql.execute("INSERT INTO notes SELECT g, g % 3, 'Note ' || g || ' is about the quota.' FROM generate_series(1, 12) g")
    sql.execute("INSERT INTO comments SELECT g, g, 'Comment ' || g || ' doubts it.' FROM generate_series(1, 12) g")
    sql.execute("INSERT INTO readers SELECT b, w FROM generate_series(0, 2) b, unnest(ARRAY['ann', 'bob']) w")


@pytest.fixture(scope="module")
def gathered(stack_factory: StackSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    yield from desk_of(stack_factory, tmp_path_factory.mktemp("gathered"), YAML, fill, (*WORKERS, "gather"))


def manifest(desk: Desk, note: int) -> Manifest | None:
    document = DocKey("acme", desk.doc_id(note))

    async def look(store: WeaviateStore, *_: Any) -> Manifest | None:
        found = (await store.look([document]))[document].current
        return found if found is not None and not found.deleted else None

    return desk.in_index(look)  # type: ignore[no-any-return]


def test_a_related_change_reaches_the_index(gathered: Desk) -> None:
    before = manifest(gathered, 1)
    assert before is not None
    assert before.allowed == ("user:ann", "user:bob")
    gathered.sql.execute("DELETE FROM readers WHERE book = 1 AND who = 'bob'")
    for note in (1, 4, 7, 10):
        gathered.until(lambda note=note: (found := manifest(gathered, note)) is not None and found.allowed == ("user:ann",))  # type: ignore[misc]
    gathered.sql.execute("UPDATE comments SET note = 2 WHERE id = 1; DELETE FROM notes WHERE id = 3")
    gathered.until(lambda: manifest(gathered, 3) is None)
    gathered.until(lambda: gathered.verified()["consistent"])


def test_a_gatherer_that_stands_still_is_told(gathered: Desk) -> None:
    gathered.stack.stop("gather")
    gathered.sql.execute("UPDATE comments SET said = 'Comment 5 believes it.' WHERE id = 5")
    told = gathered.until(lambda: (found := gathered.data("why", gathered.doc_id(5))) and "gatherers have 1 changes" in found["conclusion"] and found)
    assert any("before transaction" in step["says"] for step in told["steps"])
    assert [(item["kind"], item["doc_id"]) for item in gathered.verified()["differences"]] == [("stale", gathered.doc_id(5))]
    gathered.stack.start("gather")
    gathered.until(lambda: gathered.data("why", gathered.doc_id(5))["right"])


def test_what_was_lost_and_what_stayed_is_mended(gathered: Desk) -> None:
    async def lose(store: WeaviateStore, *_: Any) -> None:
        document = DocKey("acme", gathered.doc_id(6))
        found = (await store.look([document]))[document].current
        assert found is not None
        await store.remove_manifests("acme", [(document.doc_id, found.attempt)])
        await store.remove_chunks("acme", sorted(found.chunk_ids))
        await store.put_manifests([(DocKey("acme", gathered.doc_id(777)), found)])

    gathered.in_index(lose)
    report = gathered.verified()
    assert {(item["kind"], item["doc_id"]) for item in report["differences"]} == {("missing", gathered.doc_id(6)), ("orphan", gathered.doc_id(777))}
    mended = gathered.verified("--repair")
    assert mended["consistent"], mended
    assert (mended["repair"]["deleted"], mended["repair"]["asked_again"]) == (1, 1)


def test_a_truncate_leaves_what_came_after_it(gathered: Desk) -> None:
    with gathered.sql.transaction():
        gathered.sql.execute("TRUNCATE notes")
        gathered.sql.execute("INSERT INTO notes VALUES (5, 0, 'The only one.')")
    gathered.until(lambda: manifest(gathered, 6) is None and manifest(gathered, 5) is not None)
    gathered.until(lambda: gathered.verified()["consistent"])
