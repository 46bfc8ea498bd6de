"""Kills, freezes and bad ground: nothing is lost, nothing counts twice, and each fault is told with its cure."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable

import pytest
from aiokafka.errors import ProducerFenced

from connectors.clickhouse.cursor import Cursor
from connectors.clickhouse.errors import TAKEN_OVER
from connectors.clickhouse.log import FencedError, TableLog
from contracts.settings import KafkaSettings, read
from contracts.topic_admin import ensure_topics
from contracts.topics import fixed_topics
from operations.stack import Stack
from tests.integration.clickhouse.conftest import Site
from tests.integration.clickhouse.server import Server

pytestmark = pytest.mark.timeout(300)
COLUMNS = "id UInt64, body String, updated_at DateTime64(3) DEFAULT now64(3)"
Sites = Callable[..., Site]


async def test_killed_at_any_point_of_a_load_with_changes_beside_it(site: Sites) -> None:
    found = site(COLUMNS + ", is_deleted UInt8", is_deleted="is_deleted", batch_rows=250, compare_keys_seconds=3600)
    found.sql("INSERT INTO T (id, body, updated_at) SELECT number, toString(number), now64(3) - 100 - number % 50 FROM numbers(20000)")
    dice = random.Random(7)
    for kill in range(8):
        poller = found.start()
        await asyncio.to_thread(poller.await_said, '"reading"')
        for number in range(5):
            found.sql(f"INSERT INTO T (id, body, is_deleted) VALUES ({kill * 100 + number}, 'edit {kill}.{number}', {int(number == 4)})")  # noqa: S608  # values of this file's own
            await asyncio.sleep(dice.random() * 0.2)
        poller.process.kill()
        poller.process.wait()
    found.start()
    rows = found.client.query(f"SELECT id, body FROM {found.table.name} FINAL WHERE is_deleted = 0").result_rows  # noqa: S608  # values of this file's own
    wanted: dict[object, object] = {row[0]: row[1] for row in rows}
    assert len(wanted) == 20000 - 8
    state = await found.state(lambda state: len(state.envelopes) == 20000 and state.bodies == wanted, seconds=90)
    assert not state.equal_but_different
    assert max(state.loads.values()) == 1  # no batch counts twice
    assert state.ops["r"] > 15000


async def test_a_frozen_poller_that_wakes_up_writes_nothing_and_ends(site: Sites) -> None:
    found = site(COLUMNS)
    frozen = found.start()
    await asyncio.to_thread(frozen.await_said, '"reading"')
    frozen.process.send_signal(signal.SIGSTOP)
    found.sql("INSERT INTO T (id, body) VALUES (1, 'for the successor')")
    successor = found.start()
    await found.state(lambda state: state.bodies == {1: "for the successor"})
    frozen.process.send_signal(signal.SIGCONT)
    assert await asyncio.to_thread(frozen.process.wait, 60) == TAKEN_OVER
    found.sql("INSERT INTO T (id, body) VALUES (2, 'more')")
    state = await found.state(lambda state: 2 in state.bodies)
    assert state.ops == {"u": 2}
    assert successor.process.poll() is None


async def test_an_open_transaction_of_a_predecessor_is_ended_and_its_commit_refused(stack: Stack) -> None:
    settings = read(KafkaSettings)
    await ensure_topics(settings, fixed_topics(settings.partitions))
    cursor = Cursor(under=(0,), high=1, back=1, until=None)
    async with TableLog(settings.bootstrap_servers, "fenced", "app.t") as old:
        await old.write([], cursor)
        async with TableLog(settings.bootstrap_servers, "fenced", "app.t") as new:
            await new.write([], Cursor(under=(0,), high=2, back=1, until=None))
            with pytest.raises(FencedError) as raised:
                await old.write([], Cursor(under=(0,), high=3, back=1, until=None))
            assert isinstance(raised.value.__cause__, ProducerFenced)
            kept = await new.cursor()
            assert kept is not None
            assert kept.high == 2


async def test_clickhouse_away_and_back(site: Sites, server: Server) -> None:
    found = site(COLUMNS)
    found.sql("INSERT INTO T (id, body) VALUES (1, 'before')")
    poller = found.start()
    await found.state(lambda state: state.bodies == {1: "before"})
    server.kill()
    try:
        await asyncio.to_thread(poller.await_said, "ServerUnavailableError", "does not answer")
    finally:
        server.start()
    found.client.close()
    server.client().command(f"INSERT INTO {found.table.name} (id, body) VALUES (2, 'after')")  # noqa: S608  # values of this file's own
    await found.state(lambda state: state.bodies == {1: "before", 2: "after"})


async def test_kafka_away_and_back(site: Sites, stack: Stack) -> None:
    found = site(COLUMNS)
    found.sql("INSERT INTO T (id, body) VALUES (1, 'before')")
    poller = found.start()
    await found.state(lambda state: state.bodies == {1: "before"})
    await asyncio.to_thread(stack.stop, "kafka")
    try:
        found.sql("INSERT INTO T (id, body) VALUES (2, 'meanwhile')")
        await asyncio.sleep(1)
    finally:
        await asyncio.to_thread(stack.up)
    await found.state(lambda state: state.bodies == {1: "before", 2: "meanwhile"}, seconds=120)
    assert poller.process.poll() is None


async def test_a_wrong_password_is_told_and_no_secret_is(site: Sites) -> None:
    found = site(COLUMNS)
    poller = found.start(HEADRACE_CLICKHOUSE_PASSWORD="another made-up one")  # a wrong one
    await asyncio.to_thread(poller.await_said, "AccessDeniedError", "refuses the user default or its password")
    assert "made-up" not in poller.said


async def test_a_table_that_comes_later_and_a_column_that_goes(site: Sites) -> None:
    found = site(COLUMNS)
    name = found.table.name
    found.client.command(f"RENAME TABLE {name} TO {name}_away")
    poller = found.start()
    await asyncio.to_thread(poller.await_said, "MissingTableError", f"GRANT SELECT ON {name}")
    found.client.command(f"RENAME TABLE {name}_away TO {name}")
    found.sql("INSERT INTO T (id, body) VALUES (1, 'one')")
    await found.state(lambda state: state.bodies == {1: "one"})
    found.sql("ALTER TABLE T RENAME COLUMN body TO text")
    await asyncio.to_thread(poller.await_said, "MissingColumnError", "has no column body")
    found.sql("INSERT INTO T (id, text) VALUES (2, 'two')")
    found.sql("ALTER TABLE T RENAME COLUMN text TO body")
    await found.state(lambda state: state.bodies == {1: "one", 2: "two"}, seconds=60)


async def test_a_row_that_no_topic_takes_is_refused_alone(site: Sites) -> None:
    wide = ", ".join(f"t{number} String" for number in range(4))
    found = site(f"{COLUMNS}, {wide}", title="{t0}{t1}{t2}{t3}")
    control = "arrayStringConcat(arrayMap(number -> repeat(char(1), 1000000), range(5)))"  # each character is written as an escape of six
    found.sql(f"INSERT INTO T (id, body, t0, t1, t2, t3) SELECT 1, 'large', {control}, {control}, {control}, {control}")
    found.sql("INSERT INTO T (id, body) VALUES (2, 'small')")
    poller = found.start()
    await found.state(lambda state: state.bodies == {2: "small"}, seconds=90)
    assert '"row refused"' in poller.said
