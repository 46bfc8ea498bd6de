"""What orders a row's states wrongly in most pipelines, on the real Debezium: each trap ends in the state that the database has."""

from __future__ import annotations

import threading
from typing import Final

import pytest

from connectors.debezium import request_snapshot
from contracts.topics import INDEX_CHANGES
from tests.e2e.topics import changes, ends
from tests.e2e.world import ARRIVAL_SECONDS, TEST_SECONDS, Tell, World, await_true

INSERT: Final = "INSERT INTO {table} VALUES (%s, %s, 'Trap', %s, '{{public}}')"
pytestmark = pytest.mark.timeout(TEST_SECONDS)


def add(world: World, table: str, key: int, body: str, tenant: str = "north") -> None:
    world.sql(INSERT.format(table=table), key, tenant, body)


def indexed(world: World, table: str, key: int, body: str | None, tenant: str = "north") -> bool:
    """Whether the document's current text is this one; None: whether there is no such document."""
    contents = world.oracle.contents()
    place = (tenant, f"faults:company.public.{table}/{key}")
    current = contents.current(place)
    if body is None or current is None or current["deleted"]:
        return body is None and (current is None or current["deleted"])
    return any(chunk["text"] == body for chunk in contents.chunks[place].values())


def await_indexed(world: World, table: str, key: int, body: str | None, tenant: str = "north") -> None:
    await_true(lambda: indexed(world, table, key, body, tenant), ARRIVAL_SECONDS, f"{table}/{key} of {tenant} as {body!r}")


def test_a_transaction_open_across_a_snapshot_wins_over_what_the_snapshot_read(world: World) -> None:
    add(world, "traps", 1, "before the snapshot")
    await_indexed(world, "traps", 1, "before the snapshot")
    since = ends(world, INDEX_CHANGES)
    with world.connected() as held:
        held.execute("UPDATE traps SET body = 'from the open transaction' WHERE id = 1")
        request_snapshot(world.source, "public.traps")
        await_true(lambda: any(change.doc_id.endswith("traps/1") for _, change in changes(world, since)), ARRIVAL_SECONDS, "the snapshot read the old row")
        held.commit()
    await_indexed(world, "traps", 1, "from the open transaction")
    world.settle()
    assert indexed(world, "traps", 1, "from the open transaction")


def test_an_insert_that_waited_for_a_delete_of_its_key_wins(world: World) -> None:
    add(world, "traps", 2, "the first of its key")
    await_indexed(world, "traps", 2, "the first of its key")
    with world.connected() as deleting:
        deleting.execute("DELETE FROM traps WHERE id = 2")
        inserting = threading.Thread(target=add, args=(world, "traps", 2, "the one that waited"))
        inserting.start()
        await_true(lambda: world.sql("SELECT 1 FROM pg_locks WHERE NOT granted") != [], ARRIVAL_SECONDS, "the insert waits")
        deleting.commit()
    inserting.join(ARRIVAL_SECONDS)
    await_indexed(world, "traps", 2, "the one that waited")
    world.settle()
    assert indexed(world, "traps", 2, "the one that waited")


def test_a_changed_tenant_takes_the_document_from_the_one_and_gives_it_to_the_other(world: World) -> None:
    add(world, "traps", 3, "belongs to one tenant at a time", tenant="north")
    await_indexed(world, "traps", 3, "belongs to one tenant at a time", tenant="north")
    world.sql("UPDATE traps SET tenant_id = 'south' WHERE id = 3")
    await_indexed(world, "traps", 3, "belongs to one tenant at a time", tenant="south")
    await_indexed(world, "traps", 3, None, tenant="north")
    world.sql("UPDATE traps SET tenant_id = 'north', body = 'and came back' WHERE id = 3")
    await_indexed(world, "traps", 3, "and came back", tenant="north")
    await_indexed(world, "traps", 3, None, tenant="south")


def test_a_truncate_leaves_nothing_of_what_was_still_on_its_way(world: World, tell: Tell) -> None:
    """A snapshot and 200 inserts are under way in both lanes when the table is emptied; five rows that come after it, under old keys, stay."""
    for key in range(1, 11):
        add(world, "emptied", key, f"old row {key}")
    world.settle()
    with world.connected() as connection:
        request_snapshot(world.source, "public.emptied")
        for key in range(11, 211):
            connection.execute(INSERT.format(table="emptied"), (key, "north", f"row {key} that will be gone"))
        connection.commit()
        connection.execute("TRUNCATE emptied")
        connection.commit()
        for key in range(1, 6):
            connection.execute(INSERT.format(table="emptied"), (key, "north", f"row {key} after the truncate"))
        connection.commit()
    tell(f"{world.behind()} records on their way after the truncate; right after {world.settle():.1f} s")
    for key in range(1, 6):
        assert indexed(world, "emptied", key, f"row {key} after the truncate")
    request_snapshot(world.source, "public.emptied")
    world.settle()


def test_a_snapshot_of_what_did_not_change_embeds_nothing_and_touches_no_chunk(world: World, tell: Tell) -> None:
    world.workload()
    world.settle()
    rows = world.sql("SELECT count(*) FROM pages")[0][0]
    before = world.oracle.contents().chunks
    since = ends(world, INDEX_CHANGES)
    request_snapshot(world.source, "public.pages")

    def seen() -> set[str]:
        return {change.doc_id for _, change in changes(world, since) if ".pages/" in change.doc_id}

    await_true(lambda: len(seen()) >= rows, ARRIVAL_SECONDS, f"{rows} pages read again")
    done = [change for _, change in changes(world, since)]
    tell(f"{rows} pages read again: {sum(change.embedded for change in done)} embedded, {sum(change.added for change in done)} chunks written")
    assert [(change.embedded, change.added, change.removed) for change in done if change.embedded or change.added or change.removed] == []
    assert {key: set(chunks) for key, chunks in world.oracle.contents().chunks.items()} == {key: set(chunks) for key, chunks in before.items()}
    world.settle()
