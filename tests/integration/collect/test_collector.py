"""The collector on a real broker and a vendor's server in its own process: one record for each object and hint, whatever bursts, disappears or is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from connectors.collect.app import collect, declared_topics, opened_reader
from connectors.collect.states import read_states
from connectors.sweep.schedule import take
from contracts.dead_letters import DeadLetter
from contracts.hints import Hint, encode_hint, hints_topic
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.sources import RestSource
from contracts.sources.rest import Credentials, Sweep, ZendeskSource
from contracts.topic_admin import ensure_topics
from contracts.topics import DEAD_LETTERS, source_backfill_topic, source_topic
from operations.stack import Stack
from tests.integration.rest.zendesk_world import AUTH, served
from tests.rest_kit.vendor import ROOT
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture

pytestmark = pytest.mark.timeout(240)
TOKEN = "COLLECTOR_TEST_TOKEN"
ENVIRON = {TOKEN: "test-token"}
PATIENCE_SECONDS = 60.0
Json = dict[str, Any]


@pytest.fixture
def stack(stack_factory: StackSession) -> Stack:  # noqa: F811  # the fixture itself
    return stack_factory("kafka")


@pytest.fixture
def desk() -> Iterator[httpx.Client]:
    with served() as url, httpx.Client(base_url=url, auth=AUTH, timeout=30) as client:
        client.post("/_control/seed", json={"users": [{"id": 11, "name": "Ann Lee", "email": "ann@customer.example"}]}).raise_for_status()
        yield client


@pytest.fixture
async def source(stack: Stack, desk: httpx.Client) -> RestSource:
    """Sweeps run once, at the start."""
    made = ZendeskSource(
        name=f"desk_{uuid.uuid4().hex[:8]}",
        type="zendesk",
        url=str(desk.base_url).rstrip("/"),
        credentials=Credentials(user="integration@example.com/token", token=f"env:{TOKEN}"),
        tenant="acme",
        sweep=Sweep(changed_minutes=1e6, all_hours=1e6, access_minutes=1e6, per_second=1000),
    )
    await ensure_topics(read(KafkaSettings), declared_topics([made], 2))
    return made


def make_tickets(desk: httpx.Client, count: int) -> list[str]:
    made = [desk.post("/api/v2/tickets", json=_ticket(f"Ticket {number}.")).raise_for_status().json()["ticket"]["id"] for number in range(count)]
    return [f"ticket/{number}" for number in made]


def _ticket(text: str) -> Json:
    return {"ticket": {"subject": "A question", "requester_id": 11, "comment": {"html_body": f"<p>{text}</p>"}}}


def say(desk: httpx.Client, native: str, text: str) -> None:
    desk.put(f"/api/v2/tickets/{native.partition('/')[2]}", json={"ticket": {"comment": {"html_body": f"<p>{text}</p>", "public": True}}}).raise_for_status()


def delete(desk: httpx.Client, native: str) -> None:
    desk.delete(f"/api/v2/tickets/{native.partition('/')[2]}").raise_for_status()


@contextmanager
def killed_at_the_end(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The collector as a process, ended by SIGKILL."""
    process = subprocess.Popen([sys.executable, "-m", "connectors.collect"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


def fetches(desk: httpx.Client) -> Counter[str]:
    """How often each ticket was asked for."""
    asked = desk.get("/_control/requests").json()
    return Counter(
        {
            f"ticket/{path.rpartition('/')[2].removesuffix('.json')}": times
            for path, times in asked.items()
            if path.startswith("GET /api/v2/tickets/") and path.count("/") == 4
        }
    )


@asynccontextmanager
async def collecting(source: RestSource) -> AsyncIterator[None]:
    task = asyncio.create_task(collect([source], read(KafkaSettings), TelemetrySettings(metrics_port=0), ENVIRON))
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def tell(source: RestSource, hints: list[tuple[bytes, bytes]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=read(KafkaSettings).bootstrap_servers, acks="all")
    await producer.start()
    try:
        await asyncio.gather(*[await producer.send(hints_topic(source.name), value, key=key) for key, value in hints])
    finally:
        await producer.stop()


def hint(native: str) -> tuple[bytes, bytes]:
    return encode_hint(Hint(id=native, source_time_us=time.time_ns() // 1000))


async def read_all(topic: str, partitions: int) -> list[Any]:
    places = [TopicPartition(topic, partition) for partition in range(partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=read(KafkaSettings).bootstrap_servers, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[Any] = []
        while not all([await consumer.position(place) >= end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def objects(source: RestSource) -> list[Json]:
    """All that was collected, in the order of the hints of each object: id, offset and record."""
    records = [record for topic in (source_topic, source_backfill_topic) for record in await read_all(topic(source.name, "objects"), 2)]
    found = [(orjson.loads(record.key)["id"], orjson.loads(record.value)) for record in records]
    made = [{"id": native, "offset": value["source"]["sequence"][0], "op": value["op"], "after": value["after"]} for native, value in found]
    return sorted(made, key=lambda one: one["offset"])


async def until_last(source: RestSource, wanted: dict[str, str | None]) -> list[Json]:
    """Everything, once the last record of each object holds its text, or is its delete where that is None."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = await objects(source)
        last = {one["id"]: one["after"] for one in found}
        wrong = [native for native, text in wanted.items() if native not in last or not _shows(last[native], text)]
        if not wrong:
            return found
        assert time.monotonic() < deadline, wrong[:5]
        await asyncio.sleep(0.2)


def _shows(after: Json | None, text: str | None) -> bool:
    return after is None if text is None else after is not None and text in orjson.dumps(after).decode()


async def test_a_burst_on_few_objects_is_few_fetches_and_all_are_right(source: RestSource, desk: httpx.Client) -> None:
    tickets = make_tickets(desk, 50)
    async with collecting(source):
        await until_last(source, dict.fromkeys(tickets, "Ticket"))
        for native in tickets:
            say(desk, native, f"Last word on {native}.")
        before = fetches(desk)
        await tell(source, [hint(native) for _ in range(20) for native in tickets])
        found = await until_last(source, {native: f"Last word on {native}." for native in tickets})
    extra = fetches(desk) - before
    assert set(extra) == set(tickets)
    assert extra.total() <= 100
    assert max(Counter((one["id"], one["offset"]) for one in found).values()) == 1


async def test_what_is_deleted_between_hint_and_fetch_is_deleted(source: RestSource, desk: httpx.Client) -> None:
    tickets = make_tickets(desk, 2)
    async with collecting(source):
        await until_last(source, dict.fromkeys(tickets, "Ticket"))
        delete(desk, tickets[0])
        await tell(source, [hint(tickets[0])])
        await until_last(source, {tickets[0]: None, tickets[1]: "Ticket"})


async def test_a_sweep_finds_what_no_webhook_told_and_then_nothing(source: RestSource, desk: httpx.Client) -> None:
    tickets = make_tickets(desk, 10)
    async with collecting(source):
        await until_last(source, dict.fromkeys(tickets, "Ticket"))
        await asyncio.sleep(1.1)  # Zendesk's times are whole seconds: the edit must be in another one than the creation
        say(desk, tickets[0], "Nobody was told.")
        delete(desk, tickets[1])
        new = make_tickets(desk, 1)[0]
        async with opened_reader(source, ENVIRON) as reader:
            swept = await take("all", source, reader, read(KafkaSettings))
            assert (swept.new, swept.changed, swept.gone) == (1, 1, 1)
            await until_last(source, {tickets[0]: "Nobody was told.", tickets[1]: None, new: "Ticket"})
            before = fetches(desk)
            again = await take("all", source, reader, read(KafkaSettings))
            assert again.found == 0
            assert again.listed >= 10
        await asyncio.sleep(1)
        assert fetches(desk) == before
        states = await read_states(read(KafkaSettings).bootstrap_servers, source.name, [0, 1])
        assert states[tickets[1]].gone


async def test_a_record_that_is_no_hint_is_a_dead_letter_and_the_rest_goes_on(source: RestSource, desk: httpx.Client) -> None:
    tickets = make_tickets(desk, 1)
    await tell(source, [(b"x", b"no hint"), hint("folder/1"), hint(tickets[0])])
    async with collecting(source):
        await until_last(source, {tickets[0]: "Ticket"})
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            letters = [DeadLetter.from_headers(record.headers) for record in await read_all(DEAD_LETTERS, 1)]
            mine = {letter.error for letter in letters if letter.topic == hints_topic(source.name)}
            if mine == {"InvalidRecordError", "UnknownIdError"}:
                break
            assert time.monotonic() < deadline, mine
            await asyncio.sleep(0.2)


async def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(source: RestSource, desk: httpx.Client, tmp_path: Path) -> None:
    tickets = make_tickets(desk, 40)
    declared = yaml.safe_dump({"sources": [orjson.loads(source.model_dump_json())]})
    (tmp_path / "sources.yaml").write_text(declared)
    environment = {**os.environ, **ENVIRON, "HEADRACE_SOURCES": str(tmp_path / "sources.yaml"), "HEADRACE_KAFKA_PARTITIONS": "2"}
    for round_ in range(4):
        with killed_at_the_end(environment) as process:
            for native in tickets:
                say(desk, native, f"Round {round_}.")
            await tell(source, [hint(native) for native in tickets for _ in range(3)])
            have = len(await objects(source))
            while len(await objects(source)) < have + 5 * (round_ + 1):
                assert process.poll() is None, process.returncode
                await asyncio.sleep(0.05)
    async with collecting(source):
        found = await until_last(source, dict.fromkeys(tickets, "Round 3."))
    assert max(Counter((one["id"], one["offset"]) for one in found).values()) == 1
