"""The receiver on a real broker: what it says it took is in Kafka, once; what it cannot keep it does not take; and a restart forgets nothing."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import REGISTRY

from connectors.webhooks.app import application, opened
from connectors.webhooks.believed import believed
from connectors.webhooks.receiver import WebhookSource
from contracts.hints import Hint, decode_hint, hints_topic, hints_topic_spec
from contracts.settings import KafkaSettings, read
from contracts.sources.rest import JiraSource, ZendeskSource
from contracts.topic_admin import ensure_topics
from operations.stack import Stack
from rest_sources import jira
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture
from tests.unit.rest_sources import signing

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def stack(stack_factory: StackSession) -> Stack:  # noqa: F811  # the fixture itself
    return stack_factory("kafka")


@pytest.fixture
async def source(stack: Stack) -> WebhookSource:
    found = WebhookSource(f"tracker_{uuid.uuid4().hex[:8]}", jira.verify, (signing.SECRET,), max_body_bytes=4096, per_second=50)
    await ensure_topics(read(KafkaSettings), [hints_topic_spec(found.name, 2)])
    return found


@asynccontextmanager
async def receiver(*sources: WebhookSource, seconds: float = 5.0, wait: bool = True) -> AsyncIterator[TestClient]:
    async with opened(sources, read(KafkaSettings).bootstrap_servers, kafka_seconds=seconds) as service, TestClient(TestServer(application(service))) as client:
        if wait:
            await asyncio.wait_for(service.log.caught_up.wait(), 30)
        yield client


def body(issue: int, size: int = 0) -> bytes:
    return orjson.dumps({"webhookEvent": "jira:issue_updated", "timestamp": time.time_ns() // 1_000_000, "issue": {"id": str(issue)}, "padding": "x" * size})


async def post(client: TestClient, name: str, text: bytes, delivery_id: str = "", **headers: str) -> tuple[int, dict[str, str]]:
    signed = dict(signing.hub(text).headers)
    sent = {"Content-Type": "application/json", **signed, "X-Atlassian-Webhook-Identifier": delivery_id or uuid.uuid4().hex, **headers}
    response = await client.post(f"/webhooks/{name}", data=text, headers=sent)
    return response.status, await response.json()


async def written(source: WebhookSource) -> list[Hint]:
    """All that is in the topic now."""
    places = [TopicPartition(hints_topic(source.name), partition) for partition in range(2)]
    consumer = AIOKafkaConsumer(bootstrap_servers=read(KafkaSettings).bootstrap_servers)
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[Hint] = []
        while not all([await consumer.position(place) >= end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [decode_hint(record.value) for record in records]
                assert all(record.key.decode() == decode_hint(record.value).id for record in records)
        return found
    finally:
        await consumer.stop()


async def test_a_taken_delivery_is_in_kafka_and_a_repeated_one_is_there_once(source: WebhookSource) -> None:
    async with receiver(source) as client:
        first = body(7)
        assert await post(client, source.name, first, "d-1") == (202, {"outcome": "accepted"})
        assert await post(client, source.name, first, "d-1") == (202, {"outcome": "duplicate"})
        assert await post(client, source.name, body(8), "d-2") == (202, {"outcome": "accepted"})
        assert [(hint.id, hint.delivery_id) for hint in sorted(await written(source), key=lambda hint: hint.id)] == [("issue/7", "d-1"), ("issue/8", "d-2")]
    async with receiver(source) as client:  # another process knows what this one took
        assert await post(client, source.name, first, "d-1") == (202, {"outcome": "duplicate"})
        assert len(await written(source)) == 2


async def test_what_came_before_a_restart_is_known_to_the_first_delivery_after_it(source: WebhookSource) -> None:
    async with receiver(source) as client:
        sent = {f"d-{number}": body(number) for number in range(40)}
        for delivery_id, text in sent.items():
            assert await post(client, source.name, text, delivery_id) == (202, {"outcome": "accepted"})
    async with receiver(source, wait=False) as client:
        answers = await asyncio.gather(*[post(client, source.name, text, delivery_id) for delivery_id, text in sent.items()])
        assert answers == [(202, {"outcome": "duplicate"})] * 40


async def test_the_same_delivery_twice_at_once_is_taken_once(source: WebhookSource) -> None:
    async with receiver(source) as client:
        text = body(5)
        answers = await asyncio.gather(*[post(client, source.name, text, "d-5") for _ in range(10)])
        assert sorted(told["outcome"] for _, told in answers) == ["accepted", *["duplicate"] * 9]
        assert len(await written(source)) == 1


async def test_replicas_learn_from_each_other(source: WebhookSource) -> None:
    async with receiver(source) as one, receiver(source) as other:
        text = body(9)
        assert (await post(one, source.name, text, "d-9"))[1] == {"outcome": "accepted"}
        for _ in range(50):
            status, told = await post(other, source.name, text, "d-9")
            assert status == 202
            if told == {"outcome": "duplicate"}:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the other replica never learned of it")


async def test_what_is_refused_leaves_nothing(source: WebhookSource) -> None:
    async with receiver(source) as client:
        assert (await post(client, "nobody", body(1)))[0] == 404
        wrong = {"X-Hub-Signature": "sha256=" + "0" * 64}
        status, told = await post(client, source.name, body(1), **wrong)
        assert (status, told["type"]) == (401, "urn:headrace:problem:not-signed")
        assert (await post(client, source.name, body(1), **{"Content-Type": "text/plain"}))[0] == 415
        assert (await post(client, source.name, body(1, size=4096)))[0] == 413
        assert (await post(client, source.name, b"[]"))[0] == 400
        assert (await post(client, source.name, b""))[0] == 400
        status, told = await post(client, source.name, body(1), **{"Content-Encoding": "gzip"})
        assert (status, told["type"]) == (400, "urn:headrace:problem:unreadable-body")
        assert "send it again, uncompressed" in told["detail"]
        assert (await client.get(f"/webhooks/{source.name}")).status == 405
        assert (await post(client, source.name, b'{"webhookEvent": "sprint_started"}'))[1] == {"outcome": "ignored"}
        assert await written(source) == []
    counted = {
        outcome: REGISTRY.get_sample_value("headrace_webhook_deliveries_total", {"source": source.name, "outcome": outcome})
        for outcome in ("not-signed", "body-too-large")
    }
    assert counted == {"not-signed": 1.0, "body-too-large": 1.0}


async def test_a_sender_that_sends_too_much_is_told_to_wait(source: WebhookSource) -> None:
    async with receiver(source) as client:
        answers = [await client.post(f"/webhooks/{source.name}", data=b"{}", headers={"Content-Type": "application/json"}) for _ in range(200)]
        limited = [answer for answer in answers if answer.status == 429]
        assert limited
        assert limited[0].headers["Retry-After"] == "1"
        assert {answer.status for answer in answers} == {401, 429}


async def test_without_kafka_nothing_is_taken_and_all_is_once_it_is_back(source: WebhookSource, stack: Stack) -> None:
    async with receiver(source, seconds=2.0) as client:
        assert (await post(client, source.name, body(1), "d-before"))[0] == 202
        await asyncio.to_thread(stack.stop, "kafka")
        try:
            response = await client.post(
                f"/webhooks/{source.name}",
                data=(text := body(2)),
                headers={"Content-Type": "application/json", **signing.hub(text).headers, "X-Atlassian-Webhook-Identifier": "d-away"},
            )
            assert response.status == 503
            assert "Retry-After" in response.headers
            assert (await response.json())["type"] == "urn:headrace:problem:kafka-unavailable"
        finally:
            await asyncio.to_thread(stack.up)
        for _ in range(60):  # as the sender does
            status, _told = await post(client, source.name, text, "d-away")
            if status == 202:
                break
            await asyncio.sleep(0.5)
        assert {hint.id for hint in await written(source)} == {"issue/1", "issue/2"}


async def test_a_source_without_its_secret_keeps_no_other_from_being_heard(source: WebhookSource) -> None:
    servers = read(KafkaSettings).bootstrap_servers
    async with opened([source], servers, without_secret={"desk": "desk: webhook.secret …"}) as service, TestClient(TestServer(application(service))) as client:
        assert (await post(client, source.name, body(3)))[0] == 202
        status, told = await post(client, "desk", body(3))
        assert (status, told["type"]) == (503, "urn:headrace:problem:secret-missing")


def test_who_is_believed_and_who_not_yet(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    declared = {"url": "https://desk.example", "credentials": {"token": "env:TOKEN"}, "tenant": "acme", "webhook": {"secret": f"file:{secret}"}}
    desk = ZendeskSource.model_validate({"name": "desk", "type": "zendesk", **declared})
    tracker = JiraSource.model_validate({"name": "tracker", "type": "jira", **declared, "webhook": {"secret": "env:HOOK"}})
    found = believed([desk, tracker], {"HOOK": "a made-up secret"})
    assert [one.name for one in found.sources] == ["tracker"]
    assert "headrace webhooks register desk" in found.without_secret["desk"]
    secret.write_text("another made-up one")
    assert not believed([desk, tracker], {"HOOK": "a made-up secret"}).without_secret


async def test_a_body_that_does_not_come_keeps_nobody_waiting(source: WebhookSource) -> None:
    async with opened([source], read(KafkaSettings).bootstrap_servers) as service, TestServer(application(service, body_seconds=0.2)) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        head = f"POST /webhooks/{source.name} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode() + b"half")
        assert await asyncio.wait_for(reader.readline(), 20) == b"HTTP/1.1 408 Request Timeout\r\n"
        writer.close()
