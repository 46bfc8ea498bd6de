"""Confluence's webhooks: Data Center's, signed with a secret, and what a Cloud automation rule sends with a shared token.

Data Center: https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html (``X-Hub-Signature`` over the body). Cloud has no webhooks that an
administrator could register since Atlassian Connect is ending; a rule with the action "Send web request" (https://support.atlassian.com/cloud-automation/docs/confluence-automation-actions/)
sends ``{"event": "page_updated", "page": {"id": "{{page.id}}"}}`` with the header ``Authorization: Bearer <token>``. It is sent once and never again: the sweep finds what was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.hints import Hint
from rest_sources.delivery import Delivery, Fields, label
from rest_sources.signatures import check_hub_signature, check_token

_OBJECTS: Final = {"page": "page", "blog": "blogpost", "blogpost": "blogpost", "comment": "comment", "attachment": "attachment", "content": "content"}
"""What a body may hold, by the name of the field, and what the id is then of."""


def verify(delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
    """One hint for the object of the event: ``page/…``, ``blogpost/…``, ``comment/…``, ``attachment/…``, ``content/…`` or ``space/<key>``; none for other things."""
    if delivery.header("x-hub-signature") or not delivery.header("authorization"):
        check_hub_signature(delivery, secrets)
    else:
        check_token(delivery.header("authorization").partition(" ")[2].strip(), secrets)
    body = Fields.of(delivery.body)
    event = label(body.text("event", "") or body.text("eventType", ""))
    native = _object(body)
    if native is None:
        return ()
    changed_us = body.milliseconds_as_us("timestamp", delivery.time_us)
    return (Hint(id=native, event=event, delivery_id=delivery.label("x-request-id"), source_time_us=changed_us),)


def _object(body: Fields) -> str | None:
    for name, kind in _OBJECTS.items():
        if body.has(name):
            return f"{kind}/{body.inside(name).identifier('id')}"
    return f"space/{body.inside('space').identifier('key')}" if body.has("space") else None
