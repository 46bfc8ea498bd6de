"""Registration of webhooks, and their signature. https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/

Signature (https://developer.zendesk.com/documentation/webhooks/verifying/): base64(HMAC-SHA256(timestamp + body)) with the secret's characters as the key. Headers:
https://developer.zendesk.com/documentation/webhooks/anatomy-of-a-webhook-request/. One invocation has several attempts: its id is the same in each; that each is
signed with its own time is not verified, nor is the body of a 400.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from examples.vendors.deliveries import Deliverer, Delivery
from examples.vendors.zendesk import pages
from examples.vendors.zendesk.bodies import read
from examples.vendors.zendesk.entrance import Entrance
from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.events import Event
from examples.vendors.zendesk.paths import Routes
from examples.vendors.zendesk.stamps import moment, ulid
from examples.vendors.zendesk.state import Desk

Json = dict[str, Any]
TRIGGERS: Final = "conditional_ticket_events"
"""The subscription of a webhook that triggers and automations call; it gets no events."""


@dataclass(frozen=True, slots=True)
class Webhook:
    id: str
    name: str
    endpoint: str
    http_method: str
    request_format: str
    status: str
    subscriptions: tuple[str, ...]
    secret: str
    description: str
    created_at: float
    updated_at: float
    by: int


class WebhookIn(BaseModel):
    name: str | None = None
    endpoint: str | None = None
    http_method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    request_format: Literal["json", "xml", "form_encoded"] | None = None
    status: Literal["active", "inactive"] | None = None
    subscriptions: list[str] | None = None
    description: str | None = None


class NewWebhook(WebhookIn):
    name: str
    endpoint: str
    http_method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    request_format: Literal["json", "xml", "form_encoded"]
    status: Literal["active", "inactive"] = "active"
    subscriptions: list[str] = Field(default_factory=list)
    description: str = ""


class Webhooks:
    def __init__(self, desk: Desk, deliverer: Deliverer) -> None:
        self._desk = desk
        self._deliverer = deliverer
        self._entrance = Entrance(desk)
        self._registered: dict[str, Webhook] = {}

    def announce(self, events: Iterable[Event]) -> None:
        """Send each to whom it concerns, without waiting for them."""
        for event in events:
            whole = event.body(self._desk.account_id)
            body = json.dumps(whole).encode()
            for webhook in self._registered.values():
                if webhook.status == "active" and whole["type"] in webhook.subscriptions:
                    self._deliverer.send(Delivery(webhook.endpoint, body, self._headers(webhook.id, body), f"{event.type} {event.subject}"))

    def routes(self) -> Routes:
        routes = Routes("/api/v2/webhooks")
        routes.add("GET", "", self._list)
        routes.add("POST", "", self._create)
        routes.add("GET", "/{id:\\w+}", self._show)
        routes.add("PUT", "/{id:\\w+}", self._update)
        routes.add("PATCH", "/{id:\\w+}", self._update)
        routes.add("DELETE", "/{id:\\w+}", self._delete)
        routes.add("GET", "/{id:\\w+}/signing_secret", self._secret)
        routes.add("POST", "/{id:\\w+}/signing_secret", self._reset)
        return routes

    async def _list(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        listing = pages.Listing("webhooks", only_cursor=True)
        return web.json_response(pages.answer(request, listing, self._registered.values(), lambda it: (it.id,), _shape))

    async def _create(self, request: web.Request) -> web.Response:
        by = self._entrance.admin(request).user.id
        new = await read(request, "webhook", NewWebhook)
        now = self._desk.clock.tick()
        fields = new.model_dump(exclude={"subscriptions"})
        webhook = Webhook(ulid(), subscriptions=tuple(new.subscriptions), secret=_new_secret(), created_at=now, updated_at=now, by=by, **fields)
        _check(webhook)
        self._registered[webhook.id] = webhook
        return web.json_response({"webhook": _shape(webhook)}, status=201)

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response({"webhook": _shape(self._wanted(request))})

    async def _update(self, request: web.Request) -> web.Response:
        webhook = self._wanted(request)
        sent = (await read(request, "webhook", WebhookIn)).model_dump(exclude_none=True)
        subscriptions = tuple(sent.pop("subscriptions", webhook.subscriptions))
        changed = replace(webhook, **sent, subscriptions=subscriptions, updated_at=self._desk.clock.tick())
        _check(changed)
        self._registered[webhook.id] = changed
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        del self._registered[self._wanted(request).id]
        return web.Response(status=204)

    async def _secret(self, request: web.Request) -> web.Response:
        return web.json_response(_secret_shape(self._wanted(request)))

    async def _reset(self, request: web.Request) -> web.Response:
        """What is on its way is signed with the new secret from the next attempt on."""
        webhook = replace(self._wanted(request), secret=_new_secret())
        self._registered[webhook.id] = webhook
        return web.json_response(_secret_shape(webhook), status=201)

    def _wanted(self, request: web.Request) -> Webhook:
        self._entrance.admin(request)
        webhook = self._registered.get(request.match_info["id"])
        if webhook is None:
            raise refusal(404)
        return webhook

    def _headers(self, webhook_id: str, body: bytes) -> SignedHeaders:
        return SignedHeaders(self, webhook_id, ulid(), body)

    def sign(self, webhook_id: str, invocation_id: str, body: bytes) -> Mapping[str, str]:
        """The documented headers; a webhook deleted meanwhile is signed with an empty secret, which nobody accepts."""
        webhook = self._registered.get(webhook_id)
        timestamp = moment(self._desk.clock.now())
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(self._desk.account_id),
            "X-Zendesk-Webhook-Id": webhook_id,
            "X-Zendesk-Webhook-Invocation-Id": invocation_id,
            "X-Zendesk-Webhook-Signature": signature(webhook.secret if webhook else "", timestamp, body),
            "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        }


@dataclass(frozen=True, slots=True)
class SignedHeaders:
    """Headers of one invocation, made anew for each attempt."""

    webhooks: Webhooks
    webhook_id: str
    invocation_id: str
    body: bytes

    def __call__(self, _attempt: int) -> Mapping[str, str]:
        return self.webhooks.sign(self.webhook_id, self.invocation_id, self.body)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()).decode()


def _check(webhook: Webhook) -> None:
    """Events come by POST as JSON only, and not to a webhook that triggers call."""
    events = [each for each in webhook.subscriptions if each != TRIGGERS]
    if events and (webhook.http_method != "POST" or webhook.request_format != "json" or TRIGGERS in webhook.subscriptions):
        raise refusal(400, error={"title": "Invalid webhook", "message": "Event subscriptions need POST, json and no triggers", "code": "InvalidWebhook"})


def _new_secret() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _secret_shape(it: Webhook) -> Json:
    return {"signing_secret": {"algorithm": "SHA256", "secret": it.secret}}


def _shape(it: Webhook) -> Json:
    return {
        "id": it.id,
        "name": it.name,
        "description": it.description,
        "endpoint": it.endpoint,
        "http_method": it.http_method,
        "request_format": it.request_format,
        "status": it.status,
        "subscriptions": list(it.subscriptions),
        "created_at": moment(it.created_at),
        "created_by": str(it.by),
        "updated_at": moment(it.updated_at),
        "updated_by": str(it.by),
    }
