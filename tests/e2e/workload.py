"""Seeded random edits at a steady rate, from a thread of their own, with the end state that they must lead to.

A commit that the connection did not survive is in doubt. It is settled by asking the row, as any careful writer must: each edit leaves its number in the row,
and nobody else writes.
"""

from __future__ import annotations

import os
import random
import threading
import time
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import psycopg

from tests.e2e.texts import document, edited

TENANTS: Final = ("north", "south")
PRINCIPALS: Final = ("group:staff", "group:board", "user:ann", "public")
KINDS: Final = {"update": 60, "insert": 25, "delete": 10, "permission": 5}
RECONNECT_SECONDS: Final = 120.0
PER_SECOND: Final = float(os.environ.get("HEADRACE_E2E_RATE", "5"))
"""Edits a second: what two idle cores index without falling behind. A slower machine may be given less."""
SEED_SECTIONS: Final = 9
INSERTED_SECTIONS: Final = 3
_SELECT: Final = "SELECT id, tenant_id, title, body, allowed, edit FROM pages"
_INSERT: Final = "INSERT INTO pages (id, tenant_id, title, body, allowed, edit) VALUES (%s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Page:
    """One row of ``pages``."""

    id: int
    tenant_id: str
    title: str
    body: str
    allowed: tuple[str, ...]
    edit: int = 0

    @property
    def values(self) -> tuple[object, ...]:
        return (self.id, self.tenant_id, self.title, self.body, list(self.allowed), self.edit)


@dataclass(frozen=True, slots=True)
class Edit:
    """A statement, and the row that it leaves behind; None where it deletes it."""

    kind: str
    number: int
    page: Page
    sql: str
    params: tuple[object, ...]

    @property
    def left(self) -> Page | None:
        return None if self.kind == "delete" else self.page


class WorkloadFailedError(Exception):
    """The database did not come back in time."""


class Workload:
    """``pages`` is the state that the edits must lead to. Start it with ``with``; what runs when the block ends is finished first."""

    def __init__(self, dsn: str, *, seed: int, per_second: float = PER_SECOND) -> None:
        self._dsn = dsn
        self._random = random.Random(seed)
        self._pause = 1 / per_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="workload", daemon=True)
        self._error: Exception | None = None
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self.pages: dict[int, Page] = {}
        self.counts = dict.fromkeys(KINDS, 0)
        self.doubts = 0
        """Commits whose connection was lost, so that the row had to be asked."""

    @property
    def edits(self) -> int:
        return sum(self.counts.values())

    def seed_pages(self, count: int) -> None:
        """The rows to begin with."""
        for number in range(count):
            page = self._new_page(number + 1, SEED_SECTIONS)
            self.pages[page.id] = page
        with psycopg.connect(self._dsn) as connection, connection.cursor() as cursor:
            cursor.executemany(_INSERT, [page.values for page in self.pages.values()])

    def __enter__(self) -> Self:
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="workload", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=RECONNECT_SECONDS + 10)
        if self._error is not None:
            raise self._error

    def differences(self) -> list[int]:
        """Ids of rows in which the database is not what the committed edits made of it; none unless Postgres lost a commit."""
        with psycopg.connect(self._dsn) as connection:
            found = {row[0]: Page(row[0], row[1], row[2], row[3], tuple(row[4]), row[5]) for row in connection.execute(_SELECT)}
        return sorted(key for key in found.keys() | self.pages.keys() if found.get(key) != self.pages.get(key))

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._pause):
                edit = self._next()
                self._commit(edit)
                self.counts[edit.kind] += 1
                if edit.left is None:
                    del self.pages[edit.page.id]
                else:
                    self.pages[edit.page.id] = edit.left
        except Exception as error:  # noqa: BLE001  # handed to whoever leaves the block
            self._error = error
        finally:
            self._disconnect()

    def _new_page(self, number: int, sections: int) -> Page:
        return Page(number, self._random.choice(TENANTS), f"Page {number}", document(self._random, sections), self._principals())

    def _principals(self) -> tuple[str, ...]:
        return tuple(sorted(self._random.sample(PRINCIPALS, self._random.randint(0, 3))))

    def _next(self) -> Edit:
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        number = self.edits + 1
        if kind == "insert" or len(self.pages) < len(TENANTS):
            # A key that was deleted may come again: that is where a resurrected document would show.
            key = self._random.randint(1, 3 * len(self.pages) + 10)
            key = key if key not in self.pages else max(self.pages) + 1
            page = replace(self._new_page(key, INSERTED_SECTIONS), edit=number)
            return Edit("insert", number, page, _INSERT, page.values)
        page = self._random.choice(list(self.pages.values()))
        match kind:
            case "update":
                page = replace(page, body=edited(self._random, page.body), edit=number)
                return Edit(kind, number, page, "UPDATE pages SET body = %s, edit = %s WHERE id = %s", (page.body, number, page.id))
            case "permission":
                page = replace(page, allowed=self._principals(), edit=number)
                return Edit(kind, number, page, "UPDATE pages SET allowed = %s, edit = %s WHERE id = %s", (list(page.allowed), number, page.id))
            case _:
                return Edit("delete", number, page, "DELETE FROM pages WHERE id = %s", (page.id,))

    def _commit(self, edit: Edit) -> None:
        deadline = time.monotonic() + RECONNECT_SECONDS
        in_doubt = False
        while True:
            try:
                connection = self._connected()
                if in_doubt and self._landed(connection, edit):
                    return
                connection.execute(edit.sql.encode(), edit.params)
            except psycopg.OperationalError as error:
                self.doubts += self._connection is not None and not in_doubt
                in_doubt = True
                self._disconnect()
                if time.monotonic() > deadline:
                    raise WorkloadFailedError(f"Postgres did not come back within {RECONNECT_SECONDS:.0f} s") from error
                time.sleep(0.2)
            else:
                return

    def _landed(self, connection: psycopg.Connection[tuple[Any, ...]], edit: Edit) -> bool:
        row = connection.execute("SELECT edit FROM pages WHERE id = %s", (edit.page.id,)).fetchone()
        return row is None if edit.left is None else row == (edit.number,)

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=3)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
