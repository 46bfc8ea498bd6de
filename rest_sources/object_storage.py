"""Notifications of S3-compatible storage: as MinIO, Ceph and others post them with a token, and as EventBridge's API destinations do.

Records: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html; MinIO's webhook target sends ``Authorization: Bearer <auth token>``
(https://min.io/docs/minio/linux/administration/monitoring/publish-events-to-webhook.html). EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html,
with a connection that sends the header ``Authorization: Bearer <token>`` or ``X-Api-Key``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote_plus

from contracts.hints import MAX_ID_CHARS, Hint
from rest_sources.delivery import Delivery, Fields, RefusedDeliveryError, label, microseconds
from rest_sources.signatures import check_token
from rest_sources.times import parse_time


def verify(delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
    """Hints ``object/<bucket>/<key>``, one for each record."""
    scheme, _, token = delivery.header("authorization").partition(" ")
    check_token(token.strip() if scheme.lower() == "bearer" else delivery.header("x-api-key"), secrets)
    body = Fields.of(delivery.body)
    return tuple(_from_eventbridge(body, delivery) if body.has("detail") else _from_records(body, delivery))


def _from_eventbridge(body: Fields, delivery: Delivery) -> Iterator[Hint]:
    detail = body.inside("detail")
    native = _native(detail.inside("bucket").identifier("name"), detail.inside("object").text("key"))
    yield Hint(
        id=native, event=label(body.text("detail-type", "")), delivery_id=label(body.text("id", "")), source_time_us=_time_us(body.text("time", ""), delivery)
    )


def _from_records(body: Fields, delivery: Delivery) -> Iterator[Hint]:
    if not body.has("Records"):
        raise RefusedDeliveryError("Records is missing.")
    for fields in body.each("Records"):
        s3 = fields.inside("s3")
        stored = s3.inside("object")
        # Keys are URL-encoded in notifications, a space as a plus sign.
        native = _native(s3.inside("bucket").identifier("name"), unquote_plus(stored.text("key")))
        event = fields.text("eventName", "")
        # A notification has no id of its own; the sequencer orders the events of one key, so with the event it tells one from the next.
        identifier = f"{event}:{stored.text('sequencer')}" if stored.has("sequencer") else ""
        yield Hint(id=native, event=label(event), delivery_id=label(identifier), source_time_us=_time_us(fields.text("eventTime", ""), delivery))


def _native(bucket: str, key: str) -> str:
    native = f"object/{bucket}/{key}"
    if len(native) > MAX_ID_CHARS or "\x00" in native:
        raise RefusedDeliveryError(f"The object's key makes an id of more than {MAX_ID_CHARS} characters.")
    return native


def _time_us(text: str, delivery: Delivery) -> int:
    return microseconds(parse_time(text), delivery.time_us)
