"""ClickHouse's engine behind HTTP in a process of its own, a real Kafka, and pollers as processes that can be killed and frozen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from connectors.clickhouse.database import Database
from contracts.sources import Sources
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseSource, ClickHouseTable
from operations.stack import Stack
from tests.integration.clickhouse.server import PASSWORD, VARIABLE, Server, free_port
from tests.integration.clickhouse.topics import State, read_state
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("clickhouse"), free_port())
    found.start()
    found.client().command("CREATE DATABASE app")
    yield found
    found.kill()


@pytest.fixture
def client(server: Server) -> Client:
    return server.client()


@pytest.fixture(scope="session")
def stack(stack_factory: StackSession) -> Iterator[Stack]:  # noqa: F811  # the fixture itself
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, PASSWORD)
        yield stack_factory("kafka")


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


class Pollers:
    """Processes in one folder, all ended by ``end``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Poller] = []

    def start(self, source: ClickHouseSource, **environment: str) -> Poller:
        number = len(self._started)
        log, declared = self._folder / f"poller{number}.log", self._folder / f"sources{number}.yaml"
        declared.write_text(Sources(sources=(source,)).model_dump_json(by_alias=True))
        with log.open("wb") as out:
            environment = {**os.environ, "HEADRACE_SOURCES": str(declared), **environment}
            process = subprocess.Popen([sys.executable, "-m", "connectors.clickhouse"], env=environment, stdout=out, stderr=out)
        self._started.append(Poller(source, log, process))
        return self._started[-1]

    def end(self) -> None:
        for poller in self._started:
            poller.process.kill()
            poller.process.wait()


def made_table(client: Client, columns: str, engine: str = "ReplacingMergeTree(updated_at) ORDER BY id", **declared: object) -> ClickHouseTable:
    name = f"app.t{uuid.uuid4().hex[:8]}"
    client.command(f"CREATE TABLE {name} ({columns}) ENGINE = {engine}")
    return ClickHouseTable.model_validate({"name": name, "key": "id", "body": "body", "tenant": "acme", "updated_at": "updated_at", **declared})


def source_of(server: Server, tables: Sequence[ClickHouseTable]) -> ClickHouseSource:
    connection = ClickHouseConnection(host="127.0.0.1", port=server.port, password=f"env:{VARIABLE}")
    return ClickHouseSource(name=f"ch_{uuid.uuid4().hex[:8]}", connection=connection, tables=tuple(tables))


@pytest.fixture
def site(stack: Stack, server: Server, client: Client, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """``site(columns, order_by, **declaration)``: a table and its declaration, for pollers of its own."""
    pollers = Pollers(tmp_path)

    def made(columns: str, *engine: str, **declared: object) -> Site:
        table = made_table(client, columns, *engine, **declared)
        source = source_of(server, [table])
        return Site(client, source, table, lambda changed=source, **environment: pollers.start(changed, **environment))

    yield made
    pollers.end()


@pytest.fixture
async def database(server: Server) -> AsyncIterator[Callable[[ClickHouseTable], Database]]:
    opened: list[Database] = []

    def made(table: ClickHouseTable) -> Database:
        opened.append(Database(ClickHouseConnection(host="127.0.0.1", port=server.port), table, PASSWORD))
        return opened[-1]

    yield made
    for one in opened:
        await one.close()
