"""``/_control``: what a test or a benchmark tells a vendor's server, and asks it. No vendor has these routes.

``GET  /_control/health``       {"ok": true}
``PUT  /_control/faults``       FaultSettings as JSON; what is left out is as by default
``GET  /_control/deliveries``   {"deliveries": [{about, url, statuses, sent_at, dropped, finished}, …], "settled": bool}; ``?wait=SECONDS`` waits until none is on its way
``GET  /_control/requests``     {"METHOD /path": number}: the REST requests answered so far, faults included
``GET  /_control/rate``         {"most_per_second": number, "refused": number}: the busiest second so far, by the clock, and the answers 429
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from examples.vendors.deliveries import Deliverer
from examples.vendors.faults import CONTROL, Faults, FaultSettings, Handler


class Control:
    def __init__(self, faults: Faults, deliverer: Deliverer) -> None:
        self._faults = faults
        self._deliverer = deliverer
        self._requests: Counter[str] = Counter()
        self._seconds: Counter[int] = Counter()
        self._refused = 0

    def application(self) -> web.Application:
        """An application with these routes, the faults and the deliverer's life; the vendor adds its own routes."""
        app = web.Application(middlewares=[self._counted, self._faults.middleware], client_max_size=64 * 1024 * 1024)
        app.add_routes(
            [
                web.get(CONTROL + "health", self._health),
                web.put(CONTROL + "faults", self._set_faults),
                web.get(CONTROL + "deliveries", self._deliveries),
                web.get(CONTROL + "requests", self._counts),
                web.get(CONTROL + "rate", self._rate),
            ]
        )
        app.on_startup.append(self._start)
        app.on_cleanup.append(self._stop)
        return app

    async def _start(self, _app: web.Application) -> None:
        await self._deliverer.start()

    async def _stop(self, _app: web.Application) -> None:
        await self._deliverer.stop()

    @web.middleware
    async def _counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await handler(request)
        self._requests[f"{request.method} {request.path}"] += 1
        self._seconds[int(time.monotonic())] += 1
        response = await handler(request)
        self._refused += response.status == HTTPStatus.TOO_MANY_REQUESTS
        return response

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self._faults.set(FaultSettings.model_validate_json(await request.read()))
        except ValidationError as error:
            return web.json_response({"error": str(error)}, status=HTTPStatus.BAD_REQUEST)
        return web.json_response(self._faults.settings.model_dump())

    async def _deliveries(self, request: web.Request) -> web.Response:
        settled = await self._deliverer.settled(float(request.query.get("wait", "0")))
        return web.json_response({"deliveries": [asdict(sent) for sent in self._deliverer.sent], "settled": settled})

    async def _counts(self, _request: web.Request) -> web.Response:
        return web.json_response(dict(self._requests))

    async def _rate(self, _request: web.Request) -> web.Response:
        return web.json_response({"most_per_second": max(self._seconds.values(), default=0), "refused": self._refused})
