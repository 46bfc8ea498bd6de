"""What happened, as the bodies of Data Center's webhooks and of Connect's have it.

The same maps for both: «The entity to Map conversion is heavily based on the webhook payload mapping used by Confluence Cloud webhooks»,
https://docs.atlassian.com/ConfluenceServer/javadoc/7.19.14/com/atlassian/confluence/internal/webhooks/package-use.html. Atlassian's pages show no body.

Verified on bodies that users recorded: Cloud's page_created, page_updated, page_trashed, page_removed, page_restored, page_moved and comment_created, without
the event's name in the body (``id`` a number in those of 2021 to 2024, a string in the latest). Data Center's: ``event``, ``timestamp``, ``userKey`` and ``page``. Not verified: Data Center's ``creatorKey`` and
``lastModifierKey``, ``oldParent`` and ``newParent``, and the bodies of blog posts, attachments, labels, permissions, spaces, groups and users.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from examples.vendors.confluence.cloud_shapes import web_link
from examples.vendors.confluence.state import Content, Event, Group, Site, Space

EVENTS = frozenset(
    {
        "attachment_created", "attachment_removed", "attachment_restored", "attachment_trashed", "attachment_updated", "blog_created", "blog_removed",
        "blog_restored", "blog_trashed", "blog_updated", "blueprint_page_created", "comment_created", "comment_removed", "comment_updated",
        "content_created", "content_restored", "content_trashed", "content_updated", "content_permissions_updated", "group_created", "group_removed",
        "label_added", "label_created", "label_deleted", "label_removed", "page_children_reordered", "page_created", "page_moved", "page_removed",
        "page_restored", "page_trashed", "page_updated", "space_created", "space_logo_updated", "space_permissions_updated", "space_removed",
        "space_updated", "theme_enabled", "user_created", "user_deactivated", "user_followed", "user_reactivated", "user_removed",
    }
)  # fmt: skip
"""What a webhook can be registered for: https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html (the names, by way of a client's list)."""


def milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def body_of(site: Site, event: Event) -> dict[str, Any]:
    """Without the event's name on Cloud: there the URL that was registered for the event tells it."""
    subject = _subject(site, event)
    if site.edition == "datacenter":
        return {"event": event.name, "timestamp": milliseconds(event.at), "userKey": event.actor, **subject}
    body = {**subject, "userAccountId": event.actor, "timestamp": milliseconds(event.at), "accountType": "customer"}
    if event.trigger:
        body |= {"updateTrigger": event.trigger, "suppressNotifications": False}
    return body


def _subject(site: Site, event: Event) -> dict[str, Any]:
    kind = event.name.partition("_")[0]
    content = event.content
    if content is None:
        return _without_content(site, event, kind)
    if kind == "attachment":
        return {"attachments": [_content(site, content)], "attachedTo": _above(site, content)}
    if kind == "label":
        return {"label": {"name": event.label}, "labeled": _content(site, content)}
    if kind == "content":
        return {"content": _content(site, content)}
    entity = _content(site, content)
    shown: dict[str, Any] = {kind: entity}
    if kind == "comment":
        entity["parent"] = _above(site, content)
    elif event.name.endswith("_moved") and event.before is not None:
        shown |= {"oldParent": _parent(site, event.before), "newParent": _parent(site, content)}
    return shown


def _without_content(site: Site, event: Event, kind: str) -> dict[str, Any]:
    if event.space is not None:
        return {"space": _space(site, event.space)}
    if isinstance(event.subject, Group):
        return {"group": {"name": event.subject.name}}
    return {kind: {"userKey" if site.edition == "datacenter" else "accountId": event.subject.id}} if event.subject else {}


def _content(site: Site, content: Content) -> dict[str, Any]:
    space = site.spaces[content.space]
    cloud = site.edition == "cloud"
    author, last = ("creatorAccountId", "lastModifierAccountId") if cloud else ("creatorKey", "lastModifierKey")
    shown: dict[str, Any] = {
        "idAsString": content.wire_id, "id": content.wire_id if cloud else content.id, author: content.author, "spaceKey": space.key, "spaceId": space.id,
        "creationDate": milliseconds(content.created), "modificationDate": milliseconds(content.version.when), last: content.version.author,
        "version": content.version.number, "contentType": content.kind, "self": f"{site.base_url}{site.context}{web_link(site, content)}",
    }  # fmt: skip
    if content.kind == "attachment":
        shown |= {"fileName": content.title, "fileSize": content.size, "comment": content.note}
    elif content.kind != "comment":
        shown["title"] = content.title
    return shown


def _above(site: Site, content: Content) -> dict[str, Any] | None:
    holder = site.contents.get(content.container) if content.container is not None else None
    return _content(site, holder) if holder is not None else None


def _parent(site: Site, content: Content) -> dict[str, Any] | None:
    parent = site.contents.get(content.parent) if content.parent is not None else None
    return _content(site, parent) if parent is not None else None


def _space(site: Site, space: Space) -> dict[str, Any]:
    return {"key": space.key, "name": space.name, "self": f"{site.base_url}{site.context}/spaces/{space.key}"}
