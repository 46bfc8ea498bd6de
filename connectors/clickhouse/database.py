"""The one adapter that knows ClickHouse's client: queries out, lines of JSON in, errors as ours. Queries run in a thread, one client a table.

The client's own messages quote the server's, which quote values: only codes are kept of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import IOBase
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import clickhouse_connect
import orjson
import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError as DriverError
from clickhouse_connect.driver.exceptions import ProgrammingError

from connectors.clickhouse import statements
from connectors.clickhouse.errors import AccessDeniedError, ClickHouseError, MissingTableError, QueryRefusedError, ServerUnavailableError
from connectors.clickhouse.rows import BrokenAnswerError
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseTable

_CONNECT_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 120
_REFUSED_LOGIN: Final = frozenset({192, 193, 194, 516})
_NO_GRANT: Final = 497
_READ_ONLY: Final = 164
_NO_SUCH_TABLE: Final = frozenset({60, 81})
_Answer = TypeVar("_Answer")


class Database:
    """One table's way to its server."""

    def __init__(self, connection: ClickHouseConnection, table: ClickHouseTable, password: str) -> None:
        self._connection = connection
        self._table = table
        self._password = password
        self._client: Client | None = None

    async def open(self) -> None:
        """Raises ClickHouseError."""
        self._client = await self._in_thread(self._connect)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)

    async def rows(self, sql: str) -> list[list[Any]]:
        """A small answer as lists of values. Raises ClickHouseError."""
        return await self._in_thread(lambda: [orjson.loads(line) for line in self._lines(sql)])

    async def page(self, sql: str, read: Callable[[bytes], _Answer], max_bytes: int) -> tuple[list[_Answer], bool]:
        """What ``read`` makes of the lines of an answer, up to the one that exceeds so many bytes, and whether that was all of them. Raises ClickHouseError."""

        def read_page() -> tuple[list[_Answer], bool]:
            found: list[_Answer] = []
            size = 0
            for line in self._lines(sql):
                found.append(read(line))
                size += len(line)
                if size >= max_bytes:
                    return found, False
            return found, True

        return await self._in_thread(read_page)

    async def each(self, sql: str, take: Callable[[bytes], None]) -> None:
        """Gives every line of a large answer to ``take``, in the thread that reads it. Raises ClickHouseError."""

        def read() -> None:
            for line in self._lines(sql):
                take(line)

        await self._in_thread(read)

    def lines(self, sql: str) -> Iterator[bytes]:
        """The lines of an answer, for one who has a thread of its own. Raises ClickHouseError."""
        with self._as_ours():
            yield from self._lines(sql)

    def _connect(self) -> Client:
        connection = self._connection
        if connection.embedded:
            return clickhouse_connect.get_client(dsn=connection.url, show_clickhouse_errors=False)
        url = urlsplit(connection.address)
        return clickhouse_connect.get_client(
            host=url.hostname,
            port=url.port or (8443 if url.scheme == "https" else 8123),
            secure=url.scheme == "https",
            username=connection.user,
            password=self._password,
            database=connection.database,
            connect_timeout=_CONNECT_SECONDS,
            send_receive_timeout=_ANSWER_SECONDS,
            query_retries=0,
            autogenerate_session_id=False,  # so that keys can be compared while changes are read
            show_clickhouse_errors=False,
            client_name="headrace",
        )

    def _lines(self, sql: str) -> Iterator[bytes]:
        if self._client is None:
            raise ServerUnavailableError(self._connection.address, "not connected")
        answer = self._client.raw_stream(sql, fmt=statements.FORMAT, settings=statements.SETTINGS, use_database=not self._connection.embedded)
        if not isinstance(answer, IOBase):  # the other kind is the asynchronous client's
            raise TypeError(type(answer).__name__)
        try:
            for line in answer:
                if not line.endswith(b"\n"):
                    raise BrokenAnswerError("the answer broke off")
                yield line
        finally:
            answer.close()

    async def _in_thread(self, work: Callable[[], _Answer]) -> _Answer:
        with self._as_ours():
            return await asyncio.to_thread(work)

    @contextmanager
    def _as_ours(self) -> Iterator[None]:
        try:
            yield
        except (urllib3.exceptions.HTTPError, OSError, BrokenAnswerError, orjson.JSONDecodeError) as error:
            raise ServerUnavailableError(self._connection.address, type(error).__name__) from None
        except ProgrammingError:
            cure = "Use ClickHouse 24.3 or newer, and let the user set settings (readonly = 2 or 0)."
            raise QueryRefusedError(f"ClickHouse at {self._connection.address} has not the settings that reading needs", cure) from None
        except DriverError as error:
            raise self._told(getattr(error, "code", None)) from None

    def _told(self, code: int | None) -> ClickHouseError:
        user, address = self._connection.user, self._connection.address
        if code is None:
            return ServerUnavailableError(address, "no answer")
        if code in _REFUSED_LOGIN:
            return AccessDeniedError(f"ClickHouse at {address} refuses the user {user} or its password (code {code})", "Correct 'user' and 'password'.", code)
        if code == _NO_GRANT:
            return AccessDeniedError(f"{user} may not read {self._table.name} (code {code})", f"GRANT SELECT ON {self._table.name} TO {user}.", code)
        if code in _NO_SUCH_TABLE:
            return MissingTableError(self._table.name, user)
        if code == _READ_ONLY:
            return QueryRefusedError(f"{user} may not set settings (code {code})", "Give it readonly = 2, which allows settings and no writes.", code)
        return QueryRefusedError(f"ClickHouse refused a query on {self._table.name} (code {code})", "Its query log says why (system.query_log).", code)
