"""Deliveries as each vendor signs them, computed from the documented rules and not by the code that checks them. The secrets are made up for each run."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SECRET: Final = "a secret for deliveries that are made up"  # noqa: S105  # of no vendor
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Genuine:
    """``signing`` are the headers that the signature is made of."""

    source: str
    headers: Mapping[str, str]
    body: bytes
    signing: tuple[str, ...]


def zendesk() -> Genuine:
    body = json.dumps({"type": "zen:event-type:ticket.created", "id": str(uuid.uuid4()), "detail": {"id": "35436"}, "event": {}}).encode()
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    signature = base64.b64encode(hmac.new(SECRET.encode(), at.encode() + body, hashlib.sha256).digest()).decode()
    names = ("X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp")
    return Genuine("zendesk", {"Content-Type": _JSON, names[0]: signature, names[1]: at}, body, names)


def jira() -> Genuine:
    body = json.dumps({"webhookEvent": "jira:issue_updated", "timestamp": time.time_ns() // 1_000_000, "issue": {"id": "10002"}}).encode()
    headers = {"Content-Type": _JSON, "X-Hub-Signature": "sha256=" + _hex(body), "X-Atlassian-Webhook-Identifier": uuid.uuid4().hex}
    return Genuine("jira", headers, body, ("X-Hub-Signature",))


def confluence() -> Genuine:
    body = json.dumps({"event": "page_updated", "timestamp": time.time_ns() // 1_000_000, "page": {"id": 98307}}).encode()
    headers = {"Content-Type": _JSON, "X-Hub-Signature": "sha256=" + _hex(body), "X-Request-Id": str(uuid.uuid4())}
    return Genuine("confluence", headers, body, ("X-Hub-Signature",))


def custom() -> Genuine:
    body = json.dumps({"id": 7, "delivery": uuid.uuid4().hex}).encode()
    return Genuine("custom", {"Content-Type": _JSON, "X-Signature": _hex(body)}, body, ("X-Signature",))


def _hex(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


SENDERS: Final[Mapping[str, Callable[[], Genuine]]] = MappingProxyType({"zendesk": zendesk, "jira": jira, "confluence": confluence, "custom": custom})
CUSTOM: Final = {
    "webhook": {"signature": {"header": "X-Signature"}, "id": "$.id", "delivery": "$.delivery"},
    "fetch": {"url": "/records/{id}"},
    "list": {"url": "/records", "items": "$.records", "id": "$.id"},
    "document": {"title": "$.title", "body": "$.body", "url": "https://company.example/{id}", "allowed": "group:staff"},
}
"""What sources.yaml declares of ``custom`` beside what every source has."""
