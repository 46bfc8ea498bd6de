"""Data Center's webhooks: ``/rest/api/webhooks`` and what is sent to those that are registered.

Registration: https://developer.atlassian.com/server/confluence/webhooks/ and https://developer.atlassian.com/server/confluence/rest/v1000/api-group-webhooks;
for administrators. Signature: HMAC-SHA256 of the body with the webhook's secret, in ``X-Hub-Signature``
(https://confluence.atlassian.com/conf91/managing-webhooks-1442848789.html); that it is hexadecimal behind «sha256=» is how Bitbucket's of the same library
is documented, as are ``X-Event-Key`` and ``X-Request-Id``: not verified for Confluence. No page speaks of sending again, so nothing is sent again. That
the library skips a webhook for a while after failures in a row is not modelled.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from examples.vendors.confluence.access import caller_of
from examples.vendors.confluence.entities import EVENTS, body_of, milliseconds
from examples.vendors.confluence.paging import start_page
from examples.vendors.confluence.refusals import InvalidError, NotFoundError
from examples.vendors.confluence.state import Event, Site
from examples.vendors.deliveries import Deliverer, Delivery, RetryRule

RETRIES: Final = RetryRule(statuses=frozenset(), pauses_seconds=())


class _Configuration(BaseModel):
    model_config = ConfigDict(extra="ignore")

    secret: str | None = None


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: str
    url: str
    events: list[str]
    configuration: _Configuration = _Configuration()
    active: bool = True


@dataclass(frozen=True, slots=True)
class _Webhook:
    id: int
    form: _Form
    created: int
    updated: int


class DatacenterWebhooks:
    def __init__(self, site: Site, deliverer: Deliverer) -> None:
        self._site = site
        self._deliverer = deliverer
        self._hooks: dict[int, _Webhook] = {}
        site.listen(self.fire)

    def routes(self) -> list[web.RouteDef]:
        root = "/rest/api/webhooks"
        return [
            web.get(root, self._list),
            web.post(root, self._create),
            web.get(root + "/{id}", self._get),
            web.put(root + "/{id}", self._update),
            web.delete(root + "/{id}", self._delete),
        ]

    def fire(self, event: Event) -> None:
        """To each active webhook that is registered for the event."""
        hooks = [hook for hook in self._hooks.values() if hook.form.active and event.name in hook.form.events]
        if not hooks:
            return
        body = json.dumps(body_of(self._site, event), separators=(",", ":")).encode()
        about = f"{event.name} {event.content.wire_id if event.content else ''}".strip()
        for hook in hooks:
            self._deliverer.send(Delivery(hook.form.url, body, partial(_headers, event.name, hook.form.configuration.secret, body), about))

    async def _list(self, request: web.Request) -> web.Response:
        caller_of(self._site, request).administrator()
        return web.json_response(start_page(request, self._site, list(self._hooks.values()), _shown))

    async def _create(self, request: web.Request) -> web.Response:
        caller_of(self._site, request).administrator()
        now = milliseconds(self._site.tick())
        hook = _Webhook(max(self._hooks, default=0) + 1, _checked(await request.read()), now, now)
        self._hooks[hook.id] = hook
        return web.json_response(_shown(hook), status=HTTPStatus.CREATED)

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(_shown(self._hook(request)))

    async def _update(self, request: web.Request) -> web.Response:
        hook = self._hook(request)
        hook = self._hooks[hook.id] = replace(hook, form=_checked(await request.read()), updated=milliseconds(self._site.tick()))
        return web.json_response(_shown(hook))

    async def _delete(self, request: web.Request) -> web.Response:
        del self._hooks[self._hook(request).id]
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _hook(self, request: web.Request) -> _Webhook:
        caller_of(self._site, request).administrator()
        number = request.match_info["id"]
        hook = self._hooks.get(int(number)) if number.isascii() and number.isdigit() else None
        if hook is None:
            raise NotFoundError("webhook")
        return hook


def _headers(event: str, secret: str | None, body: bytes, _attempt: int) -> Mapping[str, str]:
    headers = {"Content-Type": "application/json; charset=utf-8", "X-Event-Key": event, "X-Request-Id": str(uuid.uuid4())}
    if secret:
        headers["X-Hub-Signature"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return headers


def _checked(body: bytes) -> _Form:
    form = _Form.model_validate_json(body)
    if unknown := sorted(set(form.events) - EVENTS):
        raise InvalidError(f"Unknown events: {unknown}")
    return form


def _shown(hook: _Webhook) -> dict[str, Any]:
    """The secret stays out of answers, as in the reference's example (``"configuration": {}``)."""
    return {
        "id": hook.id, "name": hook.form.name, "createdDate": hook.created, "updatedDate": hook.updated, "events": hook.form.events, "configuration": {},
        "url": hook.form.url, "active": hook.form.active, "scopeType": "global", "sslVerificationRequired": True,
    }  # fmt: skip
