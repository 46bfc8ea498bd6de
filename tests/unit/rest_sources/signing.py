"""Deliveries as the vendors sign them, computed here from the documented rules and not by the code under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import orjson

from rest_sources.delivery import Delivery

NOW = datetime(2026, 3, 25, 5, 9, 27, tzinfo=UTC)
NOW_US = int(NOW.timestamp() * 1_000_000)
SECRET = b"test-secret-" * 6


def delivery(body: bytes, headers: dict[str, str]) -> Delivery:
    return Delivery({name.lower(): value for name, value in headers.items()}, body, NOW_US)


def as_bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else orjson.dumps(body)


def hub(body: object, secret: bytes = SECRET, **headers: str) -> Delivery:
    text = as_bytes(body)
    return delivery(text, {"X-Hub-Signature": "sha256=" + hmac.new(secret, text, hashlib.sha256).hexdigest(), **headers})


def zendesk(body: object, secret: bytes = SECRET, at: str = "2026-03-25T05:09:27Z", **headers: str) -> Delivery:
    text = as_bytes(body)
    signature = base64.b64encode(hmac.new(secret, at.encode() + text, hashlib.sha256).digest()).decode()
    return delivery(text, {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": at, **headers})


def bearer(body: object, token: str) -> Delivery:
    return delivery(as_bytes(body), {"Authorization": f"Bearer {token}"})
