"""How fast rows of ClickHouse come into Kafka, and into the index: ``python -m bench.clickhouse [--rows 50000] [--seconds 30]``.

The engine behind ClickHouse's HTTP interface (examples/vendors/clickhouse), a real Kafka and the poller with its defaults, each a process of its own. First a table with so many rows is
loaded; then single rows are inserted at a fixed rate, from the moment that the INSERT is sent until a reader of committed records has the row; then the same while another table is loaded. Last the whole stack:
from the INSERT until a search through the API shows the row (``clickhouse_search``).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import clickhouse_connect
import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from clickhouse_connect.driver.client import Client

from bench.clickhouse_search import searchable
from bench.pipeline.measure import machine, milliseconds, write
from bench.pipeline.servers import running
from connectors.clickhouse.service import topics_of
from contracts.settings import KafkaSettings, read
from contracts.sources import Sources
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseSource, ClickHouseTable
from contracts.topic_admin import ensure_topics
from contracts.topics import source_backfill_topic, source_topic

PASSWORD: Final = "HEADRACE_CLICKHOUSE_PASSWORD"  # noqa: S105  # the name of a variable
RATE: Final = 5
BODY_BYTES: Final = 1000
WARM: Final = 10
"""First inserts that do not count."""
_CREATE: Final = (
    "CREATE TABLE bench.{name} (tenant String, id UInt64, body String, updated_at DateTime64(3) DEFAULT now64(3)) "
    "ENGINE = ReplacingMergeTree(updated_at) ORDER BY (tenant, id)"
)
_FILL: Final = "INSERT INTO bench.{name} SELECT 'acme', number, concat(toString(number), ' ', repeat('text ', {words})), now64(3) - 60 - number / 1000 FROM numbers({rows})"


def table(name: str) -> ClickHouseTable:
    return ClickHouseTable(name=f"bench.{name}", key=("tenant", "id"), body="body", tenant="{tenant}", updated_at="updated_at")


def source(name: str, port: int, *tables: str) -> ClickHouseSource:
    connection = ClickHouseConnection(host="127.0.0.1", port=port, password=f"env:{PASSWORD}")
    return ClickHouseSource(name=name, connection=connection, tables=tuple(map(table, tables)))


@contextmanager
def server() -> Iterator[tuple[int, Client]]:
    os.environ[PASSWORD] = secrets.token_hex(8)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "examples.vendors.clickhouse", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        yield port, _client(port)
    finally:
        process.terminate()
        process.wait()


def _client(port: int) -> Client:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    client = clickhouse_connect.get_client(host="127.0.0.1", port=port, password=os.environ[PASSWORD], compress=False, autogenerate_session_id=False)
    client.command("CREATE DATABASE bench")
    return client


@contextmanager
def polling(declared: ClickHouseSource) -> Iterator[None]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as sources:
        sources.write(Sources(sources=(declared,)).model_dump_json(by_alias=True))
        sources.flush()
        process = subprocess.Popen(
            [sys.executable, "-m", "connectors.clickhouse"], env={**os.environ, "HEADRACE_SOURCES": sources.name}, stdout=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()


@asynccontextmanager
async def reading(*topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=read(KafkaSettings).bootstrap_servers, isolation_level="read_committed", auto_offset_reset="earliest", fetch_max_wait_ms=10
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def records(consumer: AIOKafkaConsumer, seconds: float) -> AsyncIterator[tuple[ConsumerRecord, float]]:
    """Each with the time at which it was here, until so long after the call."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        for batch in (await consumer.getmany(timeout_ms=max(1, min(100, int(left * 1000))))).values():
            at = time.time()
            for record in batch:
                yield record, at


def fill(client: Client, name: str, rows: int) -> None:
    client.command(_CREATE.format(name=name))
    if rows:
        client.command(_FILL.format(name=name, words=BODY_BYTES // 5, rows=rows))


async def loaded(port: int, client: Client, rows: int) -> dict[str, Any]:
    """Rows a second from the first committed record to the last."""
    fill(client, "load", rows)
    declared = source(f"bench_{time.time_ns() % 10**9}", port, "load")
    await ensure_topics(read(KafkaSettings), topics_of(declared, 4))
    began = time.time()
    async with reading(source_backfill_topic(declared.name, "bench.load")) as consumer:
        with polling(declared):
            keys: set[bytes] = set()
            first = last = 0.0
            async for record, at in records(consumer, 300):
                first, last = first or at, at
                keys.add(record.key)
                if len(keys) == rows:
                    break
    if len(keys) != rows:
        raise SystemExit(f"{len(keys)} of {rows} rows came")
    return {"rows": rows, "seconds": round(last - first, 1), "per_second": round(rows / max(last - first, 0.001)), "first_row_after_s": round(first - began, 1)}


async def live(port: int, client: Client, seconds: float, beside_rows: int) -> dict[str, Any]:
    """Milliseconds from the INSERT to the committed record, with a load of another table beside it or none."""
    name, other = f"live{beside_rows}", f"beside{beside_rows}"
    fill(client, name, 0)
    if beside_rows:
        fill(client, other, beside_rows)
    declared = source(f"bench_{time.time_ns() % 10**9}", port, name, *([other] if beside_rows else []))
    await ensure_topics(read(KafkaSettings), topics_of(declared, 4))
    sent: dict[int, float] = {}
    came: dict[int, float] = {}
    async with reading(source_topic(declared.name, f"bench.{name}")) as consumer:
        with polling(declared):
            inserting = asyncio.create_task(_insert(client, name, int(RATE * seconds), sent))
            async for record, at in records(consumer, seconds + 20):
                came.setdefault(orjson.loads(record.key)["id"], at)
                if inserting.done() and came.keys() >= sent.keys():
                    break
            await inserting
    taken = [at - sent[number] for number, at in came.items() if number >= WARM]
    return {"inserts_per_second": RATE, "missing": len(sent.keys() - came.keys())} | {k if k == "n" else f"{k}_ms": v for k, v in milliseconds(taken).items()}


async def _insert(client: Client, name: str, count: int, sent: dict[int, float]) -> None:
    await asyncio.sleep(5)
    began = time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
        sent[number] = time.time()
        await asyncio.to_thread(client.command, f"INSERT INTO bench.{name} (tenant, id, body) VALUES ('acme', {number}, '{'text ' * (BODY_BYTES // 5)}')")  # noqa: S608  # values of this file's own


async def measure(rows: int, seconds: float) -> dict[str, Any]:
    with server() as (port, client):
        return {
            "load": await loaded(port, client, rows),
            "insert to Kafka": await live(port, client, seconds, 0),
            "insert to Kafka, a load beside": await live(port, client, seconds, rows * 4),
            "body_bytes": BODY_BYTES,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="rows of the table that is loaded")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each series of inserts")
    options = parser.parse_args()
    before = machine()
    with running("kafka"):
        result = asyncio.run(measure(options.rows, options.seconds))
    with server() as (port, client):
        fill(client, "searched", 0)
        result["insert to searchable"] = asyncio.run(searchable(port, client, options.seconds))
    print(json.dumps(result, indent=1))
    print(f"written: {write('clickhouse', f'python -m bench.clickhouse --rows {options.rows} --seconds {options.seconds:g}', before, result)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
