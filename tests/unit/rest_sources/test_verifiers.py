"""Each vendor's deliveries: what is believed, what it says, and every way to be refused. Bodies follow the vendors' documented examples."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import jwt
import pytest

from contracts.sources.custom import CustomWebhook
from contracts.sources.files import S3Source
from rest_sources import confluence, jira, zendesk
from rest_sources.custom.deliveries import custom_verifier
from rest_sources.delivery import Delivery, RefusedDeliveryError, UnsignedDeliveryError, Verifier
from rest_sources.files import s3_verifier
from rest_sources.times import parse_time
from tests.unit.rest_sources.signing import NOW, NOW_US, SECRET, as_bytes, bearer, delivery, hub
from tests.unit.rest_sources.signing import zendesk as signed

COMMENTED: dict[str, Any] = {
    "account_id": 22129848,
    "detail": {"id": "5158", "subject": "Printer", "updated_at": "2026-03-25T05:09:26Z"},
    "event": {"comment": {"id": "4424242", "is_public": False, "body": "it hums"}},
    "id": "cbe4028c-7239-495d-b020-f22348516046",
    "subject": "zen:ticket:5158",
    "time": "2026-03-25T05:09:26.500Z",
    "type": "zen:event-type:ticket.comment_added",
    "zendesk_event_version": "2022-11-06",
}
UPDATED: dict[str, Any] = {
    "timestamp": 1774415366500,
    "webhookEvent": "jira:issue_updated",
    "issue": {"id": "99291", "key": "JRA-20002"},
    "changelog": {"items": []},
}
OBJECT_CREATED: dict[str, Any] = {
    "EventName": "s3:ObjectCreated:Put",
    "Records": [
        {
            "eventName": "s3:ObjectCreated:Put",
            "eventTime": "2026-03-25T05:09:26.500Z",
            "s3": {"bucket": {"name": "shared"}, "object": {"key": "reports%2FQ3+plan.pdf", "sequencer": "0055AED6DCD90281E5"}},
        }
    ],
}


def ids(hints: tuple[Any, ...]) -> list[str]:
    return [hint.id for hint in hints]


def test_zendesk_event() -> None:
    (hint,) = zendesk.verify(signed(COMMENTED), [SECRET])
    assert (hint.id, hint.event, hint.delivery_id) == ("ticket/5158", "ticket.comment_added", COMMENTED["id"])
    assert hint.source_time_us == NOW_US - 500_000


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (COMMENTED | {"type": "zen:event-type:article.published", "detail": {"id": 8999, "brand_id": 1}}, ["article/8999"]),
        (COMMENTED | {"type": "zen:event-type:user.group_membership_created", "detail": {"id": "7"}}, ["user/7"]),
        (COMMENTED | {"type": "zen:event-type:messaging_ticket.message_added"}, []),
        ({"ticket_id": 35436}, ["ticket/35436"]),
        ({"ticket_id": "35436"}, ["ticket/35436"]),
    ],
)
def test_zendesk_kinds(body: object, expected: list[str]) -> None:
    assert ids(zendesk.verify(signed(body), [SECRET])) == expected


@pytest.mark.parametrize(
    ("at", "taken"), [("2026-03-25T05:04:28Z", True), ("2026-03-25T05:04:26Z", False), ("2026-03-25T05:14:28Z", False), ("yesterday", False)]
)
def test_zendesk_time_window(at: str, taken: bool) -> None:
    if taken:
        assert zendesk.verify(signed(COMMENTED, at=at), [SECRET])
    else:
        with pytest.raises(UnsignedDeliveryError):
            zendesk.verify(signed(COMMENTED, at=at), [SECRET])


@pytest.mark.parametrize(("at", "said"), [("2026-03-25T05:02:27Z", "420 s old"), ("2026-03-25T05:16:27Z", "420 s in the future")])
def test_a_clock_that_is_wrong_is_named(at: str, said: str) -> None:
    with pytest.raises(UnsignedDeliveryError) as refused:
        zendesk.verify(signed(COMMENTED, at=at), [SECRET])
    assert refused.value.reason == f"The signature's time is {said}; 300 s are allowed. If deliveries are fresh, a clock is wrong."


@pytest.mark.parametrize("wrong", ["never", None, "", [], 1e300])
def test_a_time_that_is_none_is_no_reason_to_refuse(wrong: object) -> None:
    (hint,) = zendesk.verify(signed(COMMENTED | {"time": wrong}), [SECRET])
    assert hint.source_time_us == NOW_US


def test_the_example_of_atlassians_documentation() -> None:
    """https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks gives secret, body and signature; the body is no JSON object."""
    known = delivery(b"Hello World!", {"X-Hub-Signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"})
    with pytest.raises(RefusedDeliveryError, match="not JSON") as refused:
        jira.verify(known, [b"It's a Secret to Everybody"])
    assert refused.value.status == 400  # and not 401: the signature was right


def test_jira_issue() -> None:
    (hint,) = jira.verify(hub(UPDATED, **{"X-Atlassian-Webhook-Identifier": "abc-1"}), [SECRET])
    assert (hint.id, hint.event, hint.delivery_id, hint.source_time_us) == ("issue/99291", "jira:issue_updated", "abc-1", NOW_US - 500_000)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"webhookEvent": "comment_created", "comment": {"id": "1"}, "issue": {"id": 5}}, ["issue/5"]),
        ({"webhookEvent": "comment_created", "comment": {"id": "1"}}, []),
        ({"webhookEvent": "issuelink_created", "issueLink": {"id": 1, "sourceIssueId": 10, "destinationIssueId": 11}}, ["issue/10", "issue/11"]),
        ({"webhookEvent": "project_deleted", "project": {"id": 10000, "key": "EX"}}, ["project/10000"]),
        ({"webhookEvent": "attachment_created", "attachment": {"id": "1"}}, []),
        ({"webhookEvent": "sprint_started", "sprint": {"id": 1}}, []),
    ],
)
def test_jira_kinds(body: object, expected: list[str]) -> None:
    assert ids(jira.verify(hub(body), [SECRET])) == expected


def token(claims: dict[str, object], secret: bytes = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, secret, algorithm=algorithm)


@pytest.mark.parametrize("claims", [{}, {"iss": "app"}, {"iat": NOW.timestamp(), "exp": NOW.timestamp() + 180}])
def test_jira_oauth_app(claims: dict[str, object]) -> None:
    assert ids(jira.verify(bearer(UPDATED, token(claims)), [SECRET])) == ["issue/99291"]


@pytest.mark.parametrize(
    "wrong",
    [
        token({}, b"another" * 8),
        token({}, SECRET, "HS512"),
        jwt.encode({}, None, algorithm="none"),
        token({"exp": NOW.timestamp() - 301}),
        token({"nbf": NOW.timestamp() + 301}),
        token({"exp": "soon"}),
        "x.y.z",
        "",
    ],
)
def test_jira_oauth_token_refused(wrong: str) -> None:
    with pytest.raises(UnsignedDeliveryError):
        jira.verify(bearer(UPDATED, wrong), [SECRET])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"event": "page_updated", "timestamp": 1774415366500, "page": {"id": 98307}}, ["content/98307"]),
        ({"event": "page_moved", "page": {"id": 98307}, "newParent": {"id": 1}}, ["content/98307"]),
        ({"event": "content_permissions_updated", "content": {"id": 98307}}, ["content/98307"]),
        ({"event": "blog_created", "blog": {"id": 5}}, ["content/5"]),
        ({"event": "comment_created", "comment": {"id": 6, "parent": {"id": 98307}}}, ["content/98307"]),
        ({"event": "comment_created", "comment": {"id": 6}}, ["content/6"]),
        ({"event": "attachment_created", "attachments": [{"id": 7}, {"id": 8}], "attachedTo": {"id": 98307}}, ["content/7", "content/8", "content/98307"]),
        ({"event": "space_updated", "space": {"key": "DEV"}}, ["space/DEV"]),
        ({"event": "label_added", "label": {"name": "rota"}, "labeled": {"id": 98307}}, ["content/98307"]),
    ],
)
def test_confluence_objects(body: object, expected: list[str]) -> None:
    assert ids(confluence.verify(hub(body), [SECRET])) == expected
    assert ids(confluence.verify(bearer(body, SECRET.decode()), [SECRET])) == expected
    with pytest.raises(UnsignedDeliveryError):
        confluence.verify(bearer(body, SECRET.decode() + "2"), [SECRET])


def test_confluence_other_things_are_none_of_ours() -> None:
    assert confluence.verify(hub({"event": "user_created", "user": {"id": 1}}), [SECRET]) == ()


def storage(**options: Any) -> Verifier:
    return s3_verifier(S3Source.model_validate({"name": "vault", "type": "s3", "url": "https://s3.example", "bucket": "shared", "tenant": "acme", **options}))


def test_object_storage_records() -> None:
    (hint,) = storage()(bearer(OBJECT_CREATED, SECRET.decode()), [SECRET])
    assert (hint.id, hint.source_time_us) == ("file/reports/Q3 plan.pdf", NOW_US - 500_000)
    again = storage()(bearer(OBJECT_CREATED, SECRET.decode()), [SECRET])
    assert again[0].delivery_id == hint.delivery_id != ""


def test_object_storage_over_eventbridge() -> None:
    body = {
        "id": "2ee9",
        "detail-type": "Object Deleted",
        "time": "2026-03-25T05:09:26Z",
        "detail": {"bucket": {"name": "shared"}, "object": {"key": "a/b +.txt"}},
    }
    event = delivery(as_bytes(body), {"X-Api-Key": SECRET.decode()})
    (hint,) = storage()(event, [SECRET])
    assert (hint.id, hint.event, hint.delivery_id) == ("file/a/b +.txt", "Object Deleted", "2ee9")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"prefix": "reports/"}, ["file/Q3 plan.pdf"]),
        ({"prefix": "report/"}, []),
        ({"bucket": "other"}, []),
        ({"exclude": ["reports/**"]}, []),
        ({"include": ["**/*.docx"]}, []),
    ],
)
def test_object_storage_tells_of_the_sources_documents_alone(options: dict[str, Any], expected: list[str]) -> None:
    assert ids(storage(**options)(bearer(OBJECT_CREATED, SECRET.decode()), [SECRET])) == expected


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic c2VjcmV0"}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": "x"}]
)
def test_object_storage_believes_only_the_token(headers: dict[str, str]) -> None:
    with pytest.raises(UnsignedDeliveryError):
        storage()(delivery(as_bytes(OBJECT_CREATED), headers), [SECRET])


CUSTOM: dict[str, Any] = {
    "secret": "env:CRM_SECRET",
    "signature": {"header": "X-Signature", "prefix": "v1=", "signed": "{timestamp}.{body}", "timestamp_header": "X-Time"},
    "id": "$.data[*].id",
    "event": "$.type",
    "time": "$.at",
    "delivery_header": "X-Delivery",
}


def custom(body: object, at: str = str(int(NOW.timestamp()))) -> Delivery:
    text = as_bytes(body)
    digest = hmac.new(SECRET, f"{at}.".encode() + text, hashlib.sha256).hexdigest()
    return delivery(text, {"X-Signature": f"v1={digest}", "X-Time": at, "X-Delivery": "d-1"})


def test_custom() -> None:
    verify = custom_verifier(CustomWebhook.model_validate(CUSTOM), "deal")
    found = verify(custom({"type": "deal.moved", "at": "2026-03-25T05:09:26.500+00:00", "data": [{"id": 7}, {"id": "x y"}, {"id": 7}]}), [SECRET])
    assert ids(found) == ["deal/7", "deal/x y"]
    assert (found[0].event, found[0].delivery_id, found[0].source_time_us) == ("deal.moved", "d-1", NOW_US - 500_000)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"data": [{"id": None}]},
        {"data": [{"id": 1}, {"id": {}}]},
        {"data": [{"id": ""}]},
        {"data": [{"id": "a\nb"}]},
        {"data": [{"id": "x" * 257}]},
        {"data": [{"id": ".."}]},
        "{",
        '{"data": [{"id": 7}]}',
        7,
        None,
    ],
)
def test_custom_without_a_usable_id(body: object) -> None:
    with pytest.raises(RefusedDeliveryError) as refused:
        custom_verifier(CustomWebhook.model_validate(CUSTOM), "deal")(custom(body), [SECRET])
    assert refused.value.status == 400


def test_custom_recording_played_again() -> None:
    with pytest.raises(UnsignedDeliveryError, match="s old"):
        custom_verifier(CustomWebhook.model_validate(CUSTOM), "deal")(custom({"data": [{"id": 7}]}, str(int(NOW.timestamp()) - 301)), [SECRET])


@pytest.mark.parametrize(
    "change",
    [
        {"signed": "{timestamp}", "timestamp_header": "X-Time"},
        {"signed": "{timestamp}.{body}"},
        {"timestamp_header": "X-Time"},
        {"algorithm": "md5"},
        {"header": "X Signature"},
    ],
)
def test_custom_signature_that_proves_nothing_is_not_declared(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="signature"):
        CustomWebhook.model_validate(CUSTOM | {"signature": {"header": "X-Signature"} | change})


def test_custom_path_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"write, for example, \$\.data\.id"):
        CustomWebhook.model_validate(CUSTOM | {"id": "$.["})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1774415367, NOW),
        ("1774415367", NOW),
        (1774415367000, NOW),
        ("2026-03-25T05:09:27Z", NOW),
        (None, None),
        (True, None),
        ("", None),
        ("9" * 40, None),
        (float("nan"), None),
    ],
)
def test_times(value: object, expected: object) -> None:
    assert parse_time(value) == expected


def test_a_new_secret_and_the_old_one_are_both_in_force() -> None:
    for secret in (b"old", b"new"):
        assert jira.verify(hub(UPDATED, secret), [b"new", b"old"])
    with pytest.raises(UnsignedDeliveryError):
        jira.verify(hub(UPDATED, b"older"), [b"new", b"old"])


def test_no_secret_refuses_everything() -> None:
    for verify, good in ((jira.verify, hub(UPDATED, b"")), (zendesk.verify, signed(COMMENTED, b"")), (confluence.verify, bearer({}, ""))):
        with pytest.raises(UnsignedDeliveryError):
            verify(good, [])
