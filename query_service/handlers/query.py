"""``POST /v1/query``: a cited answer, whole or as server-sent events.

A stream is ``sources``, then ``token`` …, then ``answer`` (the same body as without streaming) or ``error`` (a problem). Comments keep the connection
alive while nothing comes. A caller that leaves cancels the handler, which closes the answer's generator and with it the model server's connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import structlog
from aiohttp import web
from pydantic import BaseModel

from contracts.telemetry import ANSWERS
from query_service.access.authenticate import authenticate
from query_service.access.caller import Caller
from query_service.answer import Answer, Answerer, Asked, Event, Quote, Sources, Token
from query_service.bodies import as_of_bodies, check_length, filters_of, headings_of, json_response, read_body
from query_service.parts import PARTS, Parts
from query_service.problems import problem_of
from query_service.retrieve import Request, Retrieved
from query_service.steps import Steps
from query_service.wire import ModelBody, QueryRequest, QueryResponse, SourceBody, SourcesEvent, TokenEvent, utc

KEEP_ALIVE_SECONDS: Final = 10.0
_log = structlog.get_logger("query_service")


async def query(request: web.Request) -> web.StreamResponse:
    parts = request.app[PARTS]
    steps = Steps()
    caller = authenticate(request.headers, parts.credentials)
    body = await read_body(request, QueryRequest)
    check_length("question", body.question, parts.settings.max_question_chars)
    found = await parts.retriever.retrieve(caller.access, Request(body.question, body.max_sources, filters=filters_of(body.filters)), steps)
    asked = Asked(body.question, found.vector or (), found.hits)
    if body.stream:
        return await _stream(request, parts, asked, found, steps)
    async with aclosing(_answer(parts.answerer, asked, steps)) as events:
        async for event in events:
            if isinstance(event, Answer):
                _log_answer(caller, event, steps)
                return json_response(_response(event, found, parts.answerer, steps))
    raise AssertionError  # the last event is an Answer


async def _answer(answerer: Answerer, asked: Asked, steps: Steps) -> AsyncGenerator[Event, None]:
    """The answerer's events, counted by how they ended."""
    outcome = "failed"
    try:
        async with aclosing(answerer.answer(asked, steps)) as events:
            async for event in events:
                if isinstance(event, Answer):
                    outcome = "answered" if event.answered else "abstained"
                yield event
    finally:
        ANSWERS.labels(answerer.mode, outcome).inc()


async def _stream(request: web.Request, parts: Parts, asked: Asked, found: Retrieved, steps: Steps) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    try:
        async with aclosing(_answer(parts.answerer, asked, steps)) as events:
            async for event in _with_keep_alive(events):
                await response.write(_frame(event, found, parts.answerer, steps))
    except (ConnectionError, asyncio.CancelledError):
        _log.info("caller left", path=request.path)
        raise
    except Exception as error:  # noqa: BLE001  # the status line is out: what is left to do is to say it in the stream
        await response.write(_event("error", problem_of(error).body()))
    await response.write_eof()
    return response


async def _with_keep_alive(events: AsyncIterator[Event]) -> AsyncIterator[Event | None]:
    """The events, and None whenever nothing came for a while."""
    waiting: asyncio.Future[Event] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait([waiting], timeout=KEEP_ALIVE_SECONDS)
            if not done:
                yield None
                continue
            try:
                event = waiting.result()
            except StopAsyncIteration:
                return
            waiting = None
            yield event
    finally:
        if waiting is not None and not waiting.done():
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


def _frame(event: Event | None, found: Retrieved, answerer: Answerer, steps: Steps) -> bytes:
    match event:
        case None:
            return b": keep-alive\n\n"
        case Sources(quotes):
            return _event("sources", SourcesEvent(sources=_sources(quotes), as_of=as_of_bodies(found.as_of)))
        case Token(text):
            return _event("token", TokenEvent(text=text))
        case Answer():
            return _event("answer", _response(event, found, answerer, steps))


def _event(name: str, body: BaseModel) -> bytes:
    return f"event: {name}\ndata: {body.model_dump_json()}\n\n".encode()


def _response(answer: Answer, found: Retrieved, answerer: Answerer, steps: Steps) -> QueryResponse:
    return QueryResponse(
        answer=answer.text,
        answered=answer.answered,
        confidence=answer.confidence,
        sources=_sources(answer.quotes),
        as_of=as_of_bodies(found.as_of),
        model=ModelBody(mode=answerer.mode, name=answerer.name),
        timings_ms=steps.milliseconds(),
    )


def _sources(quotes: tuple[Quote, ...]) -> list[SourceBody]:
    now_us = time.time_ns() // 1000
    return [_source(quote, now_us) for quote in quotes]


def _source(quote: Quote, now_us: int) -> SourceBody:
    about = quote.hit.manifest.description
    return SourceBody(
        number=quote.number,
        doc_id=quote.hit.doc_id,
        title=about.title,
        url=about.url,
        headings=headings_of(quote.hit),
        quote=quote.text,
        start=quote.start,
        end=quote.end,
        source=about.source,
        version=str(quote.hit.manifest.attempt.version),
        source_time=utc(about.source_time_us),
        age_seconds=round(max(0, now_us - about.source_time_us) / 1e6, 3),
        score=round(quote.score, 6),
    )


def _log_answer(caller: Caller, answer: Answer, steps: Steps) -> None:
    _log.info(
        "answered" if answer.answered else "abstained",
        caller=caller.name,
        tenant=caller.access.tenant,
        documents=[quote.hit.doc_id for quote in answer.quotes],
        confidence=answer.confidence,
        total_ms=steps.milliseconds()["total"],
    )
