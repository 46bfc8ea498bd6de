"""A request to the REST API: who asks, in which version, and what is answered when it cannot be.

- Cloud: basic ``mail:token``, and Bearer for OAuth 2.0 apps, whose access tokens end (https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/,
  https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/). Data Center: Bearer with a personal access token
  (https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html).
- Without ``Authorization`` a request is anonymous and sees what "anyone" is granted. Wrong or ended credentials are 401.
- Errors have the body ErrorCollection: ``{"errorMessages": […], "errors": {field: message}}``
  (https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#status-codes). The texts of 401, 429 and 503 are not verified.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from examples.vendors.jira.model import Edition, Issue, OAuthApp, Project, User
from examples.vendors.jira.permissions import Permissions
from examples.vendors.jira.state import Jira

Json = dict[str, Any]
_TEXTS: Final = {
    HTTPStatus.UNAUTHORIZED: "Client must be authenticated to access this resource.",
    HTTPStatus.TOO_MANY_REQUESTS: "Rate limit exceeded.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service is temporarily unavailable.",
}
NO_ISSUE: Final = "Issue does not exist or you do not have permission to see it."
NOT_ADMIN: Final = "You are not authorized to perform this action. Administrator privileges are required."


class Refused(Exception):  # noqa: N818  # an answer, not a fault of the server
    """Ends a request with a status and Jira's error body."""

    def __init__(self, status: HTTPStatus, *messages: str, **errors: str) -> None:
        super().__init__(status, messages, errors)
        self.status = status
        self.messages = messages
        self.errors = errors

    def response(self) -> web.Response:
        return web.json_response({"errorMessages": list(self.messages), "errors": self.errors}, status=self.status)


def refuse(status: int) -> web.Response:
    """The error body of a fault."""
    known = HTTPStatus(status)
    return Refused(known, _TEXTS.get(known, known.phrase)).response()


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``base`` is the site as the caller addressed it, and begins every ``self`` URL."""

    request: web.Request
    state: Jira
    permissions: Permissions
    viewer: User | None
    app: OAuthApp | None
    base: str
    version: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.viewer.time_zone if self.viewer else "UTC")

    def part(self, name: str) -> str:
        return self.request.match_info[name]

    def number(self, name: str, default: int, least: int = 0) -> int:
        """A number of the query string; 400 where it is none."""
        try:
            return max(least, int(self.request.query.get(name, default)))
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, f"The value of {name} is not a number.") from None

    def words(self, name: str) -> list[str]:
        """Comma-separated words of a parameter that may be repeated."""
        return [word.strip() for value in self.request.query.getall(name, []) for word in value.split(",") if word.strip()]

    async def body(self) -> Json:
        try:
            read = json.loads(await self.request.read() or b"{}")
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "There was an error parsing JSON. Check that your request body is valid.")
        return read

    def login(self) -> User:
        if self.viewer is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, _TEXTS[HTTPStatus.UNAUTHORIZED])
        return self.viewer

    def admin(self) -> User:
        user = self.login()
        if not self.permissions.is_admin(user):
            raise Refused(HTTPStatus.FORBIDDEN, NOT_ADMIN)
        return user

    def issue(self, name: str = "issue", permission: str | None = None) -> Issue:
        """The issue of the path, if the viewer sees it; 404 otherwise, 403 without the further permission."""
        return self.issue_named(self.part(name), permission)

    def issue_named(self, wanted: str, permission: str | None = None) -> Issue:
        issue = self.state.issue(wanted)
        if issue is None or not self.permissions.sees_issue(self.viewer, issue):
            raise Refused(HTTPStatus.NOT_FOUND, NO_ISSUE)
        if permission and not self.permissions.may(self.viewer, permission, issue):
            raise Refused(HTTPStatus.FORBIDDEN, f"You do not have the permission {permission} for this issue.")
        return issue

    def project(self, *, administer: bool = False) -> Project:
        """The project of the path. ``administer`` asks for Administer Jira or the project's Administer Projects."""
        project = self.state.project(self.part("project"))
        admin = self.permissions.is_admin(self.viewer)
        if project is None or project.trashed or not (admin or self.permissions.sees_project(self.viewer, project)):
            raise Refused(HTTPStatus.NOT_FOUND, f"No project could be found with key '{self.part('project')}'.")
        if administer and not (admin or self.permissions.has(self.viewer, "ADMINISTER_PROJECTS", project)):
            raise Refused(HTTPStatus.UNAUTHORIZED, "You cannot edit the configuration of this project.")
        return project

    def page(self, values: Sequence[Any], shape: Callable[[Any], Any], most: int = 50, default: int | None = None) -> Json:
        """A PageBean: {self, nextPage, maxResults, startAt, total, isLast, values}.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#pagination
        """
        start, size = self.number("startAt", 0), min(most, self.number("maxResults", default or most, least=1))
        end = start + size
        here = str(self.request.url.update_query(startAt=start, maxResults=size))
        further = {"nextPage": str(self.request.url.update_query(startAt=end, maxResults=size))} if end < len(values) else {}
        window = [shape(value) for value in values[start:end]]
        return {"self": here, **further, "maxResults": size, "startAt": start, "total": len(values), "isLast": end >= len(values), "values": window}


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


class Door:
    """Makes a Call of a request, or refuses it."""

    def __init__(self, state: Jira, permissions: Permissions) -> None:
        self._state = state
        self._permissions = permissions

    def open(self, handler: Handler, version: str = "") -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(self._call(request, version))
            except Refused as refused:
                return refused.response()

        return answer

    def _call(self, request: web.Request, version: str) -> Call:
        viewer, app = self._who(request)
        prefix = f"/ex/jira/{request.match_info['cloud']}" if "cloud" in request.match_info else ""
        base = str(request.url.origin()) + prefix
        return Call(request, self._state, self._permissions, viewer, app, base, request.match_info.get("version", version))

    def _who(self, request: web.Request) -> tuple[User | None, OAuthApp | None]:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        app: OAuthApp | None = None
        user: User | None = None
        if not kind:
            return None, None
        if kind == "Basic" and self._state.edition is Edition.CLOUD:
            user = self._basic(secret)
        elif kind == "Bearer" and self._state.edition is Edition.CLOUD:
            app = next((known for known in self._state.apps.values() if secret in known.access_tokens), None)
            user = self._state.user(app.user) if app and app.access_tokens[secret] > self._state.clock() else None
        elif kind == "Bearer":
            user = next((known for known in self._state.users.values() if known.token == secret), None)
        if user is None or not user.active:
            raise Refused(HTTPStatus.UNAUTHORIZED, _TEXTS[HTTPStatus.UNAUTHORIZED])
        return user, app

    def _basic(self, secret: str) -> User | None:
        try:
            mail, _, token = base64.b64decode(secret, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return next((user for user in self._state.users.values() if user.mail == mail and user.token == token), None)
