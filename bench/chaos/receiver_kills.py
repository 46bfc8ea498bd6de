"""Kills of the receiver. Senders deliver signed webhooks and come again until they are answered 202, as vendors do; one in ten is sent once more after that."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from bench.chaos.records import read_all
from bench.chaos.victim import Victim, free_port
from connectors.collect.app import declared_topics
from contracts.hints import decode_hint, hints_topic
from contracts.settings import KafkaSettings, read
from contracts.sources.rest import Credentials, JiraSource, Webhook
from contracts.topic_admin import ensure_topics

SECRET: Final = "a secret made up for kills"  # noqa: S105  # of a receiver that lives as long as the benchmark
ENVIRONMENT: Final = {"CHAOS_SECRET": SECRET, "CHAOS_TOKEN": "none"}
SENDERS: Final = 4
PAUSE_SECONDS: Final = 0.02
AGAIN: Final = 0.1
OBJECTS: Final = 500


async def kill_receiver(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """What was sent, lost and doubled."""
    source = JiraSource(
        name=f"chaos_jira_{seed}",
        type="jira",
        url="https://jira.example",
        credentials=Credentials(token="env:CHAOS_TOKEN"),  # noqa: S106  # a reference
        webhook=Webhook(secret=("env:CHAOS_SECRET",), per_second=100_000),
        tenant="chaos",
    )
    kafka = read(KafkaSettings)
    await ensure_topics(kafka, declared_topics([source], kafka.partitions))
    (folder / "receiver.yaml").write_text(yaml.safe_dump({"sources": [source.model_dump(mode="json")]}))
    port, address = free_port(), "http://127.0.0.1"
    environment = {**ENVIRONMENT, "HEADRACE_SOURCES": str(folder / "receiver.yaml"), "HEADRACE_WEBHOOKS_PORT": str(port)}
    victim = Victim("receiver", ["-m", "connectors.webhooks"], environment, f"{address}:{port}/readyz", folder / "receiver.log")
    senders = Senders(f"{address}:{port}/webhooks/{source.name}", random.Random(seed))
    dice = random.Random(seed + 1)
    try:
        async with asyncio.TaskGroup() as group:
            sending = [group.create_task(senders.run()) for _ in range(SENDERS)]
            for _ in range(kills):
                await victim.live(dice)
            victim.start()
            await victim.until_ready()
            senders.stop.set()
            await asyncio.gather(*sending)
    finally:
        victim.kill()
    found = Counter(decode_hint(record.value).delivery_id for record in await read_all(hints_topic(source.name)))
    return {
        "kills": victim.kills,
        "during_start": victim.during_start,
        "work": f"{len(senders.taken)} deliveries, {senders.repeated} sent again after their 202, {senders.unanswered} tries without an answer",
        "lost": len(senders.taken - set(found)),
        "doubled": sum(times - 1 for times in found.values()),
        "slowest_ready_seconds": max(victim.ready_seconds),
    }


class Senders:
    """``taken`` are the ids that were answered 202."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self.stop = asyncio.Event()
        self.taken: set[str] = set()
        self.repeated = 0
        self.unanswered = 0
        self._url = url
        self._dice = dice
        self._numbers = itertools.count(1)

    async def run(self) -> None:
        """Until told to stop, and then until the last one is taken."""
        async with httpx.AsyncClient(timeout=10) as client:
            while not self.stop.is_set():
                number = next(self._numbers)
                await self._deliver(client, number)
                self.taken.add(_delivery_id(number))
                if self._dice.random() < AGAIN:
                    await self._deliver(client, number)
                    self.repeated += 1
                await asyncio.sleep(PAUSE_SECONDS)

    async def _deliver(self, client: httpx.AsyncClient, number: int) -> None:
        body = json.dumps({"webhookEvent": "jira:issue_updated", "timestamp": 1774415366500, "issue": {"id": str(10_000 + number % OBJECTS)}}).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature": signature, "X-Atlassian-Webhook-Identifier": _delivery_id(number)}
        while True:
            try:
                status = (await client.post(self._url, content=body, headers=headers)).status_code
            except httpx.TransportError:
                self.unanswered += 1
            else:
                if status == httpx.codes.ACCEPTED:
                    return
                if status != httpx.codes.SERVICE_UNAVAILABLE:
                    raise AssertionError(f"a genuine delivery was answered {status}")
            await asyncio.sleep(0.1)


def _delivery_id(number: int) -> str:
    return f"chaos-{number}"
