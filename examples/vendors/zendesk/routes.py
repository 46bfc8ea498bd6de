"""The whole application: REST routes, content of attachments, and the vendor-less ``/_control``.

``POST /_control/seed``                fills the account (form in ``seed``)
``GET  /_control/visible?user=ID``     {"tickets": [ids], "articles": [ids]} that this user sees; without ``user``, a visitor
``POST /_control/system_update?ticket=ID``  moves a ticket's ``generated_timestamp`` alone, as a business rule may
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from examples.vendors.control import Control
from examples.vendors.deliveries import Deliverer
from examples.vendors.faults import CONTROL, Faults
from examples.vendors.zendesk import errors, permissions
from examples.vendors.zendesk.article_routes import ArticleRoutes
from examples.vendors.zendesk.comment_routes import CommentRoutes
from examples.vendors.zendesk.export_routes import ExportRoutes
from examples.vendors.zendesk.exports import DOCUMENTED_LAG_SECONDS
from examples.vendors.zendesk.generated import generate
from examples.vendors.zendesk.guide_routes import GuideRoutes
from examples.vendors.zendesk.membership_routes import MembershipRoutes
from examples.vendors.zendesk.people_routes import PeopleRoutes
from examples.vendors.zendesk.retries import ZendeskRetries
from examples.vendors.zendesk.seed import Seed, plant
from examples.vendors.zendesk.state import Desk
from examples.vendors.zendesk.ticket_routes import TicketRoutes
from examples.vendors.zendesk.webhooks import Webhooks


def application(desk: Desk, speed: float = 1.0, export_lag_seconds: float = DOCUMENTED_LAG_SECONDS) -> web.Application:
    faults = Faults(errors.response)
    deliverer = Deliverer(faults, ZendeskRetries(), speed)
    app = Control(faults, deliverer).application()
    webhooks = Webhooks(desk, deliverer)
    comments, guide = CommentRoutes(desk, webhooks), GuideRoutes(desk)
    tables = (
        TicketRoutes(desk, webhooks).routes(),
        comments.routes(),
        PeopleRoutes(desk, webhooks).routes(),
        MembershipRoutes(desk, webhooks).routes(),
        ExportRoutes(desk, export_lag_seconds).routes(),
        guide.routes(),
        ArticleRoutes(desk, webhooks).routes(),
        webhooks.routes(),
    )
    app.add_routes([route for routes in tables for route in routes.table])
    app.add_routes([web.get("/attachments/token/{token}/", comments.content), web.get("/attachments/token/{token}", comments.content)])
    app.add_routes([web.get("/hc/article_attachments/{id:\\d+}", guide.content), web.get("/hc/article_attachments/{id:\\d+}/{name}", guide.content)])
    app.add_routes(_Own(desk).routes())
    return app


class _Own:
    """The control routes that only this vendor has."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(CONTROL + "seed", self._seed),
            web.get(CONTROL + "visible", self._visible),
            web.post(CONTROL + "system_update", self._system_update),
        ]

    async def _seed(self, request: web.Request) -> web.Response:
        try:
            seed = Seed.model_validate_json(await request.read())
            plant(self._desk, seed)
            generate(self._desk, seed.generated)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=HTTPStatus.BAD_REQUEST)
        people, guide = self._desk.people, self._desk.guide
        counts = {
            "users": len(people.users),
            "groups": len(people.groups),
            "organizations": len(people.organizations),
            "tickets": len(self._desk.tickets.all),
            "articles": len(guide.articles),
        }
        return web.json_response({"integration_user_id": self._desk.integration_id, **counts})

    async def _visible(self, request: web.Request) -> web.Response:
        given = request.query.get("user")
        return web.json_response(permissions.visible(self._desk, int(given) if given else None))

    async def _system_update(self, request: web.Request) -> web.Response:
        self._desk.tickets.system_update(int(request.query["ticket"]))
        return web.json_response({"ok": True})
