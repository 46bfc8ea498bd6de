"""Zendesk's webhooks: events of tickets, articles, users and organizations, and what a trigger or automation sends.

Signature: base64(HMAC-SHA256(timestamp + body)) in two headers (https://developer.zendesk.com/documentation/webhooks/verifying/). Event bodies:
https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/. A trigger's body is its author's: ours is ``{"ticket_id": "{{ticket.id}}"}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from contracts.hints import Hint
from rest_sources.delivery import Delivery, Fields, RefusedDeliveryError, UnsignedDeliveryError, label, microseconds
from rest_sources.signatures import check_hmac, check_time

_EVENT_TYPE: Final = "zen:event-type:"
_KINDS: Final = frozenset({"ticket", "article", "user", "organization"})


def verify(delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
    """One hint: ``ticket/…``, ``article/…``, ``user/…`` or ``organization/…``; none for events of other things."""
    timestamp = delivery.header("x-zendesk-webhook-signature-timestamp")
    check_hmac(timestamp.encode("utf-8", "surrogateescape") + delivery.body, delivery.header("x-zendesk-webhook-signature"), secrets, encoding="base64")
    check_time(_time(timestamp), delivery)
    body = Fields.of(delivery.body)
    invocation = delivery.label("x-zendesk-webhook-invocation-id")
    if body.has("ticket_id"):
        return (Hint(id=f"ticket/{body.identifier('ticket_id')}", event="trigger", delivery_id=invocation, source_time_us=delivery.time_us),)
    event = body.text("type").removeprefix(_EVENT_TYPE)
    kind = event.partition(".")[0]
    if kind not in _KINDS:
        return ()
    native = body.inside("detail").identifier("id")
    # The event's id stays the same when it is sent again, and over several webhooks for one event; an invocation's is only promised for the first.
    return (Hint(id=f"{kind}/{native}", event=label(event), delivery_id=label(body.text("id", invocation)), source_time_us=_event_time_us(body, delivery)),)


def _time(text: str) -> datetime:
    """ISO 8601 as in ``2021-03-25T05:09:27Z``."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UnsignedDeliveryError("The header X-Zendesk-Webhook-Signature-Timestamp is no ISO 8601 time.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _event_time_us(body: Fields, delivery: Delivery) -> int:
    try:
        return microseconds(datetime.fromisoformat(body.text("time")), delivery.time_us)
    except (ValueError, OverflowError, RefusedDeliveryError):
        return delivery.time_us  # a time is for measuring freshness: a delivery is not refused for want of one
