"""The query service, wired: the one place that knows all its parts. ``python -m query_service`` runs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web
from opentelemetry import propagate, trace
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_exponential

from contracts.settings import EmbeddingSettings, QuerySettings, WeaviateSettings
from contracts.telemetry import QUERY_SECONDS, RETRIES, SPAN_QUERY
from index.collections import ensure_collections
from index.connection import connect
from index.embedding import Embedder, load
from index.reading import IndexReader
from index.reading_as_of import AsOfReader
from index.store import StoreUnavailableError
from query_service.access.keys import HOW_TO_MAKE_ONE, KeyFileError, KeyRing
from query_service.answer import Answerer
from query_service.extractive.answerer import ExtractiveAnswerer
from query_service.generative.answerer import GenerativeAnswerer
from query_service.generative.model_server import ModelServer
from query_service.handlers import health, pages
from query_service.handlers.query import query
from query_service.handlers.search import search
from query_service.parts import PARTS, Parts
from query_service.problems import problems
from query_service.readiness import Readiness
from query_service.retrieve import Retriever

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

WAIT_FOR_INDEX_SECONDS: Final = 60
SHUTDOWN_SECONDS: Final = 10
_log = structlog.get_logger("query_service")
_tracer = trace.get_tracer("headrace.query_service")


@dataclass(frozen=True, slots=True)
class Configuration:
    query: QuerySettings
    weaviate: WeaviateSettings
    embedding: EmbeddingSettings


@asynccontextmanager
async def opened(configuration: Configuration) -> AsyncGenerator[Parts, None]:
    """All parts, ready to answer. Raises KeyFileError, ModelNotFoundError, EmbeddingSpaceMismatchError, StoreUnavailableError."""
    settings = configuration.query
    if settings.api_keys_file is None:
        raise KeyFileError(f"HEADRACE_QUERY_API_KEYS_FILE is not set: without API keys nobody could ask. {HOW_TO_MAKE_ONE}")
    keys = KeyRing(settings.api_keys_file)
    embedder = await asyncio.to_thread(load, configuration.embedding)
    client = await _connected(configuration.weaviate)
    try:
        names = await ensure_collections(client, embedder.space, configuration.weaviate.replication)
        retriever = Retriever(IndexReader(client, names), AsOfReader(client, names), embedder)
        await embedder.embed(["the first inference compiles what the others use"])
        async with _answerer(settings, embedder) as answerer:
            yield Parts(settings, keys, retriever, answerer, Readiness(client, embedder.space))
    finally:
        await client.close()
        await embedder.close()


@asynccontextmanager
async def _answerer(settings: QuerySettings, embedder: Embedder) -> AsyncGenerator[Answerer, None]:
    if not settings.model_url:
        yield ExtractiveAnswerer(embedder)
        return
    server = ModelServer(settings)
    try:
        yield GenerativeAnswerer(server, embedder.tokenizer, settings.context_tokens)
    finally:
        await server.close()


async def _connected(settings: WeaviateSettings) -> WeaviateAsyncClient:
    """Weaviate may still be starting: it is waited for, up to a minute."""
    waits = wait_exponential(multiplier=0.5, max=5)
    async for attempt in AsyncRetrying(
        stop=stop_after_delay(WAIT_FOR_INDEX_SECONDS), wait=waits, retry=retry_if_exception_type(StoreUnavailableError), before_sleep=_waiting, reraise=True
    ):
        with attempt:
            return await connect(settings)
    raise AssertionError  # AsyncRetrying returns or raises


def _waiting(state: RetryCallState) -> None:
    RETRIES.labels("query", "index-unavailable").inc()
    _log.warning("waiting for the index", attempt=state.attempt_number)


def application(parts: Parts) -> web.Application:
    app = web.Application(middlewares=[measured, problems], client_max_size=parts.settings.max_body_bytes)
    app[PARTS] = parts
    app.add_routes(
        [
            web.post("/v1/search", search),
            web.post("/v1/query", query),
            web.get("/healthz", health.healthz),
            web.get("/readyz", health.readyz),
            web.get("/metrics", health.metrics),
            *pages.routes(),
        ]
    )
    return app


@web.middleware
async def measured(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    """The request's histogram and its span, under the trace that the caller sent. Outside ``problems``, so that it sees every status."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    began = time.perf_counter()
    status = 499
    with _tracer.start_as_current_span(f"{SPAN_QUERY} {route}", context=propagate.extract(request.headers)) as span:
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            span.set_attribute("http.response.status_code", status)
            QUERY_SECONDS.labels(route, str(status)).observe(time.perf_counter() - began)


async def serve(configuration: Configuration, stop: asyncio.Event) -> None:
    """Serve until ``stop``; then finish what is under way, for at most ``SHUTDOWN_SECONDS``. Raises what ``opened`` raises, and OSError for a port in use."""
    async with opened(configuration) as parts:
        runner = web.AppRunner(application(parts), handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            settings = configuration.query
            await web.TCPSite(runner, settings.host, settings.port).start()
            _log.info("ready", host=settings.host, port=settings.port, answers=parts.answerer.mode, model=parts.answerer.name)
            await stop.wait()
        finally:
            await runner.cleanup()
