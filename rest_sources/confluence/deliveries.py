"""Confluence's webhooks: Data Center's, signed with a secret, and what a Cloud automation rule sends with a shared token.

Data Center: https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html (``X-Hub-Signature`` over the body). Cloud has no webhooks that an
administrator could register since Atlassian Connect is ending; a rule with the action "Send web request" (https://support.atlassian.com/cloud-automation/docs/confluence-automation-actions/)
sends ``{"event": "page_updated", "page": {"id": "{{page.id}}"}}`` with the header ``Authorization: Bearer <token>``. It is sent once and never again: the sweep finds what was lost.

Ids of pages, blog posts, comments and attachments are of one kind, so that all hints of an object have one key whichever event it was: ``content/98307``. A comment is part of what
it is on. Whether the readers of what is below have changed too, with a page's place or its restrictions, the fetch tells by ``access``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from contracts.hints import Hint
from rest_sources.delivery import Delivery, Fields, label
from rest_sources.signatures import check_hub_signature, check_token

_CONTENT: Final = ("page", "blog", "blogpost", "content", "labeled")


def verify(delivery: Delivery, secrets: Sequence[bytes]) -> tuple[Hint, ...]:
    """Hints ``content/<id>`` and ``space/<key>``; none for events of other things."""
    if delivery.header("x-hub-signature") or not delivery.header("authorization"):
        check_hub_signature(delivery, secrets)
    else:
        check_token(delivery.header("authorization").partition(" ")[2].strip(), secrets)
    body = Fields.of(delivery.body)
    event = label(body.text("event", ""))
    changed_us = body.milliseconds_as_us("timestamp", delivery.time_us)
    identifier = delivery.label("x-request-id")
    return tuple(Hint(id=native, event=event, delivery_id=identifier, source_time_us=changed_us) for native in dict.fromkeys(_concerned(body)))


def _concerned(body: Fields) -> Iterator[str]:
    for name in _CONTENT:
        if body.has(name):
            yield f"content/{body.inside(name).identifier('id')}"
    if body.has("comment"):
        comment = body.inside("comment")
        on = next((comment.inside(name) for name in ("container", "parent") if comment.has(name)), comment)
        yield f"content/{on.identifier('id')}"
    for attachment in body.each("attachments"):
        yield f"content/{attachment.identifier('id')}"
    for name in ("attachment", "attachedTo"):
        if body.has(name):
            yield f"content/{body.inside(name).identifier('id')}"
    if body.has("space"):
        yield f"space/{body.inside('space').identifier('key')}"
