"""The poller on a real Kafka and ClickHouse's real engine: what is in the table is in the topics, whatever its time, its ties and its deletes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.integration.clickhouse.conftest import Site

pytestmark = pytest.mark.timeout(180)
COLUMNS = "id UInt64, body String, updated_at DateTime64(3) DEFAULT now64(3)"
Sites = Callable[..., Site]


async def until_written(site: Site, key: int, body: str | None) -> None:
    state = await site.state(lambda found: key in found.envelopes and found.bodies.get(key) == body)
    assert not state.equal_but_different


async def test_what_is_there_is_loaded_and_what_changes_follows(site: Sites) -> None:
    found = site(COLUMNS + ", is_deleted UInt8", is_deleted="is_deleted")
    found.sql("INSERT INTO T (id, body, updated_at) SELECT number, toString(number), now64(3) - 100 FROM numbers(7000)")  # one time for all: paged by key
    found.sql("INSERT INTO T (id, body, updated_at) VALUES (5, 'older', now64(3) - 200)")
    found.start()
    state = await found.state(lambda state: len(state.bodies) == 7000)
    assert state.ops["r"] == 7000  # each once: of two states of a key the newest
    assert state.bodies[5] == "5"
    found.sql("INSERT INTO T (id, body) VALUES (5, 'edited')")
    await until_written(found, 5, "edited")
    found.sql("INSERT INTO T (id, body, is_deleted) VALUES (5, '', 1)")
    await until_written(found, 5, None)
    found.sql("INSERT INTO T (id, body) VALUES (5, 'again')")
    await until_written(found, 5, "again")


async def test_rows_that_become_visible_late_are_found(site: Sites) -> None:
    found = site(COLUMNS, safety_lag_seconds=10)
    found.start()
    found.sql("INSERT INTO T (id, body) VALUES (1, 'now')")
    await until_written(found, 1, "now")
    found.sql("INSERT INTO T (id, body, updated_at) VALUES (2, 'late', now64(3) - 8)")
    await until_written(found, 2, "late")


async def test_a_row_of_the_future_hides_none_of_today(site: Sites) -> None:
    found = site(COLUMNS, safety_lag_seconds=0)
    found.start()
    found.sql("INSERT INTO T (id, body, updated_at) VALUES (1, 'of 2090', '2090-01-01 00:00:00')")
    await until_written(found, 1, "of 2090")
    found.sql("INSERT INTO T (id, body) VALUES (2, 'of today')")
    await until_written(found, 2, "of today")


async def test_two_writes_of_one_second_without_a_version(site: Sites) -> None:
    found = site("id UInt64, body String, updated_at DateTime")
    found.start()
    for body in ("first", "second", "third"):
        found.sql(f"INSERT INTO T (id, body, updated_at) VALUES (1, '{body}', toDateTime(toUnixTimestamp(now()) - 2))")  # noqa: S608  # values of this file's own
        await until_written(found, 1, body)
    state = await found.state(lambda state: state.bodies.get(1) == "third")
    assert not state.equal_but_different


async def test_the_version_column_orders_states_of_one_time(site: Sites) -> None:
    columns = "id UInt64, body String, updated_at DateTime64(9), version UInt64"
    found = site(columns, "ReplacingMergeTree(version) ORDER BY id", version="version")
    found.sql("INSERT INTO T VALUES (1, 'third', '2024-01-01 00:00:00.000000003', 3)")
    found.sql("INSERT INTO T VALUES (1, 'second', '2024-01-01 00:00:00.000000003', 2)")
    found.start()
    state = await found.state(lambda state: state.bodies.get(1) == "third")
    assert state.envelopes[1].source.sequence == (1704067200000000, 3)


async def test_a_key_of_several_columns_and_odd_texts(site: Sites) -> None:
    columns = "tenant LowCardinality(String), id String, body String, updated_at DateTime64(6) DEFAULT now64(6) - 60"
    found = site(columns, "MergeTree ORDER BY (tenant, id)", key=["tenant", "id"], tenant="{tenant}", batch_rows=2)
    ids = ["it's", "back\\slash", "tab\t", "ünï", "", "null"]
    found.client.insert(found.table.name, [["acme", text, "b"] for text in ids], column_names=["tenant", "id", "body"])
    found.start()
    state = await found.state(lambda state: len(state.bodies) == len(ids))
    assert set(state.bodies) == set(ids)


async def test_a_higher_revision_reads_everything_again(site: Sites) -> None:
    found = site(COLUMNS)
    found.sql("INSERT INTO T (id, body, updated_at) SELECT number, 'b', now64(3) - 100 FROM numbers(50)")
    first = found.start()
    await found.state(lambda state: state.ops["r"] == 50)
    first.process.terminate()
    assert first.process.wait(30) == 0
    second = found.start()
    await asyncio.to_thread(second.await_said, '"reading"')
    second.process.terminate()
    second.process.wait(30)
    assert (await found.state(lambda state: state.ops["r"] >= 50)).ops["r"] == 50  # from the cursor
    found.start(found.source.model_copy(update={"revision": 2}))
    await found.state(lambda state: state.ops["r"] == 100)


async def test_a_comparison_of_keys_finds_what_no_poll_can_see(site: Sites) -> None:
    found = site(COLUMNS, compare_keys_seconds=1, safety_lag_seconds=0.5)
    found.sql("INSERT INTO T (id, body, updated_at) SELECT number, toString(number), now64(3) - 100 FROM numbers(100)")
    found.start()
    await found.state(lambda state: len(state.bodies) == 100)
    found.sql("DELETE FROM T WHERE id = 7")
    await until_written(found, 7, None)
    found.sql("INSERT INTO T (id, body, updated_at) VALUES (7, 'back with an old time', now64(3) - 1000)")
    await until_written(found, 7, "back with an old time")
    found.sql("INSERT INTO T (id, body, updated_at) VALUES (1000, 'far too late', now64(3) - 500)")
    await until_written(found, 1000, "far too late")
    found.sql("ALTER TABLE T DELETE WHERE id IN (7, 8)")
    await until_written(found, 7, None)
    await until_written(found, 8, None)
    found.sql("INSERT INTO T (id, body) VALUES (7, 'new')")
    await until_written(found, 7, "new")
