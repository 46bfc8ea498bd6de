"""The whole path on real servers, one small table, and the commands as an operator runs them."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from typer.testing import CliRunner, Result

from connectors.debezium import apply_source, delete_source
from contracts.settings import ConnectSettings, KafkaSettings, TelemetrySettings, WeaviateSettings, read
from contracts.sources import load_sources
from index.collections import CollectionNames, live_space
from index.connection import connect
from index.store import WeaviateStore
from index.telemetry_setup import configure_logging
from operations.connectors import app as connectors
from operations.dead_letters import app as dead_letters
from operations.settings_command import settings
from operations.stack import Stack
from operations.status import status
from operations.sweep import sweep
from operations.verify import verify
from operations.why import why
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401 - a fixture

SERVERS = ("postgres", "kafka", "connect", "weaviate")
WORKERS = ("normalize", "normalize-backfill", "index", "index-backfill")
ROWS = 12

YAML = """
sources:
  - name: {name}
    connection: {{host: env:HEADRACE_DEMO_HOST, port: env:HEADRACE_DEMO_PORT, database: {database}, user: env:HEADRACE_DEMO_USER, password: env:HEADRACE_DEMO_PASSWORD}}
    tables:
      - name: public.notes
        key: [id]
        tenant: "{{tenant}}"
        title: title
        body: body
        allowed: allowed
        where: {{draft: [false]}}
        metadata: {{team: "{{team}}"}}
"""

configure_logging(TelemetrySettings(log_level="warning", log_format="console"))
commands = typer.Typer(pretty_exceptions_enable=False)
for command in (verify, why, status, sweep, settings):
    commands.command()(command)
commands.add_typer(dead_letters, name="dead-letters")
commands.add_typer(connectors, name="connectors")


@dataclass
class Operator:
    """Somebody at the command line of a running stack; ``name`` is the source that is verified."""

    name: str
    stack: Stack
    sources: Path

    def run(self, *arguments: str) -> Result:
        result = CliRunner().invoke(commands, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def data(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code in {0, 1}, result.output
        return json.loads(result.stdout)

    def verified(self, *arguments: str) -> Any:
        return self.data("verify", "--source", self.name, "--settle", "2", *arguments)

    def until(self, condition: Callable[[], Any], seconds: float = 90.0) -> Any:
        """What the condition gives as soon as it is true."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"not within {seconds} s"
            time.sleep(0.5)
        return found

    def in_index(self, work: Callable[[WeaviateStore, Any, CollectionNames], Coroutine[Any, Any, Any]]) -> Any:
        """Do something to the index behind everybody's back."""

        async def session() -> Any:
            client = await connect(read(WeaviateSettings))
            try:
                space = await live_space(client)
                assert space is not None
                names = CollectionNames.of(space)
                return await work(WeaviateStore(client, names), client, names)
            finally:
                await client.close()

        return asyncio.run(session())


@dataclass
class Desk(Operator):
    """One source with its table, indexed."""

    database: str
    sql: psycopg.Connection[Any]

    def doc_id(self, row: int) -> str:
        return f"{self.name}:{self.database}.public.notes/{row}"


def _fill(sql: psycopg.Connection[Any]) -> None:
    sql.execute(
        "CREATE TABLE notes (id int PRIMARY KEY, tenant text NOT NULL, team text, title text, body text, allowed text[] NOT NULL, draft boolean NOT NULL DEFAULT false)"
    )
    sql.execute("ALTER TABLE notes REPLICA IDENTITY FULL")
    for row in range(ROWS):
        body = "\n\n".join(
            f"Paragraph {part} of note {row} says that the quota is {row * 100 + part} days and that everybody should know. " * 6 for part in range(8)
        )
        tenant = "acme" if row % 2 else "globex"
        sql.execute("INSERT INTO notes VALUES (%s, %s, 'ops', %s, %s, '{public}')", (row, tenant, f"Note {row}", f"# Note {row}\n\n{body}"))


def desk_of(stack_factory: StackSession, folder: Path, yaml: str, fill: Callable[[psycopg.Connection[Any]], None], workers: tuple[str, ...]) -> Iterator[Desk]:  # noqa: F811 - the fixture
    """A filled and indexed database under the workers; both gone afterwards."""
    servers = stack_factory(*SERVERS)
    name = f"desk_{uuid.uuid4().hex[:8]}"
    sources = folder / "sources.yaml"
    sources.write_text(yaml.format(name=name, database=name))
    os.environ["HEADRACE_SOURCES"] = str(sources)
    stack = Stack(servers.site.home, servers.site.settings, (*SERVERS, *workers))
    with psycopg.connect(servers.site.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    stack.up(environment={"HEADRACE_SOURCES": str(sources)})
    with psycopg.connect(servers.site.dsn(name), autocommit=True) as sql:
        fill(sql)
        source = load_sources(sources).postgres[0]
        list(apply_source(source, read(ConnectSettings), read(KafkaSettings)))
        made = Desk(name, stack, sources, name, sql)
        made.until(lambda: made.verified()["consistent"], 180)
        yield made
    list(delete_source(source, read(ConnectSettings)))
    for worker in workers:
        stack.stop(worker)
    os.environ.pop("HEADRACE_SOURCES")


@pytest.fixture(scope="module")
def desk(stack_factory: StackSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:  # noqa: F811 - the fixture
    yield from desk_of(stack_factory, tmp_path_factory.mktemp("desk"), YAML, _fill, WORKERS)
