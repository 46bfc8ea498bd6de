"""All keys of a table against what was last written of each: finds rows that are gone without a mark, and states that no poll saw.

What was written is read first, then the table: a key that is missing from the table then was deleted, since it was written before. Keys of the last seconds (the
safety lag) are left to the poller, and so is every key that it writes meanwhile. Both sides lie in a temporary SQLite file, so that memory does not grow with them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import orjson

from connectors.clickhouse import statements
from connectors.clickhouse.columns import Shape
from connectors.clickhouse.database import Database
from connectors.clickhouse.keys import Known, decode_known, keys_topic, next_sequence, row_key
from connectors.clickhouse.log import read_topic
from connectors.clickhouse.metrics import REPAIRS
from connectors.clickhouse.records import key_bytes
from connectors.clickhouse.rows import RowReader
from connectors.clickhouse.writer import TableWriter

_Item = TypeVar("_Item")
_TOPIC_SECONDS: Final = 3600.0
_KEYS_AT_ONCE: Final = 200
_REMEMBER_DELETES_US: Final = 30 * 86_400 * 1_000_000
"""As long as the index itself remembers a delete."""
_TABLES: Final = """
CREATE TABLE known (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE present (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE unread (place TEXT, key BLOB);
"""
_MISSING: Final = "SELECT key, value FROM known WHERE key NOT IN (SELECT key FROM present)"


@dataclass(frozen=True, slots=True)
class Findings:
    """``missing`` are keys that are gone, ``unread`` the places of keys with a state that was not written, ``outdated`` deletes to forget."""

    missing: tuple[tuple[bytes, Known], ...]
    unread: tuple[tuple[tuple[str, ...], Known | None], ...]
    outdated: tuple[bytes, ...]


class Books:
    """Both sides of one comparison. ``floor``: what is newer is left alone."""

    def __init__(self, shape: Shape, floor: int) -> None:
        self._key = shape.table.key
        self._converters = shape.converters[: len(self._key)]
        self._floor = floor
        self._file = sqlite3.connect("", check_same_thread=False)  # a temporary file, which SQLite removes itself; used by one thread at a time
        self._file.executescript(_TABLES)

    def close(self) -> None:
        self._file.close()

    def written(self, key: bytes | None, value: bytes | None) -> None:
        """A record of ``keys.*``: the last one of a key counts."""
        if value is None:
            self._file.execute("DELETE FROM known WHERE key = ?", (key,))
        else:
            self._file.execute("INSERT OR REPLACE INTO known VALUES (?, ?)", (key, value))

    def there(self, line: bytes) -> None:
        """A line of ``statements.all_keys``."""
        ticks, version, deleted, *rest = orjson.loads(line)
        place, values = rest[: len(self._key)], rest[len(self._key) :]
        key = key_bytes({name: value if convert is None else convert(value) for name, value, convert in zip(self._key, values, self._converters, strict=True)})
        self._file.execute("INSERT OR IGNORE INTO present VALUES (?)", (key,))
        if ticks >= self._floor:
            return
        known = self._known(key)
        if (known is None and not deleted) or (known is not None and (known.ticks, known.version, known.deleted) != (ticks, version, bool(deleted))):
            self._file.execute("INSERT INTO unread VALUES (?, ?)", (orjson.dumps(place).decode(), key))

    def findings(self, now_us: int) -> Findings:
        missing: list[tuple[bytes, Known]] = []
        outdated: list[bytes] = []
        for key, value in self._file.execute(_MISSING):
            known = decode_known(value)
            if not known.deleted and known.ticks < self._floor:
                missing.append((key, known))
            elif known.deleted and known.time_us < now_us - _REMEMBER_DELETES_US:
                outdated.append(key)
        unread = [(tuple(orjson.loads(place)), self._known(key)) for place, key in self._file.execute("SELECT place, key FROM unread").fetchall()]
        return Findings(tuple(missing), tuple(unread), tuple(outdated))

    def _known(self, key: bytes) -> Known | None:
        found = self._file.execute("SELECT value FROM known WHERE key = ?", (key,)).fetchone()
        return None if found is None else decode_known(found[0])


async def compare(servers: str, source: str, database: Database, shape: Shape, floor: int) -> Findings:
    """Raises ClickHouseError, LogUnavailableError."""
    books = Books(shape, floor)
    try:
        await read_topic(servers, keys_topic(source, shape.table.name), books.written, _TOPIC_SECONDS)
        await database.each(statements.all_keys(shape), books.there)
        return await asyncio.to_thread(books.findings, time.time_ns() // 1000)
    finally:
        books.close()


class Repair:
    """Writes what a comparison found, a few keys at a time."""

    def __init__(self, findings: Findings, database: Database, shape: Shape, reader: RowReader, writer: TableWriter, source: str) -> None:
        self._missing = _chunks(findings.missing, shape.table.batch_rows)
        self._unread = _chunks(findings.unread, _KEYS_AT_ONCE)
        self._outdated = _chunks(findings.outdated, shape.table.batch_rows)
        self._database = database
        self._shape = shape
        self._reader = reader
        self._writer = writer
        self._count = {kind: REPAIRS.labels(source, shape.table.name, kind) for kind in ("missing", "unread")}

    async def step(self) -> bool:
        """One transaction; whether it was the last. Raises ClickHouseError, LogUnavailableError."""
        writer, touched = self._writer, self._writer.touched or set()
        if self._missing:
            gone = [(key, known) for key, known in self._missing.pop(0) if key not in touched]
            await writer.missing(gone, writer.cursor)
            self._count["missing"].inc(len(gone))
            return False
        if self._unread:
            await self._write_unread(dict(self._unread.pop(0)), touched)
            return False
        if self._outdated:
            await writer.forget([key for key in self._outdated.pop(0) if key not in touched], writer.cursor)
            return False
        await writer.commit([], replace(writer.cursor, compared_us=time.time_ns() // 1000))
        return True

    async def _write_unread(self, known: dict[tuple[str, ...], Known | None], touched: set[bytes]) -> None:
        rows, _ = await self._database.page(statements.rows_of_keys(self._shape, known), self._reader.read, self._shape.table.batch_bytes * _KEYS_AT_ONCE)
        chosen = []
        for row in rows:
            before = known[row.position.key or ()]
            if row_key(row) not in touched:
                chosen.append((row, next_sequence(row.sequence, None if before is None else before.sequence)))
        await self._writer.sequenced(chosen, "live", self._writer.cursor)
        self._count["unread"].inc(len(chosen))


def _chunks(items: Sequence[_Item], size: int) -> list[Sequence[_Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
