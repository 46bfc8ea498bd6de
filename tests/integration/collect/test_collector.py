"""The collector on a real broker and a vendor's server in its own process: one record for each object and hint, whatever bursts, disappears or is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import orjson
import pytest
import yaml

from connectors.collect.app import collect, opened_reader
from connectors.collect.states import read_states
from connectors.sweep.schedule import take
from contracts.dead_letters import DeadLetter
from contracts.hints import hints_topic
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.sources import RestSource
from contracts.topics import DEAD_LETTERS
from tests.integration.collect.desk_world import (
    ENVIRON,
    PATIENCE_SECONDS,
    delete,
    fetches,
    hint,
    make_tickets,
    objects,
    read_all,
    say,
    tell,
    until_last,
)
from tests.rest_kit.vendor import ROOT

pytestmark = pytest.mark.timeout(240)


@contextmanager
def killed_at_the_end(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The collector as a process, ended by SIGKILL."""
    process = subprocess.Popen([sys.executable, "-m", "connectors.collect"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


@asynccontextmanager
async def collecting(source: RestSource) -> AsyncIterator[None]:
    task = asyncio.create_task(collect([source], read(KafkaSettings), TelemetrySettings(metrics_port=0), ENVIRON))
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


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
