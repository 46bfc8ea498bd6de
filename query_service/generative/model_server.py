"""A client of ``POST /v1/chat/completions``, streamed: the wire format that vLLM, text-generation-inference and NIM document.

Only before the first token is anything tried again, and only what can get better by itself (no connection, 429, 503): what a caller has already read
cannot be taken back. Closing the stream closes the connection, which makes the server stop generating.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import httpx
import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from contracts.telemetry import RETRIES
from query_service.generative.prompt import Message
from query_service.problems import RETRY_AFTER_SECONDS, UNAVAILABLE, Problem

if TYPE_CHECKING:
    from contracts.settings import QuerySettings

ATTEMPTS: Final = 3
MOST_ANSWER_TOKENS: Final = 512
_CONNECT_SECONDS: Final = 3.0
_BUSY: Final = frozenset({429, 503})


class ModelServer:
    """One per process. Raises Problem 502 (wrong answer, wrong configuration), 503 (away, overloaded) and 504 (too slow)."""

    def __init__(self, settings: QuerySettings) -> None:
        self.name = settings.model_name
        self._seconds = settings.model_timeout_seconds
        key = settings.model_api_key.get_secret_value() if settings.model_api_key else ""
        self._http = httpx.AsyncClient(
            base_url=settings.model_url.rstrip("/").removesuffix("/v1"),
            timeout=httpx.Timeout(self._seconds, connect=min(_CONNECT_SECONDS, self._seconds)),
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def tokens(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        """The pieces of the answer as they come."""
        deadline = time.monotonic() + self._seconds
        response = await self._open(messages)
        try:
            async with aclosing(_pieces(response)) as pieces:
                async for piece in pieces:
                    if time.monotonic() > deadline:
                        raise self._too_slow()
                    yield piece
        except httpx.TimeoutException as error:
            raise self._too_slow() from error
        except httpx.HTTPError as error:
            raise _wrong("The model server broke off in the middle of its answer. Ask again; if it happens often, look at its log.") from error
        finally:
            await response.aclose()

    async def _open(self, messages: Sequence[Message]) -> httpx.Response:
        """A response whose body is about to stream. Tried again with a growing, random pause."""
        waits = wait_random_exponential(multiplier=0.2, max=2)
        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS), wait=waits, retry=retry_if_exception_type(_PassingProblem), before_sleep=_count_retry, reraise=True
        ):
            with attempt:
                return await self._post(messages)
        raise AssertionError  # AsyncRetrying returns or raises

    async def _post(self, messages: Sequence[Message]) -> httpx.Response:
        body: dict[str, Any] = {"model": self.name or "default", "messages": [asdict(message) for message in messages], "stream": True}
        body |= {"temperature": 0.0, "max_tokens": MOST_ANSWER_TOKENS}
        request = self._http.build_request("POST", "/v1/chat/completions", json=body)
        try:
            response = await self._http.send(request, stream=True)
        except httpx.ConnectError as error:
            detail = "The model server cannot be reached. Check HEADRACE_QUERY_MODEL_URL and that the server runs, or try again."
            raise _passing("model-unavailable", detail) from error
        except httpx.ConnectTimeout as error:
            raise _passing("model-unavailable", "The model server did not take the connection in time. Try again in a moment.") from error
        except httpx.TimeoutException as error:
            raise self._too_slow() from error
        except httpx.HTTPError as error:
            raise _passing("model-unavailable", "The model server closed the connection. Try again in a moment.") from error
        if response.is_success:
            return response
        await response.aclose()
        raise _refusal(response.status_code)

    def _too_slow(self) -> Problem:
        limit = f"{self._seconds:g} s (HEADRACE_QUERY_MODEL_TIMEOUT_SECONDS)"
        return Problem(
            504, "model-timeout", "The model server was too slow", f"The answer was not there within {limit}. Try again, or give the server more room."
        )


class _PassingProblem(Problem):
    """Trouble that may pass by itself: worth another try."""


def _passing(kind: str, detail: str) -> _PassingProblem:
    return _PassingProblem(503, kind, UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


def _count_retry(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    RETRIES.labels("query", error.kind if isinstance(error, Problem) else "unknown").inc()


def _refusal(status: int) -> Problem:
    if status in _BUSY:
        return _passing("model-overloaded", f"The model server is overloaded (it answered {status}). Try again in a moment.")
    cures = {
        401: "check HEADRACE_QUERY_MODEL_API_KEY",
        403: "check HEADRACE_QUERY_MODEL_API_KEY",
        404: "check HEADRACE_QUERY_MODEL_URL and HEADRACE_QUERY_MODEL_NAME",
        400: "the prompt may be longer than the model's window: lower HEADRACE_QUERY_CONTEXT_TOKENS",
        413: "the prompt is longer than it takes: lower HEADRACE_QUERY_CONTEXT_TOKENS",
        422: "the prompt may be longer than the model's window: lower HEADRACE_QUERY_CONTEXT_TOKENS",
    }
    return _wrong(f"The model server answered {status}; {cures.get(status, 'look at its log')}.")


def _wrong(detail: str) -> Problem:
    return Problem(502, "model-error", "The model server failed", detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


async def _pieces(response: httpx.Response) -> AsyncGenerator[str, None]:
    """The contents of the stream's chunks, until ``[DONE]``. A stream that ends without it and without a finish reason broke off."""
    finished = False
    async for data in _events(response):
        if data == "[DONE]":
            return
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise _wrong("The model server sent an event that is not JSON. Is HEADRACE_QUERY_MODEL_URL an OpenAI-compatible server?") from error
        if "error" in chunk:
            raise _wrong("The model server reported an error in the middle of its answer. Ask again; its log says more.")
        for choice in chunk.get("choices") or ():
            piece = (choice.get("delta") or {}).get("content")
            finished = finished or bool(choice.get("finish_reason"))
            if piece:
                yield piece
    if not finished:
        raise _wrong("The model server's answer broke off. Ask again; if it happens often, look at its log.")


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    """The data of server-sent events: lines ``data: …``; comments and other fields say nothing here."""
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            yield line.removeprefix("data:").strip()
