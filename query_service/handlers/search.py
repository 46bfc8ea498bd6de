"""``POST /v1/search``: hits, best first."""

from __future__ import annotations

from aiohttp import web

from query_service.access.authenticate import authenticate
from query_service.bodies import as_of_bodies, check_length, filters_of, hit_body, json_response, read_body
from query_service.parts import PARTS
from query_service.retrieve import Request
from query_service.steps import Steps
from query_service.wire import SearchRequest, SearchResponse


async def search(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    steps = Steps()
    caller = authenticate(request.headers, parts.credentials)
    body = await read_body(request, SearchRequest)
    check_length("query", body.query, parts.settings.max_question_chars)
    found = await parts.retriever.retrieve(caller.access, Request(body.query, body.limit, body.mode, filters_of(body.filters)), steps)
    hits = [hit_body(hit) for hit in found.hits]
    return json_response(SearchResponse(hits=hits, as_of=as_of_bodies(found.as_of), timings_ms=steps.milliseconds()))
