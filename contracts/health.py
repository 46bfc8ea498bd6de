"""``/healthz`` and ``/metrics`` of a worker. The answer comes from the worker's own event loop: one that is blocked does not answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from contracts.settings import TelemetrySettings


async def serve_health(settings: TelemetrySettings, ready: Callable[[], bool]) -> web.AppRunner | None:
    """Listen on the configured port, if there is one. ``/healthz`` is 503 until ``ready`` says yes."""
    if not settings.metrics_port:
        return None

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"}) if ready() else web.json_response({"status": "starting"}, status=503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, settings.metrics_host, settings.metrics_port).start()
    return runner
