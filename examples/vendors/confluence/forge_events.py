"""What happened, as Forge's event reference has it, field by field: https://developer.atlassian.com/platform/forge/events-reference/confluence

Verified on that page: the names of events, ``eventType``, ``atlassianId``, ``eventCreatedDate``, ``suppressNotifications``, ``updateTrigger``, ``content``
with space, history and version, ``prevContent`` of a move, a comment's container, ancestors and location, ``attachment`` with container and extensions,
``space``. Names and mail of people are their account ids there. Labels, groups and people are left out here.
"""

from __future__ import annotations

from typing import Any, Final

from examples.vendors.confluence.cloud_shapes import download_link, stamp
from examples.vendors.confluence.state import Content, Event, Site, Space

_WORDS: Final = {"removed": "deleted"}
_KINDS: Final = {"page": "page", "blog": "blogpost", "comment": "comment", "attachment": "attachment", "space": "space:V2"}


def name_of(event: Event) -> str | None:
    """Forge's name of an event; None for one that Forge does not have."""
    kind, _, what = event.name.partition("_")
    if kind == "content" and event.content is not None:
        kind = "blog" if event.content.kind == "blogpost" else "page"
    return f"avi:confluence:{_WORDS.get(what, what)}:{_KINDS[kind]}" if kind in _KINDS else None


def body_of(site: Site, event: Event, name: str) -> dict[str, Any]:
    body: dict[str, Any] = {"eventType": name, "atlassianId": event.actor, "eventCreatedDate": stamp(event.at)}
    if event.space is not None:
        history = {"createdBy": _person(event.space.author), "createdDate": stamp(event.space.created)}
        return {**body, "space": {**_space(event.space), "history": history}}
    body["suppressNotifications"] = False
    if event.trigger:
        body["updateTrigger"] = event.trigger
    if event.content is not None:
        body["attachment" if event.content.kind == "attachment" else "content"] = _content(site, event.content)
    if event.name.endswith("_moved") and event.before is not None:
        body["prevContent"] = _content(site, event.before)
    return body


def _content(site: Site, content: Content) -> dict[str, Any]:
    shown = {**_plain(content), "space": _space(site.spaces[content.space]), "version": _version(content)}
    holder = site.contents.get(content.container) if content.container is not None else None
    if holder is not None:
        shown["container"] = {**_plain(holder), "version": _version(holder), "space": _space(site.spaces[holder.space])}
    if content.kind == "comment":
        shown["ancestors"] = [_plain(above) for above in site.ancestors(content)]
        shown["extensions"] = {"location": "inline" if content.inline else "footer"}
    elif content.kind == "attachment":
        shown["extensions"] = {
            "mediaType": content.media_type, "fileSize": content.size, "mediaTypeDescription": "", "fileId": f"file-{content.id}",
            "downloadPath": download_link(content),
        }  # fmt: skip
    return shown


def _plain(content: Content) -> dict[str, Any]:
    history = {"latest": True, "createdBy": _person(content.author), "ownedBy": _person(content.author), "createdDate": stamp(content.created)}
    return {"id": content.wire_id, "type": content.kind, "status": content.status, "title": content.title, "history": history}


def _version(content: Content) -> dict[str, Any]:
    return {"by": _person(content.version.author), "when": stamp(content.version.when), "number": content.version.number}


def _space(space: Space) -> dict[str, Any]:
    icon = {"path": "/images/logo/default-space-logo-256.png", "width": 48, "height": 48, "isDefault": False}
    return {"id": space.id, "key": space.key, "alias": space.key, "name": space.name, "icon": icon, "type": space.kind, "status": "current"}


def _person(account: str) -> dict[str, Any]:
    picture = {"path": f"/wiki/aa-avatar/{account}", "width": 48, "height": 48, "isDefault": False}
    return {
        "type": "known", "username": account, "accountId": account, "accountType": "atlassian", "email": account, "publicName": account,
        "profilePicture": picture, "displayName": account, "isExternalCollaborator": False,
    }  # fmt: skip
