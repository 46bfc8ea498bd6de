"""The stack that a benchmark runs on: its own home and ports, one table, one API key a caller, everything as shipped."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import yaml

from bench.pipeline.corpus import Corpus, Page
from connectors.debezium import apply_source
from contracts.settings import ConnectSettings, KafkaSettings, read
from contracts.sources import PostgresSource, load_sources
from operations.demo.watching import IndexWatch, Prober
from operations.stack import Stack, StackSettings

TENANT: Final = "bench"
TABLE: Final = "public.pages"
PORT_BASE: Final = 26500
CALLERS: Final = {"staff": ["group:staff"], "guest": ["group:guests"]}
_SCHEMA: Final = """
CREATE TABLE pages (id bigint PRIMARY KEY, tenant text NOT NULL, title text NOT NULL, body text NOT NULL, allowed text[] NOT NULL);
ALTER TABLE pages REPLICA IDENTITY FULL;
"""
_INSERT: Final = "INSERT INTO pages (id, tenant, title, body, allowed) VALUES (%s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Site:
    stack: Stack
    source: PostgresSource
    keys: dict[str, str]
    watch: IndexWatch
    prober: Prober
    corpus: Corpus

    @property
    def dsn(self) -> str:
        return self.stack.site.dsn()

    def doc_id(self, number: int) -> str:
        return self.source.scope_of(self.source.table(TABLE)) + str(number)

    async def insert(self, numbers: Iterator[int] | range) -> None:
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection, connection.cursor() as cursor:
            await cursor.executemany(_INSERT, [row(self.corpus.page(number)) for number in numbers])

    async def apply(self) -> None:
        """Register the connector with the project's own code; its first load begins."""
        await asyncio.to_thread(lambda: list(apply_source(self.source, read(ConnectSettings), read(KafkaSettings))))

    async def loaded(self, documents: int, seconds: float) -> None:
        """Return when so many documents are in the index. Raises TimeoutError with how many are."""
        while len(self.watch.documents) < documents:
            if not await self.watch.more_documents_than(len(self.watch.documents), seconds):
                raise TimeoutError(f"{len(self.watch.documents)} of {documents} documents, then nothing for {seconds:.0f} s")


def row(page: Page) -> tuple[int, str, str, str, list[str]]:
    return (page.id, page.tenant, page.title, page.body, list(page.allowed))


@asynccontextmanager
async def bench_site(
    *,
    overlap: float = 0.2,
    names: bool = False,
    programs: tuple[str, ...] | None = None,
    more_ddl: str = "",
    more: Mapping[str, Any] | None = None,
    port_base: int = PORT_BASE,
) -> AsyncIterator[Site]:
    """A fresh stack with an empty table; down and removed afterwards. ``more_ddl`` goes on after the table, ``more`` is written over its declaration."""
    with temporary_home() as home:
        stack = Stack(home, StackSettings(port_base=port_base), *([programs] if programs else []))
        keys = _write_keys(home)
        sources = _write_sources(home, overlap=overlap, names=names, more=more or {})
        chosen = {"HEADRACE_SOURCES": str(sources), "HEADRACE_QUERY_API_KEYS_FILE": str(home / "api-keys.yaml")}
        try:
            await asyncio.to_thread(stack.up, environment=chosen)
            with psycopg.connect(stack.site.dsn(), autocommit=True) as connection:
                connection.execute(_SCHEMA + more_ddl)
            prober = Prober(f"http://{stack.site.address('query')}")
            async with IndexWatch(stack.site.address("kafka")) as watch:
                yield Site(stack, load_sources(sources).postgres[0], keys, watch, prober, Corpus())
            await prober.aclose()
        finally:
            await asyncio.to_thread(stack.down)


@contextmanager
def temporary_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    before = os.environ.get("HEADRACE_HOME")
    os.environ["HEADRACE_HOME"] = str(folder)
    try:
        yield folder
    finally:
        os.environ.pop("HEADRACE_HOME") if before is None else os.environ.__setitem__("HEADRACE_HOME", before)
        shutil.rmtree(folder, ignore_errors=True)


def _write_keys(home: Path) -> dict[str, str]:
    keys = {name: secrets.token_urlsafe(24) for name in CALLERS}
    entries = [
        {"name": name, "key_sha256": hashlib.sha256(key.encode()).hexdigest(), "tenant": TENANT, "principals": CALLERS[name]} for name, key in keys.items()
    ]
    (home / "api-keys.yaml").write_text(yaml.safe_dump({"keys": entries}))
    return keys


def _write_sources(home: Path, *, overlap: float, names: bool, more: Mapping[str, Any]) -> Path:
    table = {"name": TABLE, "key": ["id"], "tenant": "{tenant}", "title": "title", "body": "body", "allowed": "allowed", "doc_type": "page"} | dict(more)
    connection = {name: f"env:HEADRACE_DEMO_{name.upper()}" for name in ("host", "port", "database", "user", "password")}
    source = {"name": "pages", "type": "postgres", "connection": connection, "redaction": {"names": names}, "chunking": {"overlap": overlap}, "tables": [table]}
    path = home / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": [source]}))
    return path
