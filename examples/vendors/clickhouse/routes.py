"""``GET /ping`` and ``POST|GET /``, as ClickHouse's HTTP interface has them: the query in the body or in ``?query=`` with rows in the body, settings as parameters.

Not here: sessions, compression, progress headers, query parameters (``param_…``) and roles. Whoever names the right user and password may do everything.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from examples.vendors.clickhouse.engine import Engine, QueryError

MAX_BODY_BYTES: Final = 512 * 1024 * 1024
AUTHENTICATION_FAILED: Final = 516
_STATUSES: Final = {AUTHENTICATION_FAILED: 403, 497: 403, 60: 404, 81: 404, 47: 404, 62: 400}
"""What ClickHouse answers for some of its codes; 500 for the rest."""
_NO_SETTINGS: Final = frozenset(
    {"query", "database", "user", "password", "default_format", "query_id", "session_id", "session_timeout", "session_check", "quota_key"}
    | {"wait_end_of_query", "buffer_size", "compress", "decompress", "client_protocol_version", "role", "stacktrace", "readonly"}
    | {"send_progress_in_http_headers", "http_headers_progress_interval_ms", "enable_http_compression", "cancel_http_readonly_queries_on_client_close"}
)


@dataclass(frozen=True, slots=True)
class Account:
    user: str
    password: str


def application(engine: Engine, account: Account) -> web.Application:
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    routes = _Routes(engine, account)
    app.add_routes([web.get("/ping", routes.ping), web.get("/", routes.query), web.post("/", routes.query)])
    return app


class _Routes:
    def __init__(self, engine: Engine, account: Account) -> None:
        self._engine = engine
        self._account = account

    async def ping(self, _: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def query(self, request: web.Request) -> web.Response:
        if _caller(request) != self._account:
            text = (
                f"Code: {AUTHENTICATION_FAILED}. DB::Exception: {_caller(request).user}: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)"
            )
            return _refused(AUTHENTICATION_FAILED, text)
        body = await request.read()
        asked = request.query.get("query")
        sql, data = (body, b"") if asked is None else (asked.encode(), body)
        output_format = request.query.get("default_format") or "TabSeparated"
        settings = {name: value for name, value in request.query.items() if name not in _NO_SETTINGS and not name.startswith("param_")}
        try:
            answer = await asyncio.to_thread(self._engine.run, sql, data, output_format, request.query.get("database", ""), settings)
        except QueryError as error:
            return _refused(error.code, str(error))
        return web.Response(body=answer, headers={"X-ClickHouse-Format": output_format, "X-ClickHouse-Timezone": "UTC", "X-ClickHouse-Summary": "{}"})


def _caller(request: web.Request) -> Account:
    """By ClickHouse's headers, by Basic authentication or by parameters."""
    if "X-ClickHouse-User" in request.headers:
        return Account(request.headers["X-ClickHouse-User"], request.headers.get("X-ClickHouse-Key", ""))
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return Account("", "")
        return Account(user, password)
    return Account(request.query.get("user", "default"), request.query.get("password", ""))


def _refused(code: int, text: str) -> web.Response:
    status = _STATUSES.get(code, HTTPStatus.INTERNAL_SERVER_ERROR)
    return web.Response(status=status, text=text + "\n", headers={"X-ClickHouse-Exception-Code": str(code)})
