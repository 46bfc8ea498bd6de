"""Webhooks of a Connect app on Cloud: https://developer.atlassian.com/cloud/confluence/modules/webhook («Ending Connect support»: Forge takes its place).

An app's descriptor names events and URLs; each POST has ``Authorization: JWT …``, HS256 with the secret that Confluence gave the app when it was installed:
claims ``iss`` (the installation's client key), ``sub`` (who did it), ``iat``, ``exp`` and ``qsh``, the SHA-256 of the canonical request
(https://developer.atlassian.com/cloud/bitbucket/query-string-hash, https://developer.atlassian.com/blog/2015/01/understanding-jwt/). The body does not name
the event; the URL does. Nothing is sent again: «Jira webhooks support retries», Confluence's do not
(https://developer.atlassian.com/platform/marketplace/cloud-fortified-apps-program-webhook-delivery-success-rate).

Installing is not modelled; a test tells what would have come of it:
``PUT /_control/connect`` {"base_url": "http://127.0.0.1:1", "client_key": "…", "shared_secret": "…", "webhooks": [{"event": "page_updated", "url": "/page-updated"}]}
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from aiohttp import web
from pydantic import BaseModel

from examples.vendors.confluence.entities import body_of
from examples.vendors.confluence.state import Event, Site
from examples.vendors.deliveries import Deliverer, Delivery, RetryRule
from examples.vendors.faults import CONTROL

RETRIES: Final = RetryRule(statuses=frozenset(), pauses_seconds=())
_LIFE_SECONDS: Final = 180


class _Hook(BaseModel):
    event: str
    url: str


class _Installation(BaseModel):
    base_url: str
    client_key: str
    shared_secret: str
    webhooks: list[_Hook]


class ConnectWebhooks:
    def __init__(self, site: Site, deliverer: Deliverer) -> None:
        self._site = site
        self._deliverer = deliverer
        self._installed: _Installation | None = None
        site.listen(self.fire)

    def routes(self) -> list[web.RouteDef]:
        return [web.put(CONTROL + "connect", self._install)]

    def fire(self, event: Event) -> None:
        app = self._installed
        urls = [hook.url for hook in app.webhooks if hook.event == event.name] if app else []
        if app is None or not urls:
            return
        body = json.dumps(body_of(self._site, event), separators=(",", ":")).encode()
        about = f"{event.name} {event.content.wire_id if event.content else ''}".strip()
        for url in urls:
            self._deliverer.send(Delivery(app.base_url.rstrip("/") + url, body, _Signed(app, url, event.actor), about))

    async def _install(self, request: web.Request) -> web.Response:
        self._installed = _Installation.model_validate_json(await request.read())
        return web.json_response({"webhooks": len(self._installed.webhooks)})


class _Signed:
    """Headers of one delivery, made when it is sent."""

    def __init__(self, app: _Installation, url: str, actor: str | None) -> None:
        self._app, self._url, self._actor = app, url, actor

    def __call__(self, _attempt: int) -> Mapping[str, str]:
        now = int(time.time())
        claims = {"iss": self._app.client_key, "iat": now, "exp": now + _LIFE_SECONDS, "qsh": query_string_hash("POST", self._url)}
        if self._actor is not None:
            claims["sub"] = self._actor
        signing = f"{_part({'typ': 'JWT', 'alg': 'HS256'})}.{_part(claims)}"
        digest = hmac.new(self._app.shared_secret.encode(), signing.encode(), hashlib.sha256).digest()
        return {"Content-Type": "application/json", "Authorization": f"JWT {signing}.{_encoded(digest)}"}


def query_string_hash(method: str, url: str) -> str:
    """``url`` relative to the app's base URL. METHOD & path & sorted query, names and values percent-encoded, repeated values joined by commas."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") or "/"
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name != "jwt":
            values.setdefault(quote(name, safe="-._~"), []).append(quote(value, safe="-._~"))
    query = "&".join(f"{name}={','.join(sorted(values[name]))}" for name in sorted(values))
    return hashlib.sha256(f"{method.upper()}&{path.replace('&', '%26')}&{query}".encode()).hexdigest()


def _part(claims: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(claims, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
