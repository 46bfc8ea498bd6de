"""Events that Forge sends to an app's remote, on Cloud: https://developer.atlassian.com/platform/forge/remote/sending-product-events

Names and bodies of events: https://developer.atlassian.com/platform/forge/events-reference/confluence. Each POST has a Forge Invocation Token as bearer: RS256
with a key of Atlassian's key set, ``iss`` «forge/invocation-token», ``aud`` the app's id, 25 seconds of life, claims as in
https://developer.atlassian.com/platform/forge/remote/essentials/; headers ``x-b3-traceid`` and ``x-b3-spanid``. An answer that is not 2xx, or none within
5 seconds: again after 60 seconds, 4 times. Left out: ``retryContext`` {retryData, retryCount, retryReason} in the body of a retry, and the app's own token
in ``x-forge-oauth-system``. Not verified: that the event is the whole body (the page's example of a retry has it within a property «payload»; clients read
``eventType`` at the top).

``PUT /_control/forge`` {"app_id": "ari:cloud:ecosystem::app/…", "url": "http://127.0.0.1:1/events", "events": ["avi:confluence:updated:page"]}; the key set,
which Atlassian has at https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json, is at ``GET /_control/forge/jwks.json``. Keys are new at each start.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import BaseModel

from examples.vendors.confluence.forge_events import body_of, name_of
from examples.vendors.confluence.state import Event, Site
from examples.vendors.deliveries import Deliverer, Delivery, RetryRule
from examples.vendors.faults import CONTROL

RETRIES: Final = RetryRule(statuses=frozenset(range(300, 600)), pauses_seconds=(60.0,) * 4, timeout_seconds=5.0)
_LIFE_SECONDS: Final = 25
_CLOUD_ID: Final = "00000000-0000-4000-8000-000000000002"
_KEY_ID: Final = "forge/invocation-token/test"


class _App(BaseModel):
    app_id: str
    url: str
    events: list[str]
    installation_id: str = "ari:cloud:ecosystem::installation/00000000-0000-4000-8000-000000000001"


class ForgeEvents:
    def __init__(self, site: Site, deliverer: Deliverer) -> None:
        self._site = site
        self._deliverer = deliverer
        self._app: _App | None = None
        site.listen(self.fire)

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def routes(self) -> list[web.RouteDef]:
        return [web.put(CONTROL + "forge", self._install), web.get(CONTROL + "forge/jwks.json", self._keys)]

    def fire(self, event: Event) -> None:
        app, name = self._app, name_of(event)
        if app is None or name not in app.events:
            return
        body = json.dumps(body_of(self._site, event, name), separators=(",", ":")).encode()
        about = f"{name} {event.content.wire_id if event.content else ''}".strip()
        self._deliverer.send(Delivery(app.url, body, lambda _attempt: self._headers(app), about))

    def _headers(self, app: _App) -> Mapping[str, str]:
        now = int(time.time())
        claims = {
            "app": self._app_claims(app), "context": {"cloudId": _CLOUD_ID}, "aud": app.app_id, "iss": "forge/invocation-token",
            "iat": now, "nbf": now, "exp": now + _LIFE_SECONDS, "jti": uuid.uuid4().hex,
        }  # fmt: skip
        signing = f"{_part({'typ': 'JWT', 'alg': 'RS256', 'kid': _KEY_ID})}.{_part(claims)}"
        signature = self._key.sign(signing.encode(), padding.PKCS1v15(), hashes.SHA256())
        trace = uuid.uuid4().hex
        return {
            "Content-Type": "application/json", "Authorization": f"Bearer {signing}.{_encoded(signature)}",
            "x-b3-traceid": trace[:16], "x-b3-spanid": trace[16:],
        }  # fmt: skip

    def _app_claims(self, app: _App) -> dict[str, Any]:
        return {
            "id": app.app_id, "appVersion": "1.0.0", "installationId": app.installation_id, "apiBaseUrl": self._site.base_url,
            "environment": {"type": "PRODUCTION", "id": "ari:cloud:ecosystem::environment/test"}, "module": {"type": "core:endpoint", "key": "test"},
            "installation": {"id": app.installation_id, "contexts": [{"name": "confluence", "apiBaseUrl": self._site.base_url}]},
        }  # fmt: skip

    async def _install(self, request: web.Request) -> web.Response:
        self._app = _App.model_validate_json(await request.read())
        return web.json_response({"events": len(self._app.events)})

    async def _keys(self, _request: web.Request) -> web.Response:
        public = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": _KEY_ID, "n": _number(public.n), "e": _number(public.e)}
        return web.json_response({"keys": [key]})


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _part(claims: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(claims, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
