"""A help desk that is collected from: the vendor's test server in its own process, the source that reads it, hands that change it, and what was collected so far."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from connectors.collect.app import declared_topics
from contracts.hints import Hint, encode_hint, hints_topic
from contracts.settings import KafkaSettings, read
from contracts.sources import RestSource
from contracts.sources.rest import Credentials, Sweep, ZendeskSource
from contracts.topic_admin import ensure_topics
from contracts.topics import source_backfill_topic, source_topic
from operations.stack import Stack
from tests.integration.rest.zendesk_world import AUTH, served

TOKEN = "COLLECTOR_TEST_TOKEN"
ENVIRON = {TOKEN: "test-token"}
PATIENCE_SECONDS = 60.0
Json = dict[str, Any]


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
