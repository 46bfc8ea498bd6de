"""Errors: problem+json for all of them, never a traceback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from index.embedding import EmbeddingUnavailableError
from index.store import StoreUnavailableError
from query_service.problems import CONTENT_TYPE, Problem, problem_of, problems


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (Problem(418, "teapot", "A teapot", "Short and stout."), 418, "teapot"),
        (StoreUnavailableError("secret text"), 503, "index-unavailable"),
        (EmbeddingUnavailableError("secret text"), 503, "embedding-unavailable"),
        (ZeroDivisionError("secret text"), 500, "internal"),
        (web.HTTPNotFound(), 404, "not-found"),
        (web.HTTPRequestEntityTooLarge(10, 20), 413, "body-too-large"),
    ],
)
def test_each_error_is_a_problem_that_tells_no_secret(error: Exception, status: int, kind: str) -> None:
    body = problem_of(error).body()
    assert (body.status, body.type) == (status, f"urn:headrace:problem:{kind}")
    assert "secret" not in body.model_dump_json()
    assert body.detail


@pytest.fixture
def handler() -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def fail(_request: web.Request) -> web.StreamResponse:
        raise RuntimeError("secret text")

    return fail


async def test_an_unforeseen_error_leaves_no_traceback(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> None:
    app = web.Application(middlewares=[problems])
    app.add_routes([web.get("/", handler)])
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/")
        assert response.status == 500
        assert response.content_type == CONTENT_TYPE
        text = await response.text()
        assert "secret" not in text
        assert "Traceback" not in text
        wrong = await client.post("/")
        assert wrong.status == 405
        assert wrong.headers["Allow"] == "GET,HEAD"
        assert (await wrong.json())["type"] == "urn:headrace:problem:method-not-allowed"
