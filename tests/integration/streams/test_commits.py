"""What a worker commits on a real broker while one record is still in work: never past it, wherever it stands."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts.settings import KafkaSettings, read
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture

ROOT = Path(__file__).resolve().parents[3]
WORKER = Path(__file__).with_name("acking_worker.py")
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def servers(stack_factory: StackSession) -> str:  # noqa: F811  # the fixture itself
    stack_factory("kafka")
    return read(KafkaSettings).bootstrap_servers


@pytest.fixture
def name() -> str:
    return f"commits-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def worker(servers: str, name: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, str(WORKER), name, name], env={**os.environ, "PYTHONPATH": str(ROOT)})
    yield process
    process.kill()
    process.wait()


async def produce(servers: str, topic: str, values: list[bytes], *, transactions: bool = False) -> None:
    """In transactions of one record each a marker stands behind every record."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=f"{topic}-writer" if transactions else None)
    await producer.start()
    try:
        for value in values:
            if transactions:
                async with producer.transaction():
                    await producer.send_and_wait(topic, value, partition=0)
            else:
                await producer.send_and_wait(topic, value, partition=0)
    finally:
        await producer.stop()


async def committed(servers: str, group: str) -> int | None:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        return await consumer.committed(TopicPartition(group, 0))
    finally:
        await consumer.stop()


async def settled(servers: str, group: str, wanted: int | None) -> int | None:
    """What is committed once it is what is wanted, and some commits later still."""
    for _ in range(60):
        if await committed(servers, group) == wanted:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(3)
    return await committed(servers, group)


async def test_the_first_record_of_all_is_in_work(servers: str, name: str, worker: subprocess.Popen[bytes]) -> None:
    await produce(servers, name, [b"hold", b"a", b"b"])
    await asyncio.sleep(8)
    assert await settled(servers, name, 0) in {None, 0}


async def test_the_first_record_behind_the_committed_one_is_in_work(servers: str, name: str, worker: subprocess.Popen[bytes]) -> None:
    await produce(servers, name, [b"a"])
    assert await settled(servers, name, 1) == 1
    await produce(servers, name, [b"hold", b"b", b"c"])
    assert await settled(servers, name, 1) == 1


async def test_a_record_behind_a_transactions_marker_is_in_work(servers: str, name: str, worker: subprocess.Popen[bytes]) -> None:
    await produce(servers, name, [b"a", b"b", b"hold", b"c", b"d"], transactions=True)  # at 0, 2, 4, 6 and 8
    found = await settled(servers, name, 4)
    assert found is not None
    assert 2 < found <= 4


async def test_all_is_committed_over_markers_in_the_end(servers: str, name: str, worker: subprocess.Popen[bytes]) -> None:
    await produce(servers, name, [b"a", b"b", b"c"], transactions=True)
    found = await settled(servers, name, 5)
    assert found is not None
    assert found >= 5
