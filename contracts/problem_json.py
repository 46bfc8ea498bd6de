"""Errors over HTTP as problem+json (RFC 9457), the same for every service. A problem names the cause and the cure in ``detail``; nothing else of an error leaves.

Expected trouble is raised as Problem, or turned into one by a service's own table. An unforeseen error is a 500 whose detail says only where to look: its
stack is logged without the message, which may hold text of a document.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Middleware
from pydantic import BaseModel, ConfigDict, Field

from contracts.failures import frames_of

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = "2"
UNAVAILABLE: Final = "A part of the service is not available"
_log = structlog.get_logger()


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="a stable name of the kind of problem, for programs")
    title: str = Field(description="the same for every problem of this kind")
    status: int
    detail: str = Field(description="the cause and the cure of this very problem")


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818  # the RFC's own word
    """An answer that is an error. ``kind`` is stable and for programs; ``extra`` are members beside those of the RFC."""

    status: int
    kind: str
    title: str
    detail: str
    extra: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> ProblemBody:
        return ProblemBody(type=f"urn:headrace:problem:{self.kind}", title=self.title, status=self.status, detail=self.detail, **self.extra)

    def response(self) -> web.Response:
        return web.Response(status=self.status, body=self.body().model_dump_json().encode(), content_type=CONTENT_TYPE, headers=dict(self.headers))


def unavailable(kind: str, detail: str) -> Problem:
    return Problem(503, kind, UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


def unforeseen(error: Exception) -> Problem:
    """A 500 for an error that no table knows; logged with its place and without its message."""
    _log.error("unforeseen error", error=type(error).__name__, frames=frames_of(error))
    return Problem(500, "internal", "Internal error", "The service failed; its log says where, under the event 'unforeseen error'.")


def of_http(error: web.HTTPException, details: Mapping[int, str]) -> Problem:
    """Errors of aiohttp itself; ``details`` has the service's cure by status: for 404, 405 and 413."""
    kind, title = _AIOHTTP.get(error.status, ("http", error.reason))
    # aiohttp's text of a 413 states the limit in bytes
    stated = f"{error.text} " if error.status == 413 else ""
    headers = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
    return Problem(error.status, kind, title, stated + details.get(error.status, error.reason), headers=headers)


class BrokenRequests(logging.Filter):
    """For the logger ``aiohttp.server``: what is no HTTP, or has a body that is not what its headers say, is one line without a stack. Anybody can send such, as often as they like, and the
    stack shows nothing but the parser.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError | web.RequestPayloadError):
            return True
        _log.info("broken request", error=type(error).__name__)
        return False


async def body_of(request: web.Request) -> bytes:
    """The body, decompressed. Raises Problem 400 for one that is not what its headers say, or ends too early: whoever sends it, it is no failure of ours."""
    try:
        return await request.read()
    except (web.RequestPayloadError, ConnectionResetError):
        cure = "It is not what its Content-Encoding or Transfer-Encoding says, or ended too early; send it again, uncompressed."
        raise Problem(400, "unreadable-body", "The body cannot be read", cure, headers={"Connection": "close"}) from None  # the error quotes the headers


def answering(problem_of: Callable[[Exception], Problem]) -> Middleware:
    """The middleware by which any error that a handler raises becomes a problem: the one place where every exception is caught."""

    @web.middleware
    async def problems(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            return problem_of(error).response() if error.status >= 400 else error
        except Exception as error:  # noqa: BLE001  # the edge of the process: no traceback may leave
            return problem_of(error).response()

    return problems


_AIOHTTP: Final = {
    404: ("not-found", "No such address"),
    405: ("method-not-allowed", "Method not allowed"),
    413: ("body-too-large", "Request body too large"),
}
