"""Registering webhooks, and OAuth 2.0 apps' tokens.

- Cloud, by an administrator: ``/rest/webhooks/1.0/webhook`` with name, url, events, ``filters`` {"issue-related-events-section": JQL}, excludeBody, secret; the
  answer says ``isSigned`` (https://developer.atlassian.com/cloud/jira/platform/webhooks/).
- Cloud, by an OAuth 2.0 app: ``/rest/api/3/webhook``; they end after 30 days unless refreshed, and know fewer events
  (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-webhooks/). At most 5 for each app and person, all with one URL
  (how a second URL is refused is not verified).
- Data Center 10 and later: ``/rest/jira-webhook/1.0/webhooks``, the secret in ``configuration.SECRET`` and the JQL in ``configuration.FILTERS``; a top-level
  ``secret`` is ignored (https://developer.atlassian.com/server/jira/platform/webhooks/; the form of FILTERS and of the answer's rest is not verified).
- ``POST /oauth/token`` on this server stands for https://auth.atlassian.com/oauth/token: a refresh token is good once and brings the next
  (https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/#use-a-refresh-token-to-get-another-access-token-and-refresh-token-pair).
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from http import HTTPStatus
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from examples.vendors.jira.access import Call, Handler, Json, Refused
from examples.vendors.jira.jql import parse
from examples.vendors.jira.jql_terms import JqlError, tokens
from examples.vendors.jira.model import Edition, Hook, OAuthApp
from examples.vendors.jira.people_routes import small

_SECTION: Final = "issue-related-events-section"
_LIFE: Final = timedelta(days=30)
_MOST_DYNAMIC: Final = 5
_DYNAMIC_EVENTS: Final = frozenset(
    {f"jira:issue_{verb}" for verb in ("created", "updated", "deleted")} | {f"comment_{verb}" for verb in ("created", "updated", "deleted")}
)
_DYNAMIC_CLAUSES: Final = frozenset({"issuekey", "project", "issuetype", "status", "assignee", "reporter"})
_OPERATORS: Final = ("=", "!=", ">", ">=", "<", "<=", "in", "not", "is")
CLOUD_ADMIN: Final = "/rest/webhooks/1.0/webhook"
DATACENTER_ADMIN: Final = "/rest/jira-webhook/1.0/webhooks"


class AdminHookRoutes:
    """The same five routes in both editions, under different paths and in different forms."""

    def table(self, edition: Edition) -> list[tuple[str, str, Handler]]:
        root = CLOUD_ADMIN if edition is Edition.CLOUD else DATACENTER_ADMIN
        return [
            ("GET", root, self._list),
            ("POST", root, self._create),
            ("GET", f"{root}/{{hook}}", self._get),
            ("PUT", f"{root}/{{hook}}", self._edit),
            ("DELETE", f"{root}/{{hook}}", self._delete),
        ]

    async def _list(self, call: Call) -> web.Response:
        call.admin()
        return web.json_response([self._shown(call, hook) for hook in call.state.hooks.values() if hook.app is None])

    async def _create(self, call: Call) -> web.Response:
        user, body = call.admin(), await call.body()
        if not body.get("url") or not body.get("name"):
            raise Refused(HTTPStatus.BAD_REQUEST, "A webhook needs a name and a URL.")
        hook = Hook(call.state.next_id("hook"), "", "", (), owner=user.id)
        self._fill(call, hook, body)
        call.state.hooks[hook.id] = hook
        return web.json_response(self._shown(call, hook), status=HTTPStatus.CREATED)

    async def _get(self, call: Call) -> web.Response:
        return web.json_response(self._shown(call, self._found(call)))

    async def _edit(self, call: Call) -> web.Response:
        """A secret that is left out stays."""
        hook = self._found(call)
        self._fill(call, hook, await call.body())
        return web.json_response(self._shown(call, hook))

    async def _delete(self, call: Call) -> web.Response:
        del call.state.hooks[self._found(call).id]
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _found(self, call: Call) -> Hook:
        call.admin()
        wanted = call.part("hook")
        hook = call.state.hooks.get(int(wanted)) if wanted.isdigit() else None
        if hook is None or hook.app is not None:
            raise Refused(HTTPStatus.NOT_FOUND, f"The webhook {wanted} does not exist.")
        return hook

    def _fill(self, call: Call, hook: Hook, body: Json) -> None:
        told = _from_configuration(body) if call.state.edition is Edition.DATACENTER else body
        jql = str((told.get("filters") or {}).get(_SECTION, hook.jql) or "")
        _check(call, jql)
        hook.name, hook.url = str(body.get("name", hook.name)), str(body.get("url", hook.url))
        hook.events, hook.jql = tuple(body.get("events", hook.events)), jql
        hook.secret = str(told.get("secret", hook.secret))
        hook.exclude_body = bool(told.get("excludeBody", hook.exclude_body))
        hook.enabled = bool(body.get("active" if call.state.edition is Edition.DATACENTER else "enabled", hook.enabled))
        hook.updated = call.state.clock()

    def _shown(self, call: Call, hook: Hook) -> Json:
        about: Json = {"name": hook.name, "url": hook.url, "events": list(hook.events)}
        moment = hook.updated or call.state.clock()
        if call.state.edition is Edition.DATACENTER:
            filters = {"FILTERS": json.dumps({_SECTION: hook.jql})} if hook.jql else {}
            configuration = {"EXCLUDE_BODY": str(hook.exclude_body).lower(), **filters}
            times = {"createdDate": int(moment.timestamp() * 1000), "updatedDate": int(moment.timestamp() * 1000)}
            return {
                "id": hook.id,
                **about,
                **times,
                "configuration": configuration,
                "active": hook.enabled,
                "scopeType": "global",
                "sslVerificationRequired": True,
            }
        person = small(call).user(hook.owner) or {}
        return {
            **about,
            "self": f"{call.base}{CLOUD_ADMIN}/{hook.id}",
            "filters": {_SECTION: hook.jql},
            "excludeBody": hook.exclude_body,
            "enabled": hook.enabled,
            "isSigned": bool(hook.secret),
            "lastUpdatedUser": hook.owner,
            "lastUpdatedDisplayName": person.get("displayName"),
            "lastUpdated": int(moment.timestamp() * 1000),
        }


def _from_configuration(body: Json) -> Json:
    """Data Center's ``configuration``, whose values are texts, in Cloud's names."""
    configuration = body.get("configuration") or {}
    told: Json = {}
    if "SECRET" in configuration:
        told["secret"] = configuration["SECRET"]
    if "EXCLUDE_BODY" in configuration:
        told["excludeBody"] = str(configuration["EXCLUDE_BODY"]).lower() == "true"
    filters = configuration.get("FILTERS")
    if filters:
        told["filters"] = json.loads(filters) if isinstance(filters, str) else filters
    return told


def _check(call: Call, jql: str) -> None:
    try:
        parse(jql, call.state, ZoneInfo("UTC"))
    except JqlError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error


class DynamicHookRoutes:
    """``/rest/api/3/webhook``: an app registers, lists, refreshes and deletes its own."""

    def table(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "webhook", self._list),
            ("POST", "webhook", self._register),
            ("DELETE", "webhook", self._delete),
            ("PUT", "webhook/refresh", self._refresh),
        ]

    def _app(self, call: Call) -> OAuthApp:
        if call.app is None:
            raise Refused(HTTPStatus.FORBIDDEN, "Only Connect and OAuth 2.0 apps can use this operation.")
        return call.app

    def _own(self, call: Call) -> list[Hook]:
        app = self._app(call)
        return [hook for hook in call.state.hooks.values() if hook.app == app.client_id and hook.expires and hook.expires > call.state.clock()]

    async def _list(self, call: Call) -> web.Response:
        def shape(hook: Hook) -> Json:
            fields = {"fieldIdsFilter": list(hook.field_ids)} if hook.field_ids else {}
            ends = {"expirationDate": small(call).time(hook.expires)} if hook.expires else {}
            return {"id": hook.id, "jqlFilter": hook.jql, "events": list(hook.events), "url": hook.url, **fields, **ends}

        return web.json_response(call.page(self._own(call), shape, most=100))

    async def _register(self, call: Call) -> web.Response:
        self._app(call)
        body = await call.body()
        url, wanted = str(body.get("url") or ""), body.get("webhooks")
        if not url or not isinstance(wanted, list):
            raise Refused(HTTPStatus.BAD_REQUEST, "A URL and a list of webhooks are needed.")
        if any(hook.url != url for hook in self._own(call)):
            raise Refused(HTTPStatus.BAD_REQUEST, "Only a single URL per app is allowed to be registered via REST API.")
        return web.json_response({"webhookRegistrationResult": [self._one(call, url, told) for told in wanted]})

    def _one(self, call: Call, url: str, told: Json) -> Json:
        """{"createdWebhookId": number} or {"errors": […]}, one for each that was asked for."""
        jql, events = str(told.get("jqlFilter") or ""), tuple(told.get("events") or ())
        errors = [f"The event {event} is unsupported" for event in events if event not in _DYNAMIC_EVENTS]
        if len(self._own(call)) >= _MOST_DYNAMIC:
            errors.append(f"Only {_MOST_DYNAMIC} webhooks are allowed per app and user.")
        try:
            parse(jql, call.state, ZoneInfo("UTC"))
            errors += _unsupported(jql)
        except JqlError as error:
            errors.append(str(error))
        if errors or not events:
            return {"errors": errors or ["At least one event is needed."]}
        hook = Hook(call.state.next_id("hook"), "", url, events, jql, app=self._app(call).client_id, field_ids=tuple(told.get("fieldIdsFilter") or ()))
        hook.expires = call.state.clock() + _LIFE
        call.state.hooks[hook.id] = hook
        return {"createdWebhookId": hook.id}

    async def _named(self, call: Call) -> list[Hook]:
        """The app's own of the ids in the body; others are ignored, as documented."""
        wanted = (await call.body()).get("webhookIds") or []
        return [hook for hook in self._own(call) if hook.id in wanted]

    async def _delete(self, call: Call) -> web.Response:
        for hook in await self._named(call):
            del call.state.hooks[hook.id]
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _refresh(self, call: Call) -> web.Response:
        ends = call.state.clock() + _LIFE
        for hook in await self._named(call):
            hook.expires = ends
        return web.json_response({"expirationDate": small(call).time(ends)})


def _unsupported(jql: str) -> list[str]:
    """An app's filter knows few clauses: issueKey, project, issuetype, status, assignee, reporter (of the documented, custom fields and properties are missing)."""
    words = list(tokens(jql))
    named = [word for word, following in pairwise(words) if following.is_word(*_OPERATORS) and not word.is_word("and", "or", "not")]
    return [f"The clause {word.text} is unsupported" for word in named if word.text.lower() not in _DYNAMIC_CLAUSES]


async def oauth_token(call: Call) -> web.Response:
    """Answers {access_token, refresh_token, expires_in, token_type, scope}; 403 ``invalid_grant`` for a token that is not the newest."""
    body = await call.body()
    app = call.state.apps.get(str(body.get("client_id") or ""))
    known = app is not None and secrets.compare_digest(app.client_secret, str(body.get("client_secret") or ""))
    if body.get("grant_type") != "refresh_token" or app is None or not known:
        return _oauth_error(HTTPStatus.UNAUTHORIZED, "access_denied", "Unauthorized")
    if body.get("refresh_token") != app.refresh_token:
        return _oauth_error(HTTPStatus.FORBIDDEN, "invalid_grant", "Unknown or invalid refresh token.")
    access, app.refresh_token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    app.access_tokens[access] = call.state.clock() + timedelta(seconds=app.expires_seconds)
    scope = "offline_access read:jira-work read:jira-user manage:jira-configuration manage:jira-webhook write:jira-work"
    whole: dict[str, Any] = {"access_token": access, "refresh_token": app.refresh_token, "expires_in": int(app.expires_seconds), "token_type": "Bearer"}
    return web.json_response({**whole, "scope": scope})


def _oauth_error(status: HTTPStatus, error: str, description: str) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
