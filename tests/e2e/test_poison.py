"""Poison among healthy changes: each poisoned record ends in the dead letters with its reason, nothing else waits for it, and it comes back once it is mended."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from connectors.debezium import request_snapshot
from contracts.dead_letters import DeadLetter
from contracts.topics import INDEX_CHANGES, source_topic
from tests.e2e.processes import Memory, served, worker
from tests.e2e.topics import changes, dead_letters, ends, produce
from tests.e2e.workload import Workload
from tests.e2e.world import ARRIVAL_SECONDS, TEST_SECONDS, Tell, World, await_true

STANDSTILL_SECONDS: Final = 5.0
"""No partition may stand still longer for a poisoned document; patience does not stretch it. A machine on which healthy changes alone take seconds is judged by those."""
TIMES_AS_USUAL: Final = 4
USUAL_SECONDS: Final = 5.0
MOST_MIB: Final = 1024
"""Of a worker that meets a row of 20 MB."""
LARGE_BYTES: Final = 20 * 2**20
WIDE_CHARACTERS: Final = 8_000_000
"""Of three and four bytes each: 28 MB."""
TEI_METRICS, TEI_PORT = 71, 72
pytestmark = pytest.mark.timeout(TEST_SECONDS)


@pytest.fixture(autouse=True)
def empty_table(world: World) -> Iterator[None]:
    """What a test leaves of its poison is not the next one's."""
    yield
    world.sql("DELETE FROM poisoned")


def letters_of(found: list[DeadLetter], error: str) -> list[DeadLetter]:
    return [letter for letter in found if letter.error == error]


def slowest_seconds(world: World, since: dict[int, int]) -> tuple[float, int]:
    """The longest time from commit to index of any page that changed since, as the log of the index tells it, and how many there were."""
    taken = [record.timestamp_ms / 1e3 - change.source_time_us / 1e6 for record, change in changes(world, since) if ".pages/" in change.doc_id]
    return max(taken, default=0.0), len(taken)


def usually_slowest(world: World, work: Workload) -> float:
    """The longest time from commit to index on this machine now, with no poison about."""
    since = ends(world, INDEX_CHANGES)
    with work:
        time.sleep(USUAL_SECONDS)
    world.settle(("pages", "canaries"))
    return slowest_seconds(world, since)[0]


def test_undecodable_and_oversized_rows_and_missing_columns_stop_nothing(world: World, tell: Tell) -> None:
    work = world.workload()
    usual = usually_slowest(world, work)
    partitions = sorted(ends(world, source_topic("faults", "public.pages")))
    since = ends(world, INDEX_CHANGES)
    with dead_letters(world) as dead, Memory(world, "normalize", "index", "connect", "kafka") as memory:
        with work:
            for partition in partitions:
                produce(world, source_topic("faults", "public.pages"), [(b'{"id":1}', b"\xff\xfe no JSON \x00"), (b"\xff", b'{"op":"c"}')], partition)
            world.sql("INSERT INTO poisoned VALUES (901, 'north', 'Too large', repeat('a plain word ', %s), '{public}')", LARGE_BYTES // 13 + 1)
            world.sql("INSERT INTO poisoned VALUES (905, 'north', 'Too large', repeat('漢🙂', %s), '{public}')", WIDE_CHARACTERS // 2)
            world.sql("ALTER TABLE poisoned RENAME COLUMN title TO heading")
            world.sql("INSERT INTO poisoned VALUES (902, 'north', 'No such column', 'a row whose title has another name', '{public}')")
            world.sql("ALTER TABLE poisoned RENAME COLUMN heading TO title")
            world.sql("INSERT INTO poisoned VALUES (903, 'no such tenant!', 'Bad tenant', 'a tenant that cannot be', '{public}')")
            world.sql("INSERT INTO poisoned VALUES (904, 'north', 'Healthy', 'a healthy row after the poison', '{public}')")
            expected = 2 * len(partitions) + 4
            await_true(lambda: len(dead.letters()) >= expected, ARRIVAL_SECONDS, f"{expected} dead letters")
            world.canary()
        found = dead.letters()
        world.settle(("pages", "canaries"))
        slowest, count = slowest_seconds(world, since)
        tell(
            f"{len(found)} dead letters; the slowest of {count} healthy pages took {slowest:.2f} s from commit to index, {usual:.2f} s without poison; most MiB: {memory.peak_mib}"
        )
        assert sorted({letter.error for letter in found}) == ["InvalidIdentityColumnError", "InvalidRecordError", "MissingColumnError", "TextTooLargeError"]
        assert len(letters_of(found, "InvalidRecordError")) == 2 * len(partitions)
        assert all(letter.reason and letter.topic.startswith("source.faults.") for letter in found)
        assert not any(record.value or record.key for record in dead.records()), "before redaction only the place may be kept"
        assert "title" in letters_of(found, "MissingColumnError")[0].reason
        assert slowest < max(STANDSTILL_SECONDS, TIMES_AS_USUAL * usual)
        assert max(memory.peak_mib.values()) < MOST_MIB, memory.peak_mib
        mend_the_rows(world)
    assert work.differences() == []


def mend_the_rows(world: World) -> None:
    """Three rows arrive by their repair alone; the one that was right all along is read again, as its letter advises."""
    world.sql("UPDATE poisoned SET title = 'Still too large' WHERE id = 901")
    world.sql("UPDATE poisoned SET body = 'short now' WHERE id IN (901, 905)")
    world.sql("UPDATE poisoned SET tenant_id = 'south' WHERE id = 903")
    request_snapshot(world.source, "public.poisoned", [("902",)])
    world.assert_right()
    result = world.headrace("dead-letters", "discard", "--all", "--yes")
    assert result.returncode == 0, result.stderr


@pytest.fixture
def embedding_server(world: World) -> Iterator[httpx.Client]:
    port = world.stack.site.settings.port_base + TEI_PORT
    with served(world, "embedding-server", "tests.fake_embedding_server", port, "/info") as client:
        yield client


def test_a_text_that_the_model_rejects_is_alone_in_the_dead_letters_and_replays(world: World, embedding_server: httpx.Client, tell: Tell) -> None:
    work = world.workload()
    world.stack.stop("index")
    since = ends(world, INDEX_CHANGES)
    environment = {"HEADRACE_EMBEDDING_BACKEND": "tei", "HEADRACE_EMBEDDING_URL": str(embedding_server.base_url), "HEADRACE_KAFKA_INSTANCE_ID": "local"}
    try:
        embedding_server.put("/mood", json={"reject": "xylophone"}).raise_for_status()
        with dead_letters(world) as dead, worker(world, "index-tei", "index", TEI_METRICS, **environment):
            world.canary()
            began = ends(world, INDEX_CHANGES)
            with work:
                for key in range(1, 4):
                    world.sql("INSERT INTO poisoned VALUES (%s, 'north', 'Rejected', 'a xylophone that the model rejects', '{public}')", 910 + key)
                await_true(lambda: len(dead.letters()) >= 3, ARRIVAL_SECONDS, "three dead letters")
                world.canary()
            found = dead.letters()
            world.settle(("pages", "canaries"))
            slowest, count = slowest_seconds(world, began)
            tell(f"{len(found)} rejected texts; the slowest of {count} healthy pages took {slowest:.2f} s from commit to index")
            assert [(letter.error, letter.stage) for letter in found] == [("TextRejectedError", "index")] * 3
            assert slowest < STANDSTILL_SECONDS
            embedding_server.put("/mood", json={}).raise_for_status()
            replayed = world.headrace("dead-letters", "replay", "--all", "--error", "TextRejectedError", "--json")
            assert replayed.returncode == 0, replayed.stderr
            assert [letter["replayed"] for letter in json.loads(replayed.stdout)] == [True] * 3
            world.settle()
            assert len(dead.letters()) == 3
    finally:
        world.stack.start("index")
        world.stack.wait_ready(["index"])
    assert all(change.added for _, change in changes(world, since) if "/91" in change.doc_id)
    world.assert_right()
