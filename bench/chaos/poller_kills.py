"""Kills of the ClickHouse poller: a first load in small transactions with edits and deletes beside it, then edits alone."""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from bench.chaos.victim import ROOT, Victim, free_port
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseSource, ClickHouseTable
from tests.integration.clickhouse.topics import State, read_state

PASSWORD: Final = "HEADRACE_CLICKHOUSE_PASSWORD"  # noqa: S105  # the name of a variable
MADE_UP: Final = "a made-up password"
ROWS: Final = 20_000
EDITED: Final = 500
"""Rows that are changed, over and over; the others stay as they were loaded."""
PAUSE_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 180.0
_CREATE: Final = "CREATE TABLE app.pages (id UInt64, body String, updated_at DateTime64(3) DEFAULT now64(3), is_deleted UInt8) ENGINE = ReplacingMergeTree(updated_at) ORDER BY id"
_FILL: Final = "INSERT INTO app.pages (id, body, updated_at) SELECT number, toString(number), now64(3) - 100 - number % 50 FROM numbers({rows})"


async def kill_poller(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """What was changed, lost and doubled."""
    with _server(folder) as (port, client):
        client.command("CREATE DATABASE app")
        client.command(_CREATE)
        client.command(_FILL.format(rows=ROWS))
        table = ClickHouseTable(
            name="app.pages", key=("id",), body="body", tenant="chaos", updated_at="updated_at", is_deleted="is_deleted", batch_rows=100, compare_keys_seconds=5
        )
        connection = ClickHouseConnection(host="127.0.0.1", port=port, password=f"env:{PASSWORD}")
        source = ClickHouseSource(name=f"chaos_ch_{seed}", connection=connection, tables=(table,))
        health = free_port()
        environment = {PASSWORD: MADE_UP, "HEADRACE_TELEMETRY_METRICS_PORT": str(health)}
        command = ["-m", "tests.integration.clickhouse.poller_process", source.model_dump_json()]
        victim = Victim("poller", command, environment, f"http://127.0.0.1:{health}/healthz", folder / "poller.log")
        return await _run(source, table, victim, client, kills, seed)


async def _run(source: ClickHouseSource, table: ClickHouseTable, victim: Victim, client: Client, kills: int, seed: int) -> dict[str, Any]:
    dice, edits = random.Random(seed + 3), Edits(client, random.Random(seed))
    try:
        async with asyncio.TaskGroup() as group:
            working = group.create_task(edits.work())
            for _ in range(kills):
                await victim.live(dice)
            victim.start()
            await victim.until_ready()
            edits.stop.set()
            await working
        lost, state = await _judged(source, table, edits.wanted)
    finally:
        victim.kill()
    return {
        "kills": victim.kills,
        "during_start": victim.during_start,
        "work": f"{ROWS} rows loaded, {edits.changes} inserts, updates and deletes",
        "lost": lost,
        "doubled": len(state.equal_but_different) + sum(times - 1 for times in state.loads.values() if times > 1),
        "slowest_ready_seconds": max(victim.ready_seconds),
    }


async def _judged(source: ClickHouseSource, table: ClickHouseTable, wanted: dict[object, object]) -> tuple[int, State]:
    """How many rows are not as in the table, given time; and all that was written."""
    seen = State()

    def right(state: State) -> bool:
        nonlocal seen
        seen = state
        return state.bodies == wanted

    try:
        await read_state(source, table, right, PATIENCE_SECONDS)
    except AssertionError:
        different = {key for key in wanted.keys() | seen.bodies.keys() if wanted.get(key) != seen.bodies.get(key)}
        return len(different), seen
    return 0, seen


class Edits:
    """``wanted`` is what the table holds: bodies by id."""

    def __init__(self, client: Client, dice: random.Random) -> None:
        self.stop = asyncio.Event()
        self.wanted: dict[object, object] = {number: str(number) for number in range(ROWS)}
        self.changes = 0
        self._client = client
        self._dice = dice

    async def work(self) -> None:
        while not self.stop.is_set():
            number, gone = self._dice.randrange(EDITED), self._dice.random() < 0.1
            body = f"edit {self.changes}"
            statement = f"INSERT INTO app.pages (id, body, is_deleted) VALUES ({number}, '{body}', {int(gone)})"  # noqa: S608  # values of this file's own
            await asyncio.to_thread(self._client.command, statement)
            self.changes += 1
            if gone:
                self.wanted.pop(number, None)
            else:
                self.wanted[number] = body
            await asyncio.sleep(PAUSE_SECONDS)


@contextmanager
def _server(folder: Path) -> Iterator[tuple[int, Client]]:
    port = free_port()
    command = [sys.executable, "-m", "examples.vendors.clickhouse", "--port", str(port), "--path", str(folder / "clickhouse")]
    process = subprocess.Popen(command, cwd=ROOT, env={PASSWORD: MADE_UP, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    try:
        _await_listening(port)
        yield port, clickhouse_connect.get_client(host="127.0.0.1", port=port, password=MADE_UP, compress=False, autogenerate_session_id=False)
    finally:
        process.terminate()
        process.wait()


def _await_listening(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return
