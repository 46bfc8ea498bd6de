"""Errors as problem+json (RFC 9457). A problem names the cause and the cure in ``detail``; nothing else of an error ever leaves the service.

Expected trouble is raised as Problem or as one of the errors of the index and the model server, which the table here turns into a status. An unforeseen
error is a 500 whose detail says only where to look: its stack is logged without the message, which may hold text of a document.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from index.embedding import EmbeddingUnavailableError, TextRejectedError
from index.store import StoreUnavailableError

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = "2"
UNAVAILABLE: Final = "A part of the service is not available"
_log = structlog.get_logger("query_service")


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


def problem_of(error: Exception) -> Problem:
    """The problem to answer with for any error that a handler raised."""
    match error:
        case Problem():
            return error
        case StoreUnavailableError():
            return unavailable("index-unavailable", "The index (Weaviate) did not answer. Try again in a moment; /readyz tells when it is back.")
        case EmbeddingUnavailableError():
            return unavailable("embedding-unavailable", "The embedding model did not answer. Try again in a moment; /readyz tells when it is back.")
        case TextRejectedError():
            return Problem(422, "question-rejected", "The embedding model does not take this question", "Ask a shorter question, in plain text.")
        case web.HTTPException():
            return _of_aiohttp(error)
        case _:
            _log_unforeseen(error)
            return Problem(500, "internal", "Internal error", "The service failed; its log says where, under the event 'unforeseen error'.")


_AIOHTTP: Final[dict[int, tuple[str, str, str]]] = {
    404: ("not-found", "No such address", "There is nothing under this path; /docs lists what there is."),
    405: ("method-not-allowed", "Method not allowed", "This path does not take this method; the header Allow names those that it takes, /docs explains them."),
}


def _of_aiohttp(error: web.HTTPException) -> Problem:
    if error.status == 413:
        # aiohttp's text states the limit in bytes
        return Problem(413, "body-too-large", "Request body too large", f"{error.text} Send a smaller one; HEADRACE_QUERY_MAX_BODY_BYTES sets the limit.")
    kind, title, detail = _AIOHTTP.get(error.status, ("http", error.reason, error.reason))
    headers = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
    return Problem(error.status, kind, title, detail, headers=headers)


def _log_unforeseen(error: Exception) -> None:
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("unforeseen error", error=type(error).__name__, frames=frames[-12:])


@web.middleware
async def problems(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    """Any error that a handler raises becomes a problem+json; the one place where every exception is caught."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return problem_of(error).response() if error.status >= 400 else error
    except Exception as error:  # noqa: BLE001  # the edge of the process: no traceback may leave
        return problem_of(error).response()
