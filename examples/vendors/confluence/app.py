"""The server's one place of wiring, and its control routes beside those of ``examples.vendors.control``:

``POST /_control/seed``                see ``seed``
``GET  /_control/visible?user=ID``     {"ids": [wire ids of published content that this person sees]}; ``user=anonymous``; ``&kind=page`` keeps one kind
``PUT  /_control/connect``             see ``connect`` (Cloud, ``--events connect``)
``PUT  /_control/forge``               see ``forge`` (Cloud, ``--events forge``)
``PUT  /_control/automation``          see ``automation`` (Cloud, ``--events automation``)
"""

from __future__ import annotations

from typing import Literal, assert_never

from aiohttp import web
from pydantic import ValidationError

from examples.vendors.confluence import automation, connect, forge, permissions, seed, webhooks
from examples.vendors.confluence.cloud_changes import CloudChanges
from examples.vendors.confluence.cloud_reads import CloudReads
from examples.vendors.confluence.datacenter_content import DatacenterContent
from examples.vendors.confluence.directory_routes import DirectoryRoutes
from examples.vendors.confluence.file_routes import FileRoutes
from examples.vendors.confluence.refusals import CLOUD_API, NotFoundError, RefusedError, answer
from examples.vendors.confluence.restriction_routes import RestrictionRoutes
from examples.vendors.confluence.search_routes import SearchRoutes
from examples.vendors.confluence.space_routes import SpaceRoutes
from examples.vendors.confluence.state import Edition, Site
from examples.vendors.control import Control
from examples.vendors.deliveries import Deliverer
from examples.vendors.faults import CONTROL, Faults, Handler

Events = Literal["connect", "forge", "automation"]


def create_app(edition: Edition = "cloud", events: Events = "connect", speed: float = 1.0) -> web.Application:
    """``events``: how Cloud tells what happened; Data Center has its own webhooks."""
    site = Site(edition)
    faults = Faults(lambda status: answer(status, _FAULTS.get(status, "Error"), cloud_api=edition == "cloud"))
    hooks, deliverer = _hooks(site, faults, events, speed)
    app = Control(faults, deliverer).application()
    app.middlewares.append(_Edge(site).middleware)
    parts = (SearchRoutes(site), RestrictionRoutes(site), DirectoryRoutes(site), FileRoutes(site), SpaceRoutes(site))
    editions = (CloudReads(site), CloudChanges(site)) if edition == "cloud" else (DatacenterContent(site),)
    for routes in (*parts, *editions, hooks, _Told(site)):
        app.add_routes(routes.routes())
    return app


_FAULTS = {401: "Unauthorized", 429: "Rate limit exceeded", 503: "Service Unavailable"}
_Hooks = webhooks.DatacenterWebhooks | connect.ConnectWebhooks | forge.ForgeEvents | automation.AutomationRules


def _hooks(site: Site, faults: Faults, events: Events, speed: float) -> tuple[_Hooks, Deliverer]:
    if site.edition == "datacenter":
        deliverer = Deliverer(faults, webhooks.RETRIES, speed)
        return webhooks.DatacenterWebhooks(site, deliverer), deliverer
    match events:
        case "connect":
            deliverer = Deliverer(faults, connect.RETRIES, speed)
            return connect.ConnectWebhooks(site, deliverer), deliverer
        case "forge":
            deliverer = Deliverer(faults, forge.RETRIES, speed)
            return forge.ForgeEvents(site, deliverer), deliverer
        case "automation":
            deliverer = Deliverer(faults, automation.RETRIES, speed)
            return automation.AutomationRules(site, deliverer), deliverer
        case _:
            assert_never(events)


class _Edge:
    """Takes the site's address from the request, and turns refusals into the vendor's error bodies."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._site.base_url = f"{request.scheme}://{request.host}"
        cloud_api = request.path.startswith(CLOUD_API)
        try:
            return await handler(request)
        except RefusedError as refusal:
            return answer(refusal.status, refusal.message, cloud_api=cloud_api)
        except ValidationError as error:
            return answer(400, str(error), cloud_api=cloud_api)
        except web.HTTPException as error:
            return answer(error.status, error.reason, cloud_api=cloud_api)


class _Told:
    """What tests tell and ask."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        return [web.post(CONTROL + "seed", self._seed), web.get(CONTROL + "visible", self._visible)]

    async def _seed(self, request: web.Request) -> web.Response:
        return web.json_response(seed.apply(self._site, seed.Seed.model_validate_json(await request.read())))

    async def _visible(self, request: web.Request) -> web.Response:
        user, kind = request.query.get("user", "anonymous"), request.query.get("kind")
        person = self._site.people.get(user)
        if person is None and user != "anonymous":
            raise NotFoundError("user")
        sees_all = person is not None and person.active and person.admin and (self._site.edition == "datacenter" or not self._site.admin_key_required)
        found = permissions.visible(self._site, person, sees_all=sees_all)
        return web.json_response({"ids": [content.wire_id for content in found if kind in {None, content.kind}]})
