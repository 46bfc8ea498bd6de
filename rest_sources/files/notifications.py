"""Notifications of S3-compatible storage: as MinIO, Ceph and others post them with a token, and as EventBridge's API destinations do.

Records: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html; MinIO's webhook target sends ``Authorization: Bearer <auth token>``
(https://min.io/docs/minio/linux/administration/monitoring/publish-events-to-webhook.html). EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html,
with a connection that sends the header ``Authorization: Bearer <token>`` or ``X-Api-Key``.

None of them signs the body, so the token is all that is believed, and of the body only which keys to look at: what is there is read from the storage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote_plus

from contracts.hints import Hint
from contracts.sources.files import S3Source
from rest_sources.delivery import Delivery, Fields, RefusedDeliveryError, Verifier, label, microseconds
from rest_sources.files.paths import Rules, UnusablePathError, check_path, native_of
from rest_sources.signatures import check_token
from rest_sources.times import parse_time


def s3_verifier(source: S3Source) -> Verifier:
    """Hints ``file/<path>``, one for each record of the source's bucket whose key is one of its documents."""
    rules = Rules(source)

    def verify(delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
        scheme, _, token = delivery.header("authorization").partition(" ")
        check_token(token.strip() if scheme.lower() == "bearer" else delivery.header("x-api-key"), secrets)
        body = Fields.of(delivery.body)
        told = _from_eventbridge(body, delivery) if body.has("detail") else _from_records(body, delivery)
        return tuple(hint.model_copy(update={"id": native}) for bucket, key, hint in told if (native := _native(source, rules, bucket, key)))

    return verify


_Told = tuple[str, str, Hint]
"""Bucket, key, and a hint that lacks its id."""
_NO_ID = "?"


def _from_eventbridge(body: Fields, delivery: Delivery) -> Iterator[_Told]:
    detail = body.inside("detail")
    hint = Hint(
        id=_NO_ID, event=label(body.text("detail-type", "")), delivery_id=label(body.text("id", "")), source_time_us=_time_us(body.text("time", ""), delivery)
    )
    yield detail.inside("bucket").identifier("name"), detail.inside("object").text("key"), hint


def _from_records(body: Fields, delivery: Delivery) -> Iterator[_Told]:
    if not body.has("Records"):
        raise RefusedDeliveryError("Records is missing.")
    for fields in body.each("Records"):
        s3 = fields.inside("s3")
        stored = s3.inside("object")
        event = fields.text("eventName", "")
        # A notification has no id of its own; the sequencer orders the events of one key. Some storages count anew when they are started, so event and time belong to it.
        time = fields.text("eventTime", "")
        identifier = f"{event}:{time}:{stored.text('sequencer')}" if stored.has("sequencer") else ""
        hint = Hint(id=_NO_ID, event=label(event), delivery_id=label(identifier), source_time_us=_time_us(time, delivery))
        # Keys are URL-encoded in notifications, a space as a plus sign.
        yield s3.inside("bucket").identifier("name"), unquote_plus(stored.text("key")), hint


def _native(source: S3Source, rules: Rules, bucket: str, key: str) -> str:
    """Empty for what is none of the source's documents."""
    if bucket != source.bucket or not key.startswith(source.prefix) or key == source.prefix:
        return ""
    path = key.removeprefix(source.prefix)
    if "\x00" in path or not rules.includes(path):
        return ""
    try:
        check_path(source.scope, path)
    except UnusablePathError as error:
        raise RefusedDeliveryError(f"An object cannot be a document: {error}.") from error
    return native_of(path)


def _time_us(text: str, delivery: Delivery) -> int:
    return microseconds(parse_time(text), delivery.time_us)
