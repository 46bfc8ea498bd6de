"""Changes as they happen. Each look at the table that finds something new reads what is not older than the newest row known; from time to time, and at once after
a rest, it begins earlier by the safety lag, which finds what became visible late.

Invariants: ``high`` never passes the server's clock, so that one row with a time in the future does not hide all that follow; a look back begins at the lag
before what was the newest row at the look back before it, so that between the two nothing falls through. The cursor remembers that one, for a look back that comes
after a restart.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from connectors.clickhouse import statements
from connectors.clickhouse.columns import Shape
from connectors.clickhouse.database import Database
from connectors.clickhouse.metrics import POLL_SECONDS
from connectors.clickhouse.pages import Limits, batches, pages
from connectors.clickhouse.rows import RowReader
from connectors.clickhouse.window import Window
from connectors.clickhouse.writer import TableWriter

_LOOKS_BACK_PER_LAG: Final = 10
"""A row within the lag is read again at most so often, however long the lag is."""


@dataclass(frozen=True, slots=True)
class Look:
    """``now`` in ticks; ``altered`` and ``written`` are only compared. ``written`` is None where the engine cannot tell."""

    now: int
    altered: object
    written: object


async def look(database: Database, shape: Shape) -> Look:
    """Raises ClickHouseError."""
    return Look(*(await database.rows(statements.look(shape)))[0])


def lag_ticks(shape: Shape) -> int:
    return round(shape.table.safety_lag_seconds * shape.ticks_per_second)


class Live:
    """The live side of one session."""

    def __init__(self, database: Database, shape: Shape, reader: RowReader, writer: TableWriter, source: str) -> None:
        table = shape.table
        self._database = database
        self._shape = shape
        self._reader = reader
        self._writer = writer
        self._limits = Limits(table.batch_rows, table.batch_bytes)
        self._lag = lag_ticks(shape)
        self._pause = max(table.poll_seconds, table.safety_lag_seconds / _LOOKS_BACK_PER_LAG)
        self._window = Window()
        self._written: object = None
        self._high_before = writer.cursor.back
        self._back_due = 0.0
        self._back_wanted = True
        self._seconds = POLL_SECONDS.labels(source, table.name)

    @property
    def floor(self) -> int:
        """What is older is read no more."""
        return self._high_before - self._lag

    async def poll(self, seen: Look) -> int:
        """Writes what is new, and says how many rows that was. Raises ClickHouseError, LogUnavailableError."""
        changed = seen.written is None or seen.written != self._written
        self._back_wanted = self._back_wanted or changed
        back = self._back_wanted and time.monotonic() >= self._back_due
        if not changed and not back:
            return 0
        high = self._writer.cursor.high
        with self._seconds.time():
            found = await self._read(self.floor if back else high, seen.now)
        self._written = seen.written
        if back:
            self._back_wanted = seen.written is None
            self._back_due = time.monotonic() + self._pause
            self._high_before = high  # in the cursor with the next rows: until then a restart looks back further than it need
            self._window.forget_before(self.floor)
        return found

    async def _read(self, low: int, now: int) -> int:
        found = 0
        async for page in pages(self._database, self._shape, self._reader, self._limits, low, None, None):
            for batch in batches(self._window.unseen(page), self._limits):
                await self._writer.rows(batch, "live", self._writer.cursor.seen(min(now, batch[-1].position.ticks), self._high_before))
                self._window.add(batch)
                found += len(batch)
        return found
