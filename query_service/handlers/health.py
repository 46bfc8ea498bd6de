"""``/healthz``: the process runs. ``/readyz``: it can answer. ``/metrics``: Prometheus."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from query_service.bodies import json_response
from query_service.parts import PARTS
from query_service.readiness import OK
from query_service.wire import HealthBody


async def healthz(_request: web.Request) -> web.Response:
    return json_response(HealthBody(status="ok"))


async def readyz(request: web.Request) -> web.Response:
    checks = await request.app[PARTS].readiness.checks()
    ready = all(state == OK for state in checks.values())
    return json_response(HealthBody(status="ok" if ready else "unavailable", checks=checks), 200 if ready else 503)


async def metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
