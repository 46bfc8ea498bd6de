"""Routes under a common start. The vendor answers every path with and without ``.json``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Routes:
    def __init__(self, start: str) -> None:
        self.table: list[web.RouteDef] = []
        self._start = start

    def add(self, method: str, path: str, handler: Handler) -> None:
        self.table += [web.route(method, self._start + path + end, handler) for end in ("", ".json")]


def number(request: web.Request, name: str = "id") -> int:
    """An id of the path."""
    return int(request.match_info[name])


def base(request: web.Request) -> str:
    """``http://host:port``: the start of every URL in an answer."""
    return str(request.url.origin())
