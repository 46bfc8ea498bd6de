"""The HTTP client against a server that fails on purpose, over real HTTP: what is waited out, what is told, and where credentials never go."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.rest.http_api import MAY_WAIT, HttpApi, retry_after
from examples.vendors.control import Control
from examples.vendors.deliveries import Deliverer, RetryRule
from examples.vendors.faults import Faults, FaultSettings
from rest_sources.api import ApiRefusedError, ApiUnavailableError, ForbiddenError, TooLargeError, UnexpectedAnswerError

Answering = Callable[[web.Request], web.StreamResponse]


class Vendor:
    """Answers ``/thing`` with what the test says, one after the other, the last again and again."""

    def __init__(self) -> None:
        self.faults = Faults(lambda status: web.json_response({"error": "refused"}, status=status))
        self.answers: list[Answering] = [lambda _request: web.json_response({"id": 1})]
        self.times: list[float] = []
        self.open = self.most_open = 0
        self.server = TestServer(self._application())

    def _application(self) -> web.Application:
        app = Control(self.faults, Deliverer(self.faults, RetryRule(frozenset(), ()))).application()
        app.router.add_get("/thing", self._thing)
        return app

    async def _thing(self, request: web.Request) -> web.StreamResponse:
        self.times.append(time.monotonic())
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        await asyncio.sleep(0.01)
        self.open -= 1
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(request)

    def api(self, **options: float) -> HttpApi:
        return HttpApi(str(self.server.make_url("")), httpx.BasicAuth("bot", "test-token"), **{"first_wait_seconds": 0.01, "patience_seconds": 2.0, **options})  # type: ignore[arg-type]


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    made = Vendor()
    await made.server.start_server()
    yield made
    await made.server.close()


def plain(status: int, text: str = "", **headers: str) -> Answering:
    return lambda _request: web.Response(status=status, text=text, headers=headers)


async def test_an_answer_and_the_link_to_the_next(vendor: Vendor) -> None:
    vendor.answers = [lambda request: web.json_response({"q": request.query["q"]}, headers={"Link": '</thing?cursor=2>; rel="next"'})]
    async with vendor.api() as api:
        answer = await api.get("/thing", {"q": "a b"})
        assert answer is not None
        assert (answer.body, answer.next_url) == ({"q": "a b"}, "/thing?cursor=2")


@pytest.mark.parametrize("status", [404, 410])
async def test_gone_is_an_answer(vendor: Vendor, status: int) -> None:
    vendor.answers = [plain(status)]
    async with vendor.api() as api:
        assert await api.get("/thing") is None
        assert await api.download("/thing", 10) is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_trouble_that_passes_is_waited_out(vendor: Vendor, status: int) -> None:
    vendor.answers = [plain(status), plain(status), lambda _request: web.json_response({"id": 1})]
    async with vendor.api() as api:
        assert (await api.get("/thing")) is not None
    assert len(vendor.times) == 3


async def test_every_request_waits_when_the_vendor_asks_for_it(vendor: Vendor) -> None:
    vendor.answers = [plain(429, **{"Retry-After": "1"}), lambda _request: web.json_response({})]
    async with vendor.api() as api:
        first = asyncio.create_task(api.get("/thing"))
        while not vendor.times:  # noqa: ASYNC110  # the server's own list
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        await asyncio.gather(first, api.get("/thing"), api.get("/thing"))
    assert min(vendor.times[1:]) - vendor.times[0] >= 0.9


async def test_trouble_that_stays_is_told(vendor: Vendor) -> None:
    vendor.faults.set(FaultSettings(unavailable=1.0))
    async with vendor.api(patience_seconds=0.2) as api:
        with pytest.raises(ApiUnavailableError, match="answers 503"):
            await api.get("/thing")


async def test_nobody_there(vendor: Vendor) -> None:
    await vendor.server.close()
    async with HttpApi("http://127.0.0.1:9", patience_seconds=0.1, first_wait_seconds=0.01) as api:
        with pytest.raises(ApiUnavailableError, match="does not answer"):
            await api.get("/thing")


async def test_a_login_page_is_no_answer(vendor: Vendor) -> None:
    vendor.faults.set(FaultSettings(html_instead_of_json=1.0))
    async with vendor.api(patience_seconds=0.1) as api:
        with pytest.raises(UnexpectedAnswerError, match="text/html instead of JSON"):
            await api.get("/thing")
    vendor.faults.set(FaultSettings())
    vendor.answers = [plain(302, Location="https://login.example/")]
    async with vendor.api(patience_seconds=0.1) as api:
        with pytest.raises(UnexpectedAnswerError, match="answers 302"):
            await api.get("/thing")


async def test_credentials_that_are_not_taken_are_not_tried_again(vendor: Vendor) -> None:
    vendor.faults.set(FaultSettings(tokens_expired=True))
    async with vendor.api() as api:
        with pytest.raises(ApiRefusedError, match="does not know our credentials"):
            await api.get("/thing")
    vendor.faults.set(FaultSettings())
    vendor.answers = [plain(403)]
    async with vendor.api() as api:
        with pytest.raises(ForbiddenError):
            await api.get("/thing")
    assert len(vendor.times) == 1


async def test_credentials_go_to_no_other_host(vendor: Vendor) -> None:
    async with vendor.api() as api:
        for elsewhere in ("https://evil.example/thing", "//evil.example/thing", str(vendor.server.make_url("/thing")).replace("http:", "https:")):
            with pytest.raises(UnexpectedAnswerError, match="another host"):
                await api.get(elsewhere)
        assert await api.get(str(vendor.server.make_url("/thing"))) is not None


async def test_no_more_at_once_than_allowed(vendor: Vendor) -> None:
    async with vendor.api(concurrency=3) as api:
        await asyncio.gather(*[api.get("/thing") for _ in range(20)])
    assert vendor.most_open == 3


async def test_what_may_wait_leaves_half_of_the_places(vendor: Vendor) -> None:
    async def patiently(api: HttpApi) -> None:
        MAY_WAIT.set(True)
        await asyncio.gather(*[api.get("/thing") for _ in range(20)])  # what it begins waits as well

    async with vendor.api(concurrency=4) as api:
        waiting = asyncio.create_task(patiently(api))
        while vendor.open < 2:  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0)
        at = len(vendor.times)
        await asyncio.gather(*[api.get("/thing") for _ in range(2)])
        assert len(vendor.times) < at + 2 + 4  # they did not stand behind the twenty
        await waiting
        assert vendor.most_open == 4
        vendor.most_open = 0
        await asyncio.create_task(patiently(api))
    assert vendor.most_open == 2


async def test_a_file_within_its_limit_and_beyond(vendor: Vendor) -> None:
    vendor.answers = [lambda _request: web.Response(body=b"x" * 100)]
    async with vendor.api() as api:
        assert await api.download("/thing", 100) == b"x" * 100
        with pytest.raises(TooLargeError):
            await api.download("/thing", 99)
        vendor.answers = [lambda _request: web.Response(body=gzip.compress(b"\0" * 10_000_000), headers={"Content-Encoding": "gzip"})]
        with pytest.raises(TooLargeError):
            await api.download("/thing", 1_000_000)


async def test_a_file_on_another_host_is_fetched_without_credentials(vendor: Vendor) -> None:
    """As Confluence Cloud and Zendesk keep attachments."""
    given: list[str | None] = []

    async def media(request: web.Request) -> web.Response:
        given.append(request.headers.get("Authorization"))
        return web.Response(body=b"elsewhere") if request.path == "/file" else web.Response(status=403)

    app = web.Application()
    app.router.add_get("/{name}", media)
    async with TestServer(app) as other, vendor.api(patience_seconds=0.1) as api:
        vendor.answers = [lambda _request: web.Response(status=302, headers={"Location": str(other.make_url("/file"))})]
        assert await api.download("/thing", 100) == b"elsewhere"
        with pytest.raises(TooLargeError):
            await api.download("/thing", 3)
        vendor.answers = [lambda _request: web.Response(status=302, headers={"Location": str(other.make_url("/refused"))})]
        with pytest.raises(ApiUnavailableError, match="403"):
            await api.download("/thing", 100)
    assert set(given) == {None}


async def test_a_file_that_leads_to_a_login_page_is_none(vendor: Vendor) -> None:
    vendor.answers = [lambda _request: web.Response(status=302, headers={"Location": "/login"})]
    async with vendor.api() as api:
        with pytest.raises(UnexpectedAnswerError, match="login page"):
            await api.download("/thing", 100)


@pytest.mark.parametrize(("value", "expected"), [("7", 7.0), ("0.5", 0.5), ("", None), ("soon", None), ("99999", 300.0), (formatdate(0), 0.0)])
def test_retry_after(value: str, expected: float | None) -> None:
    assert retry_after(value) == expected


def test_retry_after_as_a_date() -> None:
    found = retry_after(formatdate(time.time() + 60, usegmt=True))
    assert found is not None
    assert 55 < found <= 60
