"""Kills of the collector under edits of a help desk (Zendesk's test server, a process of its own) whose every change is a hint or two."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final, Self

import httpx
import orjson
import yaml
from aiokafka import AIOKafkaProducer

from bench.chaos.records import read_all
from bench.chaos.victim import Victim, free_port
from connectors.collect.app import declared_topics
from contracts.hints import Hint, encode_hint, hints_topic
from contracts.rest_records import OBJECTS
from contracts.settings import KafkaSettings, read
from contracts.sources.rest import Credentials, Sweep, ZendeskSource
from contracts.topic_admin import ensure_topics
from contracts.topics import source_backfill_topic, source_topic
from tests.integration.rest.zendesk_world import AUTH, served

TICKETS: Final = 60
PAUSE_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 180.0
_NEVER: Final = 1e6


async def kill_collector(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """What was changed, lost and doubled."""
    with served() as url:
        source = ZendeskSource(
            name=f"chaos_desk_{seed}",
            type="zendesk",
            url=url,
            credentials=Credentials(user="integration@example.com/token", token="env:CHAOS_TOKEN"),  # noqa: S106  # a reference
            tenant="chaos",
            sweep=Sweep(changed_minutes=_NEVER, all_hours=_NEVER, access_minutes=_NEVER),
        )
        kafka = read(KafkaSettings)
        await ensure_topics(kafka, declared_topics([source], kafka.partitions))
        (folder / "collector.yaml").write_text(yaml.safe_dump({"sources": [source.model_dump(mode="json")]}))
        port = free_port()
        environment = {
            "CHAOS_TOKEN": "test-token",
            "HEADRACE_SOURCES": str(folder / "collector.yaml"),
            "HEADRACE_TELEMETRY_METRICS_PORT": str(port),
            "HEADRACE_KAFKA_INSTANCE_ID": "chaos",
        }
        victim = Victim("collector", ["-m", "connectors.collect"], environment, f"http://127.0.0.1:{port}/healthz", folder / "collector.log")
        return await _run(source, victim, kills, seed)


async def _run(source: ZendeskSource, victim: Victim, kills: int, seed: int) -> dict[str, Any]:
    dice = random.Random(seed + 2)
    async with Desk(source, random.Random(seed)) as desk:
        try:
            async with asyncio.TaskGroup() as group:
                working = group.create_task(desk.work())
                for _ in range(kills):
                    await victim.live(dice)
                victim.start()
                await victim.until_ready()
                desk.stop.set()
                await working
            wrong, doubled = await _judged(source.name, desk.wanted)
        finally:
            victim.kill()
    return {
        "kills": victim.kills,
        "during_start": victim.during_start,
        "work": f"{desk.changes} changes of {len(desk.wanted)} tickets, {desk.hints} hints",
        "lost": len(wrong),
        "doubled": doubled,
        "slowest_ready_seconds": max(victim.ready_seconds),
    }


async def _judged(source: str, wanted: dict[str, str | None]) -> tuple[list[str], int]:
    """Tickets whose last record is not what the desk holds, given time; and records of one object and hint beyond the first."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        records = await read_all(source_topic(source, OBJECTS), source_backfill_topic(source, OBJECTS))
        made = sorted(
            (int(value["source"]["sequence"][0]), orjson.loads(record.key)["id"], value) for record in records if (value := orjson.loads(record.value))
        )
        last = {native: value["after"] for _, native, value in made}
        wrong = [native for native, text in wanted.items() if native not in last or not _shows(last[native], text)]
        if not wrong or time.monotonic() > end:
            return wrong, sum(times - 1 for times in Counter((native, offset) for offset, native, _ in made).values())
        await asyncio.sleep(1)


def _shows(after: object, text: str | None) -> bool:
    return after is None if text is None else after is not None and text in orjson.dumps(after).decode()


class Desk:
    """Changes tickets and writes their hints. ``wanted`` is the last text of each, None for a deleted one."""

    def __init__(self, source: ZendeskSource, dice: random.Random) -> None:
        self.stop = asyncio.Event()
        self.wanted: dict[str, str | None] = {}
        self.changes = 0
        self.hints = 0
        self._topic = hints_topic(source.name)
        self._dice = dice
        self._client = httpx.AsyncClient(base_url=source.url, auth=AUTH, timeout=30)
        self._producer = AIOKafkaProducer(bootstrap_servers=read(KafkaSettings).bootstrap_servers, acks="all")

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await self._ask("POST", "/_control/seed", {"users": [{"id": 11, "name": "Ann Lee", "email": "ann@customer.example"}]})
        for _ in range(TICKETS):
            await self._create()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()
        await self._client.aclose()

    async def work(self) -> None:
        while not self.stop.is_set():
            standing = [native for native, text in self.wanted.items() if text is not None]
            action = self._dice.choices((self._say, self._delete), (18, 1))[0]
            await (action(self._dice.choice(standing)) if len(standing) >= TICKETS else self._create())
            await asyncio.sleep(PAUSE_SECONDS)

    async def _create(self) -> None:
        text = self._text()
        form = {"subject": "A question", "requester_id": 11, "comment": {"html_body": f"<p>{text}</p>"}}
        made = await self._ask("POST", "/api/v2/tickets", {"ticket": form})
        await self._changed(f"ticket/{made['ticket']['id']}", text)

    async def _say(self, native: str) -> None:
        text = self._text()
        await self._ask("PUT", _path(native), {"ticket": {"comment": {"html_body": f"<p>{text}</p>", "public": True}}})
        await self._changed(native, text)

    async def _delete(self, native: str) -> None:
        await self._ask("DELETE", _path(native))
        await self._changed(native, None)

    async def _changed(self, native: str, text: str | None) -> None:
        self.changes += 1
        self.wanted[native] = text
        for _ in range(self._dice.choice((1, 1, 2))):
            key, value = encode_hint(Hint(id=native, source_time_us=time.time_ns() // 1000))
            await self._producer.send_and_wait(self._topic, value, key=key)
            self.hints += 1

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        response = await self._client.request(method, path, json=body)
        response.raise_for_status()
        return response.json() if response.content else None

    def _text(self) -> str:
        return f"Word {self.changes:06d} of many."


def _path(native: str) -> str:
    return f"/api/v2/tickets/{native.partition('/')[2]}"
