"""Reads documents from a source's database, over one connection of its own. Every error leaves it as one of errors.py; after those that pass the connection is made anew."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import structlog

from connectors.debezium.database import connection_info
from connectors.debezium.errors import ConnectorError
from connectors.debezium.snapshots import request_snapshot
from connectors.gather.changes import Key
from connectors.gather.errors import (
    DatabaseAwayError,
    GatherError,
    ImpossibleValueError,
    MissingColumnsError,
    NotVisibleError,
    StatementRefusedError,
    TooLargeError,
)
from contracts.rows.reading import TableReading, tables_of
from contracts.rows.related_sql import PARENT
from contracts.rows.snapshots import Snapshot
from contracts.rows.sql_rows import COLUMN_TYPES, as_text, quoted, session_options
from contracts.rows.sql_values import value_from_text
from contracts.rows.values import text_of
from contracts.sources import PostgresSource, Table

KEYS_AT_ONCE: Final = 100
"""Documents in one statement: bounds what is in memory, and how long others wait."""
_MATCHES_AT_ONCE: Final = 1000
_TYPES_SECONDS: Final = 10.0
"""How long the columns' types are taken as they were. A statement that fails has them read at once."""
_FIRST_PAUSE_SECONDS: Final = 0.001
_LONGEST_PAUSE_SECONDS: Final = 0.1
_ASK_SECONDS: Final = 1.0
VISIBLE_SECONDS: Final = 30.0
_STATE: Final = "SELECT pg_current_snapshot()::text"
_OPTIONS: Final = session_options() + " -c jit=off"
_ALIVE: Final[dict[str, int]] = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
"""So that a server that is gone without a word is told from one that takes its time."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows by their key, in one state of the database."""

    snapshot: Snapshot
    rows: Mapping[Key, Mapping[str, object]]


class Database:
    """One source's, for one task. ``VISIBLE_SECONDS`` bounds how long it waits for a transaction."""

    def __init__(self, source: PostgresSource, table: Table) -> None:
        self._source = source
        self._table = table
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._reading: TableReading | None = None
        self._read_at = 0.0

    async def close(self) -> None:
        """Also after an error: what the connection was at is not known then."""
        connection, self._connection, self._reading = self._connection, None, None
        if connection is not None:
            await connection.close()

    async def showing(self, transactions: Collection[int]) -> Snapshot:
        """The state now, which shows what all of the transactions did: the log may tell of a commit a moment before it is visible."""
        began, pause = time.monotonic(), _FIRST_PAUSE_SECONDS
        pending = set(transactions)
        while True:
            snapshot = await self._snapshot()
            pending = {transaction for transaction in pending if not snapshot.shows(transaction)}
            if not pending:
                return snapshot
            waited = time.monotonic() - began
            if waited > _ASK_SECONDS:
                pending = await self._of_this_history(pending, snapshot)
            if pending and waited > VISIBLE_SECONDS:
                raise NotVisibleError(min(pending), waited)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def rows(self, keys: Sequence[Key], transactions: Collection[int] = ()) -> Rows:
        """Those of the rows that exist, with all that belongs to their documents, in a state that shows the transactions: nearly always the first that is looked at.

        Raises TooLargeError where they are too much for one statement.
        """
        found = await self._rows(keys)
        if all(found.snapshot.shows(transaction) for transaction in transactions):
            return found
        await self.showing(transactions)
        return await self._rows(keys)

    async def _rows(self, keys: Sequence[Key]) -> Rows:
        reading = await self._types()
        found = f"SELECT {reading.expressions()} FROM {reading.key_arrays()} JOIN {reading.source()} ON {reading.key_condition()}"  # noqa: S608 - quoted
        statement = f"SELECT now.state, found.* FROM (SELECT pg_current_snapshot()::text AS state) AS now LEFT JOIN ({found}) AS found ON true"  # noqa: S608 - quoted
        answers = await self._all(statement, self._arrays(reading, self._table.key, keys))
        names = (*self._table.columns, *self._table.related)
        rows: dict[Key, Mapping[str, object]] = {}
        for _, *values in answers:
            raw = dict(zip(names, values, strict=True))
            if raw[self._table.key[0]] is not None:
                row = reading.row(raw)
                rows[tuple(text_of(row[column]) for column in self._table.key)] = row
        return Rows(Snapshot.parse(answers[0][0]), rows)

    async def matching(self, columns: Sequence[str], values: Sequence[Key]) -> AsyncIterator[list[Key]]:
        """The keys of all rows whose columns have one of the values, page by page. The server keeps the list, no transaction stays open for it."""
        reading = await self._types()
        types = reading.own_types
        shown = ", ".join(as_text(column, types[column], PARENT + ".") for column in self._table.key)
        arrays = ", ".join(f"${number}::text[]::{types[column]}[]" for number, column in enumerate(columns, 1))
        listed = ", ".join(f"{PARENT}.{quoted(column)}" for column in columns)
        statement = f"SELECT {shown} FROM {reading.source()} WHERE ({listed}) IN (SELECT * FROM unnest({arrays}))"  # noqa: S608 - quoted
        with _told():
            cursor = psycopg.AsyncRawServerCursor(await self._connected(), "headrace_gather", withhold=True)
            try:
                await cursor.execute(statement.encode(), self._arrays(reading, columns, values))
                while page := await cursor.fetchmany(_MATCHES_AT_ONCE):
                    yield [tuple(text_of(value_from_text(text, types[column])) for column, text in zip(self._table.key, key, strict=True)) for key in page]
            finally:
                await cursor.close()

    async def have_all_read(self) -> None:
        """Every row of the table comes on its backfill topic, by an incremental snapshot."""
        try:
            await asyncio.to_thread(request_snapshot, self._source, self._table.name)
        except ConnectorError as error:
            raise DatabaseAwayError(error.cause) from error

    # -- the connection --------------------------------------------------------------------------------------------------------------

    async def _snapshot(self) -> Snapshot:
        ((state,),) = await self._all(_STATE, ())
        return Snapshot.parse(state)

    async def _of_this_history(self, transactions: set[int], snapshot: Snapshot) -> set[int]:
        """Without those that this database has not given out yet: they are of a history that a restore ended, and there is nothing to wait for."""
        ((newest,),) = await self._all("SELECT pg_current_xact_id()::text", ())
        future = {transaction for transaction in transactions if snapshot.whole(transaction) > int(newest)}
        if future:
            _log.warning("changes_of_another_history", source=self._source.name, table=self._table.name, transactions=len(future))
        return transactions - future

    async def _types(self) -> TableReading:
        if self._reading is None or time.monotonic() - self._read_at > _TYPES_SECONDS:
            types: dict[str, dict[str, str]] = {}
            for name in tables_of(self._table):
                schema, _, table = name.partition(".")
                with _told():
                    cursor = await (await self._connected()).execute(COLUMN_TYPES.encode(), {"schema": schema, "table": table})
                    types[name] = dict(await cursor.fetchall())
            reading = TableReading(self._table, types)
            if absent := reading.absent():
                raise MissingColumnsError(absent)
            self._reading, self._read_at = reading, time.monotonic()
        return self._reading

    async def _all(self, statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        with _told():
            async with psycopg.AsyncRawCursor(await self._connected()) as cursor:
                await cursor.execute(statement.encode(), parameters)
                return await cursor.fetchall()

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            try:
                info = connection_info(self._source, options=_OPTIONS)
            except ConnectorError as error:
                raise DatabaseAwayError(f"{error.cause} {error.cure}") from error
            connection = await psycopg.AsyncConnection.connect(psycopg.conninfo.make_conninfo(info, **_ALIVE), autocommit=True)
            if await (await connection.execute("SELECT pg_is_in_recovery()")).fetchone() != (False,):
                await connection.close()
                raise DatabaseAwayError("the server is a standby, whose states have no order; connection.host has to name the primary")
            self._connection = connection
        return self._connection

    @staticmethod
    def _arrays(reading: TableReading, columns: Sequence[str], keys: Sequence[Key]) -> list[list[str]]:
        """An array for each column; bytea stands in keys as the connector writes it, in base64."""
        arrays = [list(values) for values in zip(*keys, strict=True)]
        binary = [reading.own_types[column] == "bytea" for column in columns]
        return [["\\x" + base64.b64decode(value).hex() for value in values] if is_binary else values for values, is_binary in zip(arrays, binary, strict=True)]


@contextmanager
def _told() -> Iterator[None]:
    """The driver's errors as ours."""
    try:
        yield
    except (psycopg.errors.ProgramLimitExceeded, psycopg.errors.OutOfMemory) as error:
        raise TooLargeError(type(error).__name__) from error
    except psycopg.DataError as error:
        raise ImpossibleValueError(type(error).__name__) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseAwayError(f"the database does not answer ({str(error).strip().partition(chr(10))[0] or type(error).__name__})") from error
    except psycopg.Error as error:
        raise StatementRefusedError(error) from error


__all__ = ["KEYS_AT_ONCE", "Database", "GatherError", "Rows"]
