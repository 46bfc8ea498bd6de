"""The receiver over HTTP: ``POST /webhooks/{source}``, ``/healthz``, ``/readyz``, ``/metrics``. Errors are problem+json."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aiohttp import web
from limits import RateLimitItemPerSecond
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.storage import storage_from_string
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from connectors.webhooks.hints_log import HintsLog, HintsUnavailableError
from connectors.webhooks.known import KnownDeliveries
from connectors.webhooks.receiver import MAX_BODY_BYTES, Outcome, Receiver, WebhookSource
from contracts.problem_json import Problem, answering, body_of, of_http, unavailable, unforeseen
from contracts.telemetry import WEBHOOK_DELIVERIES, WEBHOOK_SECONDS
from rest_sources.delivery import Delivery, RefusedDeliveryError

_JSON: Final = "application/json"
_UNKNOWN: Final = "(unknown)"
"""The label for sources that there are not: a caller must not make labels."""
_DETAILS: Final = {
    404: "Deliveries go to /webhooks/ and the name of a source in sources.yaml.",
    405: "Deliveries are posted.",
    413: f"No source takes more than {MAX_BODY_BYTES:,} bytes.",
}


@dataclass(slots=True)
class Service:
    """What the handlers share."""

    sources: dict[str, WebhookSource]
    receiver: Receiver
    log: HintsLog
    limiter: SlidingWindowCounterRateLimiter
    without_secret: Mapping[str, str]


KAFKA_SECONDS: Final = 5.0
"""How long Kafka may take for a hint until the sender is told to come again: senders wait for about ten seconds."""
KNOWN_DELIVERIES: Final = 1_000_000
"""Delivery ids that are remembered, about 200 bytes each."""
SERVICE: Final = web.AppKey("service", Service)
BODY_SECONDS: Final = web.AppKey("body_seconds", float)
_BODY_SECONDS: Final = 15.0
"""How long a body may take to arrive. aiohttp leaves its reader waiting where a compressed one ends too soon in a packet of its own."""


def problem_of(error: Exception) -> Problem:
    """The problem to answer with. A sender that can comes again after 429 and 503, and after no other."""
    match error:
        case Problem():
            return error
        case RefusedDeliveryError():
            title = "The delivery is not signed by this source" if error.status == 401 else "The delivery cannot be read"
            return Problem(error.status, error.kind, title, error.reason)
        case HintsUnavailableError():
            return unavailable("kafka-unavailable", "Kafka did not take the hint in time. Nothing is lost if you send it again.")
        case web.HTTPException():
            return of_http(error, _DETAILS)
        case _:
            return unforeseen(error)


@asynccontextmanager
async def opened(
    sources: Iterable[WebhookSource],
    bootstrap_servers: str,
    *,
    kafka_seconds: float = KAFKA_SECONDS,
    known_deliveries: int = KNOWN_DELIVERIES,
    limits_url: str = "async+memory://",
    without_secret: Mapping[str, str] = MappingProxyType({}),
) -> AsyncGenerator[Service, None]:
    """All parts, connected. Deliveries of those in ``without_secret`` are to come again. ``limits_url`` says where rates are counted: ``async+redis://…`` where there are replicas. Raises KafkaError where no broker answers."""
    by_name = {source.name: source for source in sources}
    known = KnownDeliveries(known_deliveries)
    async with HintsLog(bootstrap_servers, list(by_name), kafka_seconds, known.add) as log:
        yield Service(by_name, Receiver(log, known), log, SlidingWindowCounterRateLimiter(storage_from_string(limits_url)), without_secret)


def application(service: Service, *, body_seconds: float = _BODY_SECONDS) -> web.Application:
    most = max((source.max_body_bytes for source in service.sources.values()), default=MAX_BODY_BYTES)
    app = web.Application(middlewares=[answering(problem_of)], client_max_size=most)
    app[SERVICE] = service
    app[BODY_SECONDS] = body_seconds
    app.add_routes(
        [web.post("/webhooks/{source}", receive), web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)],
    )
    return app


async def receive(request: web.Request) -> web.Response:
    """202 once the hint is in Kafka, or was before, or says nothing that we keep."""
    service, began = request.app[SERVICE], time.perf_counter()
    source = service.sources.get(request.match_info["source"])
    label = source.name if source else _UNKNOWN
    outcome: str = "internal"
    try:
        outcome = await _take(service, source, request)
        return web.json_response({"outcome": outcome}, status=202)
    except (Problem, RefusedDeliveryError, HintsUnavailableError, web.HTTPException) as error:
        outcome = problem_of(error).kind
        raise
    finally:
        WEBHOOK_DELIVERIES.labels(label, outcome).inc()
        WEBHOOK_SECONDS.labels(label).observe(time.perf_counter() - began)


async def _take(service: Service, source: WebhookSource | None, request: web.Request) -> Outcome:
    name = request.match_info["source"]
    if name in service.without_secret:
        raise unavailable(
            "secret-missing",
            f"The secret of {name}'s webhooks is missing here, so no delivery can be told to be its own. Nothing is lost if you send it again.",
        )
    if source is None:
        known = ", ".join(sorted(service.sources)) or "none"
        raise Problem(404, "unknown-source", "No such source", f"No source of this name takes webhooks. Known are: {known}.")
    await _within_limits(service, source, request)
    return await service.receiver.take(source, await _delivery(request, source))


async def _within_limits(service: Service, source: WebhookSource, request: web.Request) -> None:
    if not await service.limiter.hit(RateLimitItemPerSecond(source.per_second), "webhooks", source.name):
        raise Problem(429, "too-many", "Too many deliveries", f"{source.name} may send {source.per_second} deliveries a second.", headers={"Retry-After": "1"})
    if request.content_type != _JSON:
        raise Problem(415, "not-json", "Unsupported media type", f"Deliveries are JSON, with the header 'Content-Type: {_JSON}'.")
    if (request.content_length or 0) > source.max_body_bytes:
        raise _too_large(source)


async def _delivery(request: web.Request, source: WebhookSource) -> Delivery:
    try:
        async with asyncio.timeout(request.app[BODY_SECONDS]):
            body = await body_of(request)
    except TimeoutError as error:
        cure = "Send the whole body, as long and as encoded as its headers say."
        raise Problem(408, "body-not-received", "The request's body did not arrive", cure, headers={"Connection": "close"}) from error
    if len(body) > source.max_body_bytes:
        raise _too_large(source)
    return Delivery({name.lower(): value for name, value in request.headers.items()}, body, time.time_ns() // 1000)


def _too_large(source: WebhookSource) -> Problem:
    return Problem(413, "body-too-large", "Request body too large", f"{source.name} takes at most {source.max_body_bytes:,} bytes.")


async def healthz(request: web.Request) -> web.Response:
    """Ill when the reader of the hints has ended, which only a new start mends."""
    failed = request.app[SERVICE].log.failed
    if failed is not None:
        raise unavailable("hints-reader-failed", f"The reader of the hints has ended ({type(failed).__name__}); the service must be started again.")
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Ready once the deliveries of the last 72 h are known: before that a repeated one would be taken for new, which costs a fetch."""
    await healthz(request)
    if not request.app[SERVICE].log.caught_up.is_set():
        raise unavailable("catching-up", "The deliveries of the last 72 hours are still being read.")
    return web.json_response({"status": "ready"})


async def metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
