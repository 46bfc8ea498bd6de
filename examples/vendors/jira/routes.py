"""The application: every route of an edition under its versions, and the control routes of this server.

Cloud answers under ``/rest/api/3`` and ``/rest/api/2``, and the same again under ``/ex/jira/{cloudid}``, where OAuth 2.0 apps call
(https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/#make-calls-to-the-api); Data Center under ``/rest/api/2``. Control routes besides the shared:

``POST /_control/seed``               see ``seed_form.py``
``GET  /_control/visible?user=ID``    {"user": ID, "ids": [issue id as a string, …]}: what that person sees; without user, or as "anonymous",
                                      what anyone sees
``PUT  /_control/search``             {"lag_seconds": number}: how far searches are behind (see ``search_routes.py``)
``POST /_control/expire``             {"ended": number}: every OAuth access token ends now; the refresh tokens stay good. (The fault ``tokens_expired`` refuses
                                      everything, ``/oauth/token`` included.)
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from examples.vendors.control import Control
from examples.vendors.deliveries import Deliverer
from examples.vendors.faults import CONTROL, Faults
from examples.vendors.jira import seed
from examples.vendors.jira.access import Call, Door, Handler, refuse
from examples.vendors.jira.comment_routes import AttachmentRoutes, CommentRoutes
from examples.vendors.jira.issue_routes import IssueRoutes
from examples.vendors.jira.model import Edition
from examples.vendors.jira.people_routes import PeopleRoutes
from examples.vendors.jira.permissions import Permissions
from examples.vendors.jira.project_routes import ProjectRoutes
from examples.vendors.jira.scheme_routes import SchemeRoutes
from examples.vendors.jira.search_routes import SearchRoutes
from examples.vendors.jira.seed_form import Seed
from examples.vendors.jira.state import Jira
from examples.vendors.jira.webhook_routes import AdminHookRoutes, DynamicHookRoutes, oauth_token
from examples.vendors.jira.webhooks import CLOUD_RETRIES, DATACENTER_RETRIES, Webhooks

_CLOUD_ID: Final = "11223344-a1b2-3b33-c444-def123456789"


def application(edition: Edition, speed: float = 1.0, state: Jira | None = None) -> web.Application:
    state = state or Jira(edition)
    faults = Faults(refuse)
    deliverer = Deliverer(faults, CLOUD_RETRIES if edition is Edition.CLOUD else DATACENTER_RETRIES, speed)
    app = Control(faults, deliverer).application()
    permissions = Permissions(state)
    door = Door(state, permissions)
    webhooks = Webhooks(state, deliverer)
    attachments = AttachmentRoutes(webhooks)
    table = [
        *SearchRoutes().table(edition),
        *IssueRoutes(webhooks).table(edition),
        *CommentRoutes(webhooks).table(),
        *attachments.table(edition),
        *ProjectRoutes(webhooks).table(edition),
        *SchemeRoutes().table(edition),
        *PeopleRoutes(webhooks).table(edition),
        *(DynamicHookRoutes().table() if edition is Edition.CLOUD else []),
    ]
    _add(app, door, table, edition)
    for method, path, handler in AdminHookRoutes().table(edition):
        app.router.add_route(method, path, door.open(handler, "2"))
    if edition is Edition.CLOUD:
        app.router.add_get("/media/{place}", attachments.media)
        app.router.add_post("/oauth/token", door.open(oauth_token))
        app.router.add_get("/oauth/token/accessible-resources", door.open(_resources))
    else:
        app.router.add_get("/secure/attachment/{attachment}/{name}", door.open(attachments.secure, "2"))
    seeding = _Seeding(state)
    app.router.add_post(CONTROL + "seed", seeding.post)
    app.router.add_post(CONTROL + "expire", seeding.expire)
    app.router.add_put(CONTROL + "search", seeding.search)
    app.router.add_get(CONTROL + "visible", _Oracle(state, permissions).get)
    return app


def _add(app: web.Application, door: Door, table: list[tuple[str, str, Handler]], edition: Edition) -> None:
    versions, prefixes = ("2|3", ("", "/ex/jira/{cloud}")) if edition is Edition.CLOUD else ("2", ("",))
    for prefix in prefixes:
        for method, path, handler in table:
            app.router.add_route(method, f"{prefix}/rest/api/{{version:{versions}}}/{path}", door.open(handler))


async def _resources(call: Call) -> web.Response:
    """The one site that an access token reaches.

    https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/#3-1-get-the-cloudid-for-your-site
    """
    call.login()
    return web.json_response([{"id": _CLOUD_ID, "name": "example", "url": call.base, "scopes": ["read:jira-work", "manage:jira-webhook"], "avatarUrl": ""}])


class _Seeding:
    def __init__(self, state: Jira) -> None:
        self._state = state

    async def post(self, request: web.Request) -> web.Response:
        try:
            return web.json_response(seed.apply(Seed.model_validate_json(await request.read()), self._state))
        except (ValidationError, seed.SeedError) as error:
            return web.json_response({"error": str(error)}, status=HTTPStatus.BAD_REQUEST)

    async def search(self, request: web.Request) -> web.Response:
        self._state.search_lag_seconds = float((await request.json()).get("lag_seconds", 0.0))
        return web.json_response({"lag_seconds": self._state.search_lag_seconds})

    async def expire(self, _request: web.Request) -> web.Response:
        ended = sum(len(app.access_tokens) for app in self._state.apps.values())
        for app in self._state.apps.values():
            app.access_tokens = dict.fromkeys(app.access_tokens, self._state.clock())
        return web.json_response({"ended": ended})


class _Oracle:
    def __init__(self, state: Jira, permissions: Permissions) -> None:
        self._state = state
        self._permissions = permissions

    async def get(self, request: web.Request) -> web.Response:
        wanted = request.query.get("user")
        user = self._state.user(wanted)
        if wanted not in {None, "", "anonymous"} and user is None:
            return web.json_response({"error": f"no user {wanted}"}, status=HTTPStatus.NOT_FOUND)
        return web.json_response({"user": wanted, "ids": [str(number) for number in self._permissions.visible_issues(user)]})
