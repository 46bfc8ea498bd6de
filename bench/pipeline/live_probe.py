"""Commits to a table while something else goes on, each timed until a reader of committed records has it. Runs in a process of its own, so that nobody's decoding is in the way."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Final

import orjson
import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.settings import KafkaSettings, read

PER_SECOND: Final = 5
LATE_SECONDS: Final = 60.0
"""How long the last change may take once the work is done."""


def probe(dsn: str, topic: str, rows: int, stop: Event, answer: Connection) -> None:
    """Edit rows at random until ``stop`` is set; then send ((when committed, seconds until read) of each change that arrived, how many did not)."""
    answer.send(asyncio.run(_probe(dsn, topic, rows, stop)))


async def _probe(dsn: str, topic: str, rows: int, stop: Event) -> tuple[list[tuple[float, float]], int]:
    committed: dict[str, float] = {}
    arrived: dict[str, float] = {}
    kafka = read(KafkaSettings)
    reader = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=20)
    await reader.start()
    reader.assign([TopicPartition(topic, number) for number in range(kafka.partitions)])
    await reader.seek_to_end()
    news = asyncio.Event()
    reading = asyncio.create_task(_read(reader, arrived, news))
    try:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            while not stop.is_set():
                body = f"edit {len(committed)}"
                await connection.execute("UPDATE notes SET body = %s WHERE id = %s", (body, random.randint(1, rows)))  # no secret
                committed[body] = time.time()
                await asyncio.sleep(1 / PER_SECOND)
        with suppress(TimeoutError):
            async with asyncio.timeout(LATE_SECONDS):
                while committed.keys() - arrived.keys():
                    news.clear()
                    await news.wait()
    finally:
        reading.cancel()
        await reader.stop()
    return [(committed[body], arrived[body] - committed[body]) for body in committed if body in arrived], len(committed.keys() - arrived.keys())


async def _read(reader: AIOKafkaConsumer, arrived: dict[str, float], news: asyncio.Event) -> None:
    async for record in reader:
        after = orjson.loads(record.value)["after"] if record.value else None
        if after is not None:
            arrived.setdefault(after["body"], time.time())
            news.set()
