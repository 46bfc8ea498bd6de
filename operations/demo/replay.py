"""``headrace demo --replay FILE``: a real revision history, committed page by page, with the true cost of each change.

FILE is JSON lines, plain or gzipped: ``rev`` (int), ``at`` (ISO 8601), ``op`` (upsert or delete), ``path``, ``text`` (Markdown, null for a delete). Revision 0
is loaded at once; then the revisions are committed in order, a transaction each, as fast as they become searchable.
"""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal

import psycopg
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from contracts.events import describe_validation
from contracts.identity import document_id
from contracts.sources import PostgresSource
from operations.demo.watching import IndexWatch

TENANT: Final = "replay"
TABLE: Final = "public.revised_pages"
WAIT_SECONDS: Final = 5.0
LOAD_SECONDS: Final = 120.0
SCHEMA: Final = """
DROP TABLE IF EXISTS revised_pages;
CREATE TABLE revised_pages (path text PRIMARY KEY, text text NOT NULL, published_at timestamptz NOT NULL);
ALTER TABLE revised_pages REPLICA IDENTITY FULL;
"""
_UPSERT: Final = """INSERT INTO revised_pages VALUES (%(path)s, %(text)s, %(at)s)
ON CONFLICT (path) DO UPDATE SET text = excluded.text, published_at = excluded.published_at"""
_DELETE: Final = "DELETE FROM revised_pages WHERE path = %(path)s"


class ReplayFileError(Exception):
    """The file is no revision history; names the line."""


class Revision(BaseModel):
    """One page of one revision."""

    model_config = ConfigDict(frozen=True)
    rev: int
    at: str
    op: Literal["upsert", "delete"]
    path: str
    text: str | None


def read_revisions(path: Path) -> Iterator[Revision]:
    """In the order of the file. Raises ReplayFileError."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield Revision.model_validate_json(line)
                except ValidationError as error:
                    raise ReplayFileError(f"{path}, line {number}: {describe_validation(error)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ReplayFileError(f"{path} cannot be read: {error}") from None


def write_sources(folder: Path) -> Path:
    """A sources.yaml for the replayed pages: public to every reader of the tenant."""
    connection = {name: f"env:HEADRACE_DEMO_{name.upper()}" for name in ("host", "port", "database", "user", "password")}
    table = {"name": TABLE, "key": ["path"], "tenant": TENANT, "title": "path", "body": "text", "allowed": ["public"], "doc_type": "page"}
    path = folder / "replay-sources.yaml"
    path.write_text(yaml.safe_dump({"sources": [{"name": "replay", "type": "postgres", "connection": connection, "tables": [table]}]}))
    return path


async def replay(dsn: str, source: PostgresSource, watch: IndexWatch, revisions: list[Revision], console: Console) -> list[str]:
    """Commit every revision after the first and wait until the index has it; the failures in words."""
    failures: list[str] = []
    waits: list[float] = []
    later = [revision for revision in revisions if revision.rev > 0]
    groups = [list(group) for _, group in groupby(later, key=lambda revision: revision.rev)]
    since = len(watch.changes)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        for group in track(groups, description="  replaying", console=console, disable=not console.is_terminal):
            since_us = time.time_ns() // 1000
            async with connection.transaction():
                for revision in group:
                    await connection.execute(_DELETE if revision.op == "delete" else _UPSERT, revision.model_dump())
            committed = time.perf_counter()
            for path in {revision.path for revision in group}:
                doc_id = document_id(source.scope_of(source.table(TABLE)), (path,))
                if await watch.change_of(TENANT, doc_id, since_us, WAIT_SECONDS) is None:
                    failures.append(f"revision {group[0].rev}: {path} was not indexed within {WAIT_SECONDS:.0f} s")
            waits.append(time.perf_counter() - committed)
    _summarize(watch, since, waits, console)
    return failures


async def load_first(dsn: str, revisions: list[Revision]) -> int:
    """Revision 0 into the table, before the connector looks at it; how many pages."""
    first = [revision for revision in revisions if revision.rev == 0 and revision.op == "upsert"]
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(SCHEMA)
        async with connection.cursor() as cursor:
            await cursor.executemany(_UPSERT, [revision.model_dump() for revision in first])
    return len(first)


def _summarize(watch: IndexWatch, since: int, waits: list[float], console: Console) -> None:
    changes = watch.changes[since:]
    edits = [change for change in changes if change.change == "upsert" and change.kept]
    fields: dict[str, Any] = {"embedded": sum(change.embedded for change in changes), "kept": sum(change.kept for change in changes)}
    console.print(
        f"  {len(waits)} revisions, {len(changes)} page changes; commit → in the index: median {statistics.median(waits) * 1000:.0f} ms"
        if waits
        else "  no revisions"
    )
    console.print(
        f"  chunks embedded {fields['embedded']}, kept {fields['kept']}"
        + (f"; {statistics.mean(change.embedded for change in edits):.2f} embedded an edited page" if edits else "")
    )
    console.print(escape(f"  documents now: {len(watch.documents)}"))
