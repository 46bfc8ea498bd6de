"""Request bodies: what is refused, and how."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from query_service.bodies import check_length, filters_of, read_body
from query_service.problems import Problem, problems
from query_service.wire import QueryRequest, SearchRequest


async def _search(request: web.Request) -> web.Response:
    body = await read_body(request, SearchRequest)
    return web.json_response({"query": body.query})


async def _refusal(data: bytes, content_type: str = "application/json") -> tuple[int, str]:
    app = web.Application(middlewares=[problems], client_max_size=1024)
    app.add_routes([web.post("/", _search)])
    async with TestClient(TestServer(app)) as client:
        response = await client.post("/", data=data, headers={"Content-Type": content_type})
        return response.status, (await response.json()).get("detail", "")


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        (b"", 400, "The body is empty"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b'{"query": "\\ud800"}', 400, "not JSON"),
        (b"[]", 422, "body: "),
        (b"{}", 422, "query: is missing"),
        (b'{"query": ""}', 422, "query: holds no text"),
        (b'{"query": " \\u0000\\t\\u200b"}', 422, "query: holds no text"),
        (b'{"query": 7}', 422, "query: must be text"),
        (b'{"query": "x", "limit": 0}', 422, "limit: must be at least 1"),
        (b'{"query": "x", "limit": 51}', 422, "limit: must be at most 50"),
        (b'{"query": "x", "limit": "5"}', 422, "limit: must be a whole number"),
        (b'{"query": "x", "limt": 5}', 422, "limt: unknown field; did you mean limit?"),
        (b'{"query": "x", "tenant": "other"}', 422, "tenant: unknown field; known are query, limit, mode, filters"),
        (b'{"query": "x", "filters": {"doc_typ": "a"}}', 422, "filters.doc_typ: unknown field; did you mean doc_type?"),
        (b'{"query": "x", "filters": {"source": []}}', 422, "filters.source: must have at least 1 of them"),
        (b'{"query": "x", "filters": null}', 422, "filters: must be an object"),
        (b'{"query": "x", "filters": {"metadata": {"a": null}}}', 422, "filters.metadata.a.0: must be text, a number, true or false"),
        (b'{"query": "x", "mode": "magic"}', 422, "mode: must be 'hybrid', 'vector' or 'keyword'"),
        (b'{"query": "' + b"x" * 2000 + b'"}', 413, "size 1024 exceeded. Send a smaller one; HEADRACE_QUERY_MAX_BODY_BYTES"),
    ],
)
async def test_what_is_refused(data: bytes, status: int, says: str) -> None:
    got, detail = await _refusal(data)
    assert got == status
    assert says in detail


async def test_only_json_is_taken() -> None:
    assert (await _refusal(b"query=x", "application/x-www-form-urlencoded"))[0] == 415
    assert (await _refusal(b'{"query": "x"}', "application/json; charset=utf-8"))[0] == 200


def test_a_single_value_is_a_list_of_one() -> None:
    body = SearchRequest.model_validate_json('{"query": " a\\nb ", "filters": {"source": "s", "doc_type": ["t", "u"], "metadata": {"n": 1, "b": [true, "x"]}}}')
    assert body.query == "a b"
    filters = filters_of(body.filters)
    assert (filters.source, filters.doc_type, filters.doc_id) == (("s",), ("t", "u"), ())
    assert filters.metadata == (("n", (1,)), ("b", (True, "x")))


def test_the_length_of_a_question_is_a_setting() -> None:
    check_length("question", "x" * 16, 16)
    with pytest.raises(Problem) as refused:
        check_length("question", "x" * 17, 16)
    assert refused.value.status == 422
    assert "17 characters, the limit is 16" in refused.value.detail


def test_streaming_is_a_choice() -> None:
    assert QueryRequest.model_validate_json('{"question": "x", "stream": true}').stream
