"""Whatever comes in: no mutation of a signed delivery is believed, and no body, however signed, does more than be taken or refused."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from contracts.hints import decode_hint, encode_hint
from contracts.sources.custom import CustomWebhook
from contracts.sources.files import S3Source
from rest_sources import confluence, jira, zendesk
from rest_sources.custom.deliveries import custom_verifier
from rest_sources.delivery import Delivery, RefusedDeliveryError, UnsignedDeliveryError, Verifier
from rest_sources.files import s3_verifier
from tests.unit.rest_sources import signing

NOW = signing.NOW_US
STORAGE = s3_verifier(S3Source(name="vault", type="s3", url="https://s3.example", bucket="shared", tenant="acme"))
CUSTOM = custom_verifier(
    CustomWebhook.model_validate(
        {"secret": "env:S", "signature": {"header": "X-Signature"}, "id": "$..id", "event": "$.event", "time": "$.time", "delivery": "$.id"}
    ),
    "record",
)


def _custom(body: object) -> Delivery:
    text = signing.as_bytes(body)
    return signing.delivery(text, {"X-Signature": hmac.new(signing.SECRET, text, hashlib.sha256).hexdigest()})


SENDERS: list[tuple[Verifier, Callable[[object], Delivery], object]] = [
    (zendesk.verify, signing.zendesk, {"type": "zen:event-type:ticket.created", "id": "e", "detail": {"id": 1}}),
    (jira.verify, signing.hub, {"webhookEvent": "jira:issue_created", "issue": {"id": 1}}),
    (confluence.verify, signing.hub, {"event": "page_created", "page": {"id": 1}}),
    (CUSTOM, _custom, {"id": 1}),
]
NAMES = st.sampled_from(
    [
        "id",
        "type",
        "detail",
        "webhookEvent",
        "issue",
        "issueLink",
        "sourceIssueId",
        "page",
        "space",
        "key",
        "event",
        "time",
        "timestamp",
        "ticket_id",
        "Records",
        "s3",
        "bucket",
        "object",
        "name",
        "project",
        "comment",
    ]
)
EVENTS = st.sampled_from(["zen:event-type:ticket.created", "jira:issue_updated", "issuelink_created", "project_created", "comment_created", "page_moved"])
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8) | EVENTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=5),
    max_leaves=12,
)


@given(st.sampled_from(SENDERS), st.data())
def test_a_changed_delivery_is_not_believed(sender: tuple[Verifier, Callable[[object], Delivery], object], data: st.DataObject) -> None:
    verify, sign, body = sender
    good = sign(body)
    assert verify(good, [signing.SECRET])
    part = data.draw(st.sampled_from(["body", *good.headers]))
    text = bytearray(good.body if part == "body" else good.headers[part].encode("latin-1"))
    place, value = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 255))
    edit = data.draw(st.sampled_from(["replace", "insert", "remove", "cut"]))
    if edit == "insert":
        text.insert(place, value)
    elif edit == "cut" or place == len(text):
        del text[place // 2 :]
    elif edit == "replace":
        text[place] ^= value or 1
    else:
        del text[place]
    changed = text.decode("latin-1")
    mutated = Delivery(good.headers, bytes(text), NOW) if part == "body" else Delivery({**good.headers, part: changed}, good.body, NOW)
    if _says_the_same(part, good, mutated):
        return
    try:
        verify(mutated, [signing.SECRET])
    except UnsignedDeliveryError:
        return
    raise AssertionError(f"believed: {part} became {changed!r}")


def _says_the_same(part: str, good: Delivery, mutated: Delivery) -> bool:
    """Nothing changed, or only the case of a hexadecimal digit or of the method's name."""
    if part == "body":
        return mutated.body == good.body
    return mutated.headers[part] == good.headers[part] or (part == "x-hub-signature" and mutated.headers[part].lower() == good.headers[part])


@given(
    st.sampled_from([*[(verify, sign) for verify, sign, _ in SENDERS], (STORAGE, lambda body: signing.bearer(body, signing.SECRET.decode()))]),
    BODIES,
)
def test_any_signed_body_is_taken_or_refused(sender: tuple[Verifier, Callable[[object], Delivery]], body: object) -> None:
    verify, sign = sender
    try:
        hints = verify(sign(body), [signing.SECRET])
    except UnsignedDeliveryError as error:
        raise AssertionError("the signature was right") from error
    except RefusedDeliveryError:
        return
    for hint in hints:
        key, value = encode_hint(hint)
        assert decode_hint(value) == hint
        assert key.decode() == hint.id


@given(
    st.sampled_from(SENDERS),
    st.binary(max_size=64),
    st.dictionaries(st.sampled_from(["x-hub-signature", "authorization", "x-zendesk-webhook-signature", "x-signature"]), st.text(max_size=80)),
)
def test_anything_unsigned_is_refused(sender: tuple[Verifier, Callable[[object], Delivery], object], body: bytes, headers: dict[str, str]) -> None:
    try:
        sender[0](Delivery(headers, body, NOW), [signing.SECRET])
    except UnsignedDeliveryError:
        return
    raise AssertionError("believed")
