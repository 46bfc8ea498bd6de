"""The poller on a real Kafka and ClickHouse's real engine: what is in the table is in the topics, whatever its time, its ties and its deletes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest
from aiokafka import AIOKafkaProducer

from contracts.rereads import Reread, encode_reread
from contracts.settings import KafkaSettings, read
from contracts.sources.clickhouse import ClickHouseTable
from contracts.topics import rereads_topic
from operations.stack import Stack
from tests.integration.clickhouse.conftest import Pollers, Site, made_table, source_of
from tests.integration.clickhouse.server import Server

pytestmark = pytest.mark.timeout(180)
COLUMNS = "id UInt64, body String, updated_at DateTime64(3) DEFAULT now64(3)"
MARKED = COLUMNS + ", is_deleted UInt8"
Sites = Callable[..., Site]
ODD_IDS = ["it's", "back\\slash", "tab\t", "ünï", "", "null"]


@pytest.fixture(scope="module")
def polled(stack: Stack, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Site]]:
    """Tables with what is there at the start, by name, and one poller of them all."""
    client, pollers = server.client(), Pollers(tmp_path_factory.mktemp("polled"))
    tables: dict[str, ClickHouseTable] = {
        "plain": made_table(client, MARKED, is_deleted="is_deleted"),
        "late": made_table(client, COLUMNS, safety_lag_seconds=10),
        "future": made_table(client, COLUMNS, safety_lag_seconds=0),
        "seconds": made_table(client, "id UInt64, body String, updated_at DateTime"),
        "versioned": made_table(
            client, "id UInt64, body String, updated_at DateTime64(9), version UInt64", "ReplacingMergeTree(version) ORDER BY id", version="version"
        ),
        "odd": made_table(
            client,
            "tenant LowCardinality(String), id String, body String, updated_at DateTime64(6) DEFAULT now64(6) - 60",
            "MergeTree ORDER BY (tenant, id)",
            key=["tenant", "id"],
            tenant="{tenant}",
            batch_rows=2,
        ),
        "compared": made_table(client, COLUMNS, compare_keys_seconds=1, safety_lag_seconds=0.5),
        "old": made_table(client, COLUMNS),
        "again": made_table(client, MARKED, is_deleted="is_deleted"),
    }
    source = source_of(server, list(tables.values()))
    found = {name: Site(client, source, table, lambda **_: pollers.start(source)) for name, table in tables.items()}
    found["plain"].sql(
        "INSERT INTO T (id, body, updated_at) SELECT number, toString(number), now64(3) - 100 FROM numbers(7000)"
    )  # one time for all: paged by key
    found["plain"].sql("INSERT INTO T (id, body, updated_at) VALUES (5, 'older', now64(3) - 200)")
    found["versioned"].sql("INSERT INTO T VALUES (1, 'third', '2024-01-01 00:00:00.000000003', 3)")
    found["versioned"].sql("INSERT INTO T VALUES (1, 'second', '2024-01-01 00:00:00.000000003', 2)")
    client.insert(tables["odd"].name, [["acme", text, "b"] for text in ODD_IDS], column_names=["tenant", "id", "body"])
    found["compared"].sql("INSERT INTO T (id, body, updated_at) SELECT number, toString(number), now64(3) - 100 FROM numbers(100)")
    found["old"].sql("INSERT INTO T (id, body, updated_at) VALUES (1, 'of 1955', '1955-11-05 06:15:00')")
    found["again"].sql("INSERT INTO T (id, body, updated_at) SELECT number, toString(number), now64(3) - 100 FROM numbers(3)")
    pollers.start(source)
    yield found
    pollers.end()


async def until_written(site: Site, key: int, body: str | None) -> None:
    state = await site.state(lambda found: key in found.envelopes and found.bodies.get(key) == body)
    assert not state.equal_but_different


async def test_what_is_there_is_loaded_and_what_changes_follows(polled: Mapping[str, Site]) -> None:
    found = polled["plain"]
    state = await found.state(lambda state: len(state.bodies) == 7000)
    assert state.ops["r"] == 7000  # each once: of two states of a key the newest
    assert state.bodies[5] == "5"
    found.sql("INSERT INTO T (id, body) VALUES (5, 'edited')")
    await until_written(found, 5, "edited")
    found.sql("INSERT INTO T (id, body, is_deleted) VALUES (5, '', 1)")
    await until_written(found, 5, None)
    found.sql("INSERT INTO T (id, body) VALUES (5, 'again')")
    await until_written(found, 5, "again")


async def test_a_time_before_1970_is_one(polled: Mapping[str, Site]) -> None:
    await until_written(polled["old"], 1, "of 1955")


async def test_rows_that_become_visible_late_are_found(polled: Mapping[str, Site]) -> None:
    found = polled["late"]
    found.sql("INSERT INTO T (id, body) VALUES (1, 'now')")
    await until_written(found, 1, "now")
    found.sql("INSERT INTO T (id, body, updated_at) VALUES (2, 'late', now64(3) - 8)")
    await until_written(found, 2, "late")


async def test_a_row_of_the_future_hides_none_of_today(polled: Mapping[str, Site]) -> None:
    found = polled["future"]
    found.sql("INSERT INTO T (id, body, updated_at) VALUES (1, 'of 2090', '2090-01-01 00:00:00')")
    await until_written(found, 1, "of 2090")
    found.sql("INSERT INTO T (id, body) VALUES (2, 'of today')")
    await until_written(found, 2, "of today")


async def test_writes_of_one_second_without_a_version(polled: Mapping[str, Site]) -> None:
    """The last one sets the row back to what it was at first."""
    found = polled["seconds"]
    at = found.client.command("SELECT toUnixTimestamp(now())")
    for body in ("first", "second", "first"):
        found.sql(f"INSERT INTO T (id, body, updated_at) VALUES (1, '{body}', toDateTime({at}))")  # noqa: S608  # values of this file's own
        await until_written(found, 1, body)
    state = await found.state(lambda state: state.bodies.get(1) == "first" and state.ops["u"] >= 3)
    assert not state.equal_but_different


async def test_the_version_column_orders_states_of_one_time(polled: Mapping[str, Site]) -> None:
    state = await polled["versioned"].state(lambda state: state.bodies.get(1) == "third")
    assert state.envelopes[1].source.sequence == (1704067200000000, 3)


async def test_a_key_of_several_columns_and_odd_texts(polled: Mapping[str, Site]) -> None:
    state = await polled["odd"].state(lambda state: len(state.bodies) == len(ODD_IDS))
    assert set(state.bodies) == set(ODD_IDS)


async def test_rows_are_read_again_above_the_version_that_is_asked_for(polled: Mapping[str, Site]) -> None:
    found = polled["again"]
    before = await found.state(lambda state: len(state.bodies) == 3)
    major, minor = (int(part or 0) for part in before.envelopes[0].source.sequence)
    found.sql("INSERT INTO T (id, body, is_deleted) VALUES (2, '', 1)")
    await until_written(found, 2, None)
    await ask(found, ("0",), (major, minor), ("1",), None, ("2",), (2**60, 0), ("77",), (major, 4), ("no number",), (5, 5), ("78",), None)
    state = await found.state(lambda state: state.ops["d"] == 4 and len(state.envelopes) == 5)
    assert state.envelopes[0].source.sequence == (major, minor + 1)
    assert state.bodies == {0: "0", 1: "1"}
    assert state.envelopes[2].source.sequence == (2**60, 1)
    assert state.envelopes["77"].source.sequence == (major + 1, 1)
    assert "no number" in state.envelopes
    assert state.ops["u"] == 2
    assert not state.equal_but_different


async def ask(site: Site, *asked: tuple[object, ...] | None) -> None:
    """Pairs of key and version."""
    producer = AIOKafkaProducer(bootstrap_servers=read(KafkaSettings).bootstrap_servers)
    await producer.start()
    try:
        topic = rereads_topic(site.source.name, site.table.name)
        await producer.send_and_wait(topic, b"no request", partition=0)
        for key, above in zip(asked[::2], asked[1::2], strict=True):
            await producer.send_and_wait(topic, encode_reread(Reread.model_validate({"key": key, "above": above})), partition=0)
    finally:
        await producer.stop()


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


async def test_a_comparison_of_keys_finds_what_no_poll_can_see(polled: Mapping[str, Site]) -> None:
    found = polled["compared"]
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
