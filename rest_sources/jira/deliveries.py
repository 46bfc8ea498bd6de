"""Jira's webhooks, Cloud and Data Center: signed with a secret (X-Hub-Signature), or by the JWT of an OAuth app (Cloud's dynamic webhooks).

Bodies: https://developer.atlassian.com/cloud/jira/platform/webhooks/#callbacks. A change of an attachment also comes as a change of its issue, so its own event,
which does not name the issue, says nothing new. Permission schemes, roles, security levels and groups have no events at all: scans find their changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.hints import Hint
from rest_sources.delivery import Delivery, Fields, label
from rest_sources.signatures import check_bearer_jwt, check_hub_signature

_OF_ISSUE: Final = ("jira:issue_", "comment_", "worklog_")
_OF_LINK: Final = "issuelink_"
_OF_PROJECT: Final = "project_"


def verify(delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
    """Hints ``issue/<numeric id>`` (both ends of a link) and ``project/<numeric id>``; none for events of other things."""
    if delivery.header("x-hub-signature") or not delivery.header("authorization"):
        check_hub_signature(delivery, secrets)
    else:
        check_bearer_jwt(delivery, secrets)
    body = Fields.of(delivery.body)
    event = label(body.text("webhookEvent"))
    changed_us = body.milliseconds_as_us("timestamp", delivery.time_us)
    # The same on every retry: https://developer.atlassian.com/cloud/jira/platform/webhooks/#webhook-delivery
    identifier = delivery.label("x-atlassian-webhook-identifier")
    return tuple(Hint(id=native, event=event, delivery_id=identifier, source_time_us=changed_us) for native in _concerned(event, body))


def _concerned(event: str, body: Fields) -> tuple[str, ...]:
    if event.startswith(_OF_ISSUE):
        return (f"issue/{body.inside('issue').identifier('id')}",) if body.has("issue") else ()
    if event.startswith(_OF_LINK):
        link = body.inside("issueLink")
        return tuple(f"issue/{link.identifier(end)}" for end in ("sourceIssueId", "destinationIssueId"))
    if event.startswith(_OF_PROJECT):
        return (f"project/{body.inside('project').identifier('id')}",)
    return ()
