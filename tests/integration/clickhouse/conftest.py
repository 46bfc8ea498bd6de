"""ClickHouse's engine behind HTTP in a process of its own, a real Kafka, and pollers as processes that can be killed and frozen."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from connectors.clickhouse.database import Database
from contracts.sources import Sources
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseSource, ClickHouseTable
from operations.stack import Stack
from tests.integration.clickhouse.topics import State, read_state
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture

PASSWORD = "a made-up password"  # of a server that lives as long as the tests
VARIABLE = "HEADRACE_CLICKHOUSE_PASSWORD"


@dataclass
class Server:
    """The server's process; its data outlives it."""

    path: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, VARIABLE: PASSWORD}
        command = [sys.executable, "-m", "examples.vendors.clickhouse", "--port", str(self.port), "--path", str(self.path)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def client(self) -> Client:
        return clickhouse_connect.get_client(host="127.0.0.1", port=self.port, password=PASSWORD, compress=False, autogenerate_session_id=False)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Server(tmp_path_factory.mktemp("clickhouse"), port)
    found.start()
    found.client().command("CREATE DATABASE app")
    yield found
    found.kill()


@pytest.fixture
def client(server: Server) -> Client:
    return server.client()


@pytest.fixture
def stack(stack_factory: StackSession, monkeypatch: pytest.MonkeyPatch) -> Stack:  # noqa: F811  # the fixture itself
    monkeypatch.setenv(VARIABLE, PASSWORD)
    return stack_factory("kafka")


@dataclass
class Poller:
    """A poller's process; ``said`` is its log."""

    source: ClickHouseSource
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        return self.log.read_text()

    def await_said(self, *texts: str) -> None:
        for _ in range(400):
            if all(text in self.said for text in texts):
                return
            time.sleep(0.1)
        raise AssertionError(self.said)


@dataclass
class Site:
    """What a test needs of one table: its declaration, pollers of it, what came of it."""

    client: Client
    source: ClickHouseSource
    table: ClickHouseTable
    start: Callable[..., Poller]

    def sql(self, text: str) -> None:
        """A statement with ``T`` for the table."""
        self.client.command(re.sub(r"\bT\b", self.table.name, text, count=1))

    async def state(self, until: Callable[[State], bool], seconds: float = 40.0) -> State:
        return await read_state(self.source, self.table, until, seconds)


@pytest.fixture
def site(stack: Stack, server: Server, client: Client, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """``site(columns, order_by, **declaration)``: a table and its declaration."""
    pollers: list[Poller] = []

    def made(columns: str, engine: str = "ReplacingMergeTree(updated_at) ORDER BY id", **declared: object) -> Site:
        name = f"t{uuid.uuid4().hex[:8]}"
        client.command(f"CREATE TABLE app.{name} ({columns}) ENGINE = {engine}")
        given = {"key": "id", "body": "body", "tenant": "acme", "updated_at": "updated_at", **declared}
        table = ClickHouseTable.model_validate({"name": f"app.{name}", **given})
        source = ClickHouseSource(
            name=f"ch_{name}", connection=ClickHouseConnection(host="127.0.0.1", port=server.port, password=f"env:{VARIABLE}"), tables=(table,)
        )

        def start(changed: ClickHouseSource = source, **environment: str) -> Poller:
            log, declared = tmp_path / f"poller{len(pollers)}.log", tmp_path / f"sources{len(pollers)}.yaml"
            declared.write_text(Sources(sources=(changed,)).model_dump_json(by_alias=True))
            with log.open("wb") as out:
                environment = {**os.environ, "HEADRACE_SOURCES": str(declared), **environment}
                process = subprocess.Popen([sys.executable, "-m", "connectors.clickhouse"], env=environment, stdout=out, stderr=out)
            pollers.append(Poller(changed, log, process))
            return pollers[-1]

        return Site(client, source, table, start)

    yield made
    for poller in pollers:
        poller.process.kill()
        poller.process.wait()


@pytest.fixture
async def database(server: Server) -> AsyncIterator[Callable[[ClickHouseTable], Database]]:
    opened: list[Database] = []

    def made(table: ClickHouseTable) -> Database:
        opened.append(Database(ClickHouseConnection(host="127.0.0.1", port=server.port), table, PASSWORD))
        return opened[-1]

    yield made
    for one in opened:
        await one.close()
