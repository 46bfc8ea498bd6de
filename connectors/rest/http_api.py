"""``rest_sources.api.Api`` over httpx: bounded concurrency, one pause for all when the vendor asks for one, retries with growing waits, and nothing believed that is not JSON.

What nobody has just told of (``MAY_WAIT``: sweeps, and what follows from other changes) has at most half of the places, so that a restricted page with a thousand below it delays no edit.
A 429 or 503 with ``Retry-After`` holds back every request to the host, not only the one that was refused: the vendor's limit is the account's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Final, Literal, Self, TypeVar

import httpx
import orjson
import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from contracts.sources.rest import GONE
from contracts.telemetry import RETRIES
from rest_sources.api import Answer, ApiError, ApiRefusedError, ApiUnavailableError, ForbiddenError, Method, Parameters, TooLargeError, UnexpectedAnswerError

MAY_WAIT: Final[ContextVar[bool]] = ContextVar("headrace_request_may_wait", default=False)
"""Of the task that asks, and of all that it begins."""
_GONE: Final = frozenset(GONE)
_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_FOUND: Final = frozenset({200})
_DONE: Final = frozenset({200, 201, 202, 204})
_NOTHING_DONE: Final = frozenset({429, 503})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST_PAUSE_SECONDS: Final = 300.0
"""A vendor that asks for a longer one is asked again after this: a wrong header must not stop a source for a day."""
_AGAIN: Final = "It is tried again later; if it lasts, look at the vendor's status page and at the network."
_Result = TypeVar("_Result")
_log = structlog.get_logger()


class _WorthAnotherTryError(Exception):
    """Inside only: what one attempt met. ``kind`` is for metrics."""

    def __init__(self, kind: str, error: ApiError, wait_seconds: float | None = None) -> None:
        self.kind = kind
        self.error = error
        self.wait_seconds = wait_seconds
        super().__init__(kind)


class HttpApi:
    """One vendor's host with one account. Requests beyond ``concurrency`` wait; one that fails is tried again for up to ``patience_seconds``."""

    def __init__(
        self,
        base_url: str,
        auth: httpx.Auth | None = None,
        *,
        concurrency: int = 8,
        patience_seconds: float = 60.0,
        timeout_seconds: float = 30.0,
        first_wait_seconds: float = 0.25,
        gone: frozenset[int] = _GONE,
    ) -> None:
        # Redirects are not followed by themselves: a vendor's API does not redirect, a login page does, and credentials go nowhere else.
        self._client = httpx.AsyncClient(base_url=base_url, auth=auth, timeout=timeout_seconds, headers={"Accept": "application/json"}, follow_redirects=False)
        self._anonymous = httpx.AsyncClient(timeout=timeout_seconds, follow_redirects=False)
        self._host = self._client.base_url.host
        self._slots = asyncio.Semaphore(concurrency)
        self._waiting_slots = asyncio.Semaphore(max(1, concurrency // 2))
        self._patience_seconds = patience_seconds
        self._first_wait_seconds = first_wait_seconds
        self._gone = gone
        self._resume_at = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await self._anonymous.aclose()

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        url = self._own(path)

        async def attempt() -> Answer | None:
            async with self._answered(url, parameters) as response:
                if response.status_code in self._gone:
                    return None
                await response.aread()
                return self._json(response)

        return await self._patiently(attempt)

    async def send(self, method: Method, path: str, body: Mapping[str, object] | None = None) -> Answer | None:
        url = self._own(path)

        async def attempt() -> Answer | None:
            async with self._answered(url, None, method, body) as response:
                if response.status_code in self._gone:
                    return None
                await response.aread()
                return self._json(response) if response.content else Answer({})

        return await self._patiently(attempt)

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        own = self._own(url)

        async def attempt() -> bytes | None:
            async with self._answered(own, None, redirects=True) as response:
                if response.status_code in self._gone:
                    return None
                if response.status_code not in _MOVED:
                    return await _limited(response, most_bytes)
                elsewhere = own.join(response.headers.get("Location", ""))
            return await self._from_elsewhere(elsewhere, most_bytes)

        return await self._patiently(attempt)

    async def _from_elsewhere(self, url: httpx.URL, most_bytes: int) -> bytes | None:
        """A file that the vendor keeps on another host, under an address that is its own permission: one step, encrypted, and without our credentials."""
        if url.host == self._host and url.port == self._client.base_url.port:
            raise UnexpectedAnswerError(f"{self._host} sends us elsewhere for a file, most likely to a login page.", "Check the source's credentials.")
        if url.scheme != "https" and self._client.base_url.scheme == "https":
            raise UnexpectedAnswerError(
                f"{self._host} sends us to {url.host or 'nowhere'} without encryption.", "It is not followed: the file would be readable on the way."
            )
        try:
            async with self._anonymous.stream("GET", url) as response:
                if response.status_code in _GONE:
                    return None
                if response.status_code != 200:
                    away = ApiUnavailableError(f"{url.host}, where {self._host} keeps its files, answers {response.status_code}.", _AGAIN)
                    raise _WorthAnotherTryError(f"status-{response.status_code}", away)
                return await _limited(response, most_bytes)
        except httpx.RequestError as error:
            away = ApiUnavailableError(f"{url.host}, where {self._host} keeps its files, does not answer ({type(error).__name__}).", _AGAIN)
            raise _WorthAnotherTryError("no-answer", away) from error

    def _own(self, path: str) -> httpx.URL:
        """A link from an answer may name a whole URL; one of another host would be given our credentials."""
        url = self._client.base_url.join(path)
        if (url.host, url.scheme, url.port) != (self._host, self._client.base_url.scheme, self._client.base_url.port):
            raise UnexpectedAnswerError(
                f"{self._host} links to another host, {url.host or 'none'}.", "It is not followed: our credentials are for the one host alone."
            )
        return url

    async def _patiently(self, attempt: Callable[[], Awaitable[_Result]]) -> _Result:
        retrying = AsyncRetrying(
            stop=stop_after_delay(self._patience_seconds),
            wait=self._wait,
            retry=retry_if_exception_type(_WorthAnotherTryError),
            before_sleep=self._told,
            reraise=True,
        )
        try:
            return await retrying(attempt)
        except _WorthAnotherTryError as error:
            raise error.error from error.__cause__

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_seconds if isinstance(error, _WorthAnotherTryError) else None
        if asked is None:
            return wait_exponential_jitter(self._first_wait_seconds, max=15, jitter=self._first_wait_seconds)(state)
        self._resume_at = max(self._resume_at, time.monotonic() + asked)
        return asked

    def _told(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        kind = error.kind if isinstance(error, _WorthAnotherTryError) else "unknown"
        RETRIES.labels("collect", kind).inc()
        _log.warning("waiting for a vendor", host=self._host, kind=kind, attempt=state.attempt_number)

    @asynccontextmanager
    async def _answered(
        self,
        url: httpx.URL,
        parameters: Parameters | None,
        method: Method | Literal["GET"] = "GET",
        body: Mapping[str, object] | None = None,
        *,
        redirects: bool = False,
    ) -> AsyncGenerator[httpx.Response, None]:
        """The response to one request, its head read and judged. Raises _WorthAnotherTryError and ApiError."""
        async with AsyncExitStack() as places:
            if MAY_WAIT.get():
                await places.enter_async_context(self._waiting_slots)
            await places.enter_async_context(self._slots)
            while (pause := self._resume_at - time.monotonic()) > 0:  # noqa: ASYNC110  # a time is awaited, which others may put off meanwhile
                await asyncio.sleep(pause)
            try:
                async with self._client.stream(method, url, params=dict(parameters) if parameters else None, json=body) as response:
                    if not (redirects and response.status_code in _MOVED):
                        self._judge(response, method)
                    yield response
            except httpx.RequestError as error:
                away = ApiUnavailableError(f"{self._host} does not answer ({type(error).__name__}).", _AGAIN)
                if method == "GET":
                    raise _WorthAnotherTryError("no-answer", away) from error
                raise away from error  # it may have been done

    def _judge(self, response: httpx.Response, method: str) -> None:
        status = response.status_code
        if status in _LATER:
            away = ApiUnavailableError(f"{self._host} answers {status}.", _AGAIN)
            if method != "GET" and status not in _NOTHING_DONE:
                raise away
            raise _WorthAnotherTryError(f"status-{status}", away, retry_after(response.headers.get("Retry-After", "")))
        if status == 401:
            raise ApiRefusedError(
                f"{self._host} does not know our credentials (401).", "Check the source's credentials in sources.yaml, and whether they have expired."
            )
        if status == 403 and status not in self._gone:
            raise ForbiddenError(f"{self._host} does not allow our account to read something (403).", "Let the account read it, or leave it out of the source.")
        if method != "GET" and 400 <= status < 500 and status not in self._gone:
            raise UnexpectedAnswerError(f"{self._host} refuses {method} {response.url.path} ({status}).", "The account may lack the right to do this.")
        if status not in self._gone and status not in (_DONE if method != "GET" else _FOUND):
            raise _WorthAnotherTryError(
                f"status-{status}", UnexpectedAnswerError(f"{self._host} answers {status}, which is not documented.", "Check the source's url in sources.yaml.")
            )

    def _json(self, response: httpx.Response) -> Answer:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            strange = UnexpectedAnswerError(
                f"{self._host} answers with {kind or 'something'} instead of JSON.",
                "A login page or a proxy answers in its place: check the source's url and credentials.",
            )
            raise _WorthAnotherTryError("not-json", strange) from None  # the parser's message quotes content
        if isinstance(body, list):
            body = {"values": body}
        if not isinstance(body, dict):
            raise UnexpectedAnswerError(f"{self._host} answers with JSON that is neither an object nor a list.", "Check the source's url in sources.yaml.")
        return Answer(body, str(response.links.get("next", {}).get("url", "")))


def retry_after(value: str) -> float | None:
    """Seconds that the header asks for, at least 0 and at most five minutes: a number, or an HTTP date (RFC 9110, 10.2.3); None for neither."""
    try:
        seconds = float(value) if value.replace(".", "", 1).isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_PAUSE_SECONDS)


async def _limited(response: httpx.Response, most_bytes: int) -> bytes:
    too_large = TooLargeError(f"A file is larger than {most_bytes:,} bytes.", "Raise the source's limit in sources.yaml, or leave it out of the index.")
    stated = response.headers.get("Content-Length", "")
    if stated.isdigit() and int(stated) > most_bytes:
        raise too_large
    parts, size = [], 0
    async for part in response.aiter_bytes():  # decoded: a small compressed answer may become a large one
        size += len(part)
        if size > most_bytes:
            raise too_large
        parts.append(part)
    return b"".join(parts)
