"""Bodies of event webhooks, read off the difference between a record before and after.

Envelope and types: https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/ with ticket-events, user-events, organization-events and
article-events beside it. Ids are strings in them, statuses and priorities in capitals. One action can give several events, which ``meta.sequence`` ties together; their
order is not guaranteed. There is no event for a changed ``ticket_restriction``, ``shared_tickets``, user segment, or text of a published article: only a sweep finds those.

Not verified: ``event`` of a created ticket, of soft deletion, of an unpublished article and of memberships; that a new ticket also announces its first comment and that
archiving a published article unpublishes it.
"""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

from examples.vendors.zendesk.records import Article, Attachment, Comment, Organization, Ticket, User
from examples.vendors.zendesk.stamps import moment, precise, ulid
from examples.vendors.zendesk.state import Desk
from examples.vendors.zendesk.tickets import Update

Json = dict[str, Any]
_PREFIX: Final = "zen:event-type:"
_CHANGED: Final = {
    "status": "status_changed",
    "subject": "subject_changed",
    "priority": "priority_changed",
    "type": "type_changed",
    "assignee_id": "agent_assignment_changed",
    "group_id": "group_assignment_changed",
    "organization_id": "organization_changed",
    "requester_id": "requester_changed",
    "external_id": "external_id_changed",
}


@dataclass(frozen=True, slots=True)
class Event:
    type: str
    subject: str
    detail: Json
    content: Json
    version: str

    def body(self, account_id: int) -> Json:
        return {
            "type": _PREFIX + self.type,
            "account_id": account_id,
            "id": ulid() if self.type.startswith("article.") else str(uuid.uuid4()),
            "time": precise(time.time()),
            "zendesk_event_version": self.version,
            "subject": self.subject,
            "detail": self.detail,
            "event": self.content,
        }


def ticket_events(desk: Desk, update: Update, *more: tuple[str, Json]) -> list[Event]:
    """Those of an update; ``more`` names what its difference does not show (a comment made private, a deletion)."""
    told = list(more)
    if update.before is None:
        told.append(("created", {}))
    elif not more:
        told += [(_CHANGED[name], {"current": _value(name, new), "previous": _value(name, old)}) for name, old, new in update.audit.changes if name in _CHANGED]
        told += _set_changes(update.before, update.after)
    if update.comment is not None:
        told.append(("comment_added", {"comment": _comment(desk, update.comment)}))
        told += [("attachment_linked_to_comment", _attachment(update.comment, each)) for each in update.comment.attachments]
    sequence = secrets.token_hex(16).upper()
    detail = _ticket_detail(desk, update.after, update.audit.author_id)
    subject = f"zen:ticket:{update.after.id}"
    return [
        Event("ticket." + name, subject, detail, {"meta": {"sequence": {"id": sequence, "position": position}}, **content}, "2022-11-06")
        for position, (name, content) in enumerate(told, 1)
    ]


def comment_change(desk: Desk, comment: Comment) -> Json:
    return {"comment": _comment(desk, comment)}


def attachment_change(comment: Comment, attachment: Attachment) -> Json:
    return _attachment(comment, attachment)


def user_events(desk: Desk, before: User | None, after: User) -> list[Event]:
    if before is None:
        return [user_event(desk, after, "created", {})]
    told: list[Event] = []
    for name, kind in (("name", "name_changed"), ("role", "role_changed"), ("suspended", "suspended_changed"), ("active", "active_changed")):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            told.append(user_event(desk, after, kind, {"current": new, "previous": old}))
    if before.active and not after.active:
        told.append(user_event(desk, after, "deleted", {}))
    if before.tags != after.tags:
        told.append(user_event(desk, after, "tags_changed", _added_removed("tags", before.tags, after.tags)))
    return told


def user_event(desk: Desk, user: User, kind: str, content: Json) -> Event:
    detail = {
        "created_at": moment(user.created_at),
        "email": user.email,
        "external_id": "",
        "default_group_id": str(desk.people.default_group_id(user.id) or 0),
        "id": str(user.id),
        "organization_id": str(desk.people.default_organization_id(user.id) or 0),
        "role": user.role,
        "updated_at": moment(user.updated_at),
    }
    return Event("user." + kind, f"zen:user:{user.id}", detail, content, "2022-06-20")


def organization_events(before: Organization | None, after: Organization) -> list[Event]:
    if before is None:
        return [_organization_event(after, "created", {})]
    if after.deleted:
        return [_organization_event(after, "deleted", {})]
    told: list[Event] = []
    if before.name != after.name:
        told.append(_organization_event(after, "name_changed", {"current": after.name, "previous": before.name}))
    if before.tags != after.tags:
        told.append(_organization_event(after, "tags_changed", _added_removed("tags", before.tags, after.tags)))
    return told


def article_events(desk: Desk, before: Article | None, after: Article) -> list[Event]:
    """Per locale that became, or stopped being, published."""
    told: list[tuple[str, Json]] = []
    for locale in sorted({*(before.translations if before else ()), *after.translations}):
        was, now = before is not None and _published(before, locale), _published(after, locale)
        if now and not was:
            told.append(("published", _article_place(desk, after, locale)))
        elif was and not now:
            told.append(("unpublished", {}))
    if before is not None and before.author_id != after.author_id:
        told.append(("author_changed", {"current": str(after.author_id)}))
    detail = {"brand_id": str(desk.brand_id), "id": str(after.id)}
    return [Event("article." + kind, f"zen:article:{after.id}", detail, content, "2022-11-06") for kind, content in told]


def _ticket_detail(desk: Desk, it: Ticket, actor_id: int) -> Json:
    return {
        "actor_id": str(actor_id),
        "assignee_id": _id(it.assignee_id),
        "brand_id": str(desk.brand_id),
        "created_at": moment(it.created_at),
        "custom_status": None,
        "description": it.description,
        "external_id": it.external_id,
        "form_id": None,
        "group_id": _id(it.group_id),
        "id": str(it.id),
        "is_public": it.is_public,
        "organization_id": _id(it.organization_id),
        "priority": it.priority.upper() if it.priority else None,
        "requester_id": str(it.requester_id),
        "status": it.status.upper(),
        "subject": it.subject,
        "submitter_id": str(it.submitter_id),
        "tags": list(it.tags),
        "type": it.type.upper() if it.type else None,
        "updated_at": moment(it.updated_at),
        "via": {"channel": "web_service"},
    }


def _set_changes(before: Ticket, after: Ticket) -> list[tuple[str, Json]]:
    told: list[tuple[str, Json]] = []
    if before.tags != after.tags:
        told.append(("tags_changed", _added_removed("tags", before.tags, after.tags)))
    for kind, old, new in (("email_ccs", before.email_cc_ids, after.email_cc_ids), ("followers", before.follower_ids, after.follower_ids)):
        if old != new:
            told.append((kind + "_changed", _added_removed("users", tuple(map(str, old)), tuple(map(str, new)))))
    return told


def _comment(desk: Desk, it: Comment) -> Json:
    author = desk.people.users.get(it.author_id)
    is_staff = author is not None and author.role != "end-user"
    return {
        "id": str(it.id),
        "body": it.plain_body,
        "is_public": it.public,
        "author": {"id": str(it.author_id), "is_staff": is_staff, "name": author.name if author else ""},
    }


def _attachment(comment: Comment, it: Attachment) -> Json:
    found = {
        "id": str(it.id),
        "content_type": it.content_type,
        "content_url": f"/attachments/token/{it.token}",
        "filename": it.file_name,
        "is_public": comment.public,
    }
    return {"comment": {"id": str(comment.id), "is_public": comment.public, "attachment": found}}


def _organization_event(it: Organization, kind: str, content: Json) -> Event:
    detail = {
        "created_at": moment(it.created_at),
        "external_id": None,
        "group_id": "0",
        "id": str(it.id),
        "name": it.name,
        "shared_comments": it.shared_comments,
        "shared_tickets": it.shared_tickets,
        "updated_at": moment(it.updated_at),
    }
    return Event("organization." + kind, f"zen:organization:{it.id}", detail, content, "2022-06-20")


def _published(it: Article, locale: str) -> bool:
    return not it.archived and locale in it.translations and not it.translations[locale].draft


def _article_place(desk: Desk, it: Article, locale: str) -> Json:
    return {
        "author_id": str(it.author_id),
        "category_id": str(desk.guide.sections[it.section_id].category_id),
        "locale": locale,
        "section_id": str(it.section_id),
        "title": it.translations[locale].title,
    }


def _added_removed(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> Json:
    return {f"{name}_added": [each for each in after if each not in before], f"{name}_removed": [each for each in before if each not in after]}


def _value(name: str, value: object) -> str | None:
    """Status, priority and type in capitals, ids as strings."""
    if value is None:
        return None
    return str(value).upper() if name in ("status", "priority", "type") else str(value)


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
