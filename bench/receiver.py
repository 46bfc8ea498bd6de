"""How many signed deliveries one core takes into Kafka: ``python -m bench.receiver [--seconds 10]``.

The receiver is a process of its own on the first core, with a real Kafka; the sender, with the deliveries signed beforehand, on the second. First as many as it takes, from 64 senders at
once; then 200 a second, for the time from the first byte to the answer, which comes when every in-sync replica has the hint.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from aiohttp import web

from bench.pipeline.measure import machine, milliseconds, write
from bench.pipeline.servers import running
from connectors.webhooks.app import application, opened
from connectors.webhooks.receiver import WebhookSource
from contracts.hints import hints_topic_spec
from contracts.settings import KafkaSettings, read
from contracts.topic_admin import ensure_topics
from rest_sources import jira

SECRET: Final = b"a secret for a benchmark of signatures"
SENDERS: Final = 64
RATE: Final = 200
BODY_BYTES: Final = 6_000
"""About what Jira sends for an issue with a description and its changelog."""
Delivery = tuple[bytes, dict[str, str]]


def source(name: str) -> WebhookSource:
    return WebhookSource(name, jira.verify, (SECRET,), per_second=1_000_000)


def serve(name: str, servers: str, port: int) -> None:
    """The receiver, on the first core; until it is terminated."""
    os.sched_setaffinity(0, {0})

    async def run() -> None:
        async with opened([source(name)], servers) as service:
            runner = web.AppRunner(application(service), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            await asyncio.Event().wait()

    asyncio.run(run())


def delivery(number: int) -> Delivery:
    body = json.dumps(
        {"webhookEvent": "jira:issue_updated", "timestamp": 1774415366500, "issue": {"id": str(number % 5000)}, "text": "x" * BODY_BYTES}
    ).encode()
    signature = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    return body, {"Content-Type": "application/json", "X-Hub-Signature": signature, "X-Atlassian-Webhook-Identifier": f"bench-{number}"}


async def saturated(post: Callable[[Delivery], Coroutine[Any, Any, float]], deliveries: list[Delivery], seconds: float) -> dict[str, Any]:
    waiting = iter(deliveries)
    taken: list[float] = []
    began = time.perf_counter()

    async def sender() -> None:
        for one in waiting:
            taken.append(await post(one))
            if time.perf_counter() - began > seconds:
                return

    await asyncio.gather(*[sender() for _ in range(SENDERS)])
    return _row(len(taken) / (time.perf_counter() - began), taken)


async def paced(post: Callable[[Delivery], Coroutine[Any, Any, float]], deliveries: list[Delivery], seconds: float) -> dict[str, Any]:
    """At fixed times whatever the receiver does, so that one that is late is seen to be."""
    began = time.perf_counter()
    tasks: list[asyncio.Task[float]] = []
    for number, one in enumerate(deliveries[: int(RATE * seconds)]):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(post(one)))
    taken = await asyncio.gather(*tasks)
    return _row(len(taken) / (time.perf_counter() - began), taken)


def _row(per_second: float, seconds: list[float]) -> dict[str, Any]:
    return {"per_second": round(per_second)} | {f"{name}_ms" if name != "n" else name: value for name, value in milliseconds(seconds).items()}


@asynccontextmanager
async def posting(url: str) -> AsyncIterator[Callable[[Delivery], Coroutine[Any, Any, float]]]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=SENDERS)) as session:

        async def post(one: Delivery) -> float:
            began = time.perf_counter()
            async with session.post(url, data=one[0], headers=one[1]) as response:
                if response.status != 202:
                    raise SystemExit(f"a delivery was answered {response.status}: {await response.text()}")
            return time.perf_counter() - began

        yield post


async def measure(seconds: float) -> dict[str, Any]:
    servers = read(KafkaSettings).bootstrap_servers
    name = f"bench_{time.time_ns() % 10**9}"
    await ensure_topics(read(KafkaSettings), [hints_topic_spec(name, 4)])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    deliveries = [delivery(number) for number in range(int(4000 * seconds))]
    slow = [delivery(-number) for number in range(1, int(RATE * seconds) + 1)]
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(name, servers, port), daemon=True)
    process.start()
    try:
        await _ready(port)
        os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
        async with posting(f"http://127.0.0.1:{port}/webhooks/{name}") as post:
            await saturated(post, [delivery(-number) for number in range(10**6, 10**6 + 500)], seconds)  # warm
            rows = {"as many as it takes": await saturated(post, deliveries, seconds), f"{RATE} a second": await paced(post, slow, seconds)}
            return {"deliveries": rows, "body_bytes": BODY_BYTES, "senders_at_once": SENDERS}
    finally:
        process.terminate()
        process.join()


async def _ready(port: int) -> None:
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each of the two parts")
    options = parser.parse_args()
    before = machine()
    with running("kafka"):
        result = asyncio.run(measure(options.seconds))
    print(json.dumps(result, indent=1))
    print(f"written: {write('receiver', f'python -m bench.receiver --seconds {options.seconds:g}', before, result)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
