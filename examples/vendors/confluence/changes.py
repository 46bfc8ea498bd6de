"""What can be done to content: each function changes the site's state and tells what happened, as the vendor's webhooks do. No HTTP here.

Rules and their pages: a new version's number is the current one plus one, else 409; an update of a trashed page to «current» restores it and changes nothing
else (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/, PageUpdateRequest); a purge is a second delete of what is in the trash; what
falls with its container tells nothing of itself («cascading deletion events aren't emitted», https://developer.atlassian.com/platform/forge/events-reference/confluence).
Not verified: children of a trashed page move up to its parent (and so leave its restrictions behind); moving makes no new version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from examples.vendors.confluence.refusals import InvalidError, RefusedError
from examples.vendors.confluence.state import Content, Event, Kind, Site, Status, Version

_EVENT_PREFIX: Final[dict[Kind, str]] = {"page": "page", "blogpost": "blog", "comment": "comment", "attachment": "attachment"}


@dataclass(frozen=True, slots=True)
class New:
    kind: Kind
    space: int
    title: str
    body: str = ""
    status: Status = "current"
    parent: int | None = None
    container: int | None = None
    inline: bool = False
    selection: str = ""
    media_type: str = ""
    note: str = ""
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A new version. What is None stays."""

    number: int
    title: str | None = None
    body: str | None = None
    status: Status = "current"
    parent: int | None = None
    message: str = ""
    minor: bool = False


def create(site: Site, actor: str, new: New) -> Content:
    if new.kind in {"page", "blogpost"} and new.status == "current":
        _refuse_same_title(site, new.space, new.kind, new.title)
    now = site.tick()
    content = Content(
        id=site.new_id(), kind=new.kind, status=new.status, title=new.title, space=new.space, author=actor, created=now,
        version=Version(1, actor, now), body=new.body, parent=new.parent, container=new.container, inline=new.inline, selection=new.selection,
        position=len(site.children(new.parent)) if new.parent is not None and new.container is None else 0,
        media_type=new.media_type, note=new.note, size=len(new.data or b""),
    )  # fmt: skip
    site.put(content)
    if new.data is not None:
        site.files[content.id] = new.data
    if content.status == "current":
        site.tell(_event(site, content, "created", actor))
    return content


def edit(site: Site, actor: str, old: Content, change: Edit) -> Content:
    """Publish a draft, restore from the trash, or make a new version; a changed parent is also a move."""
    if old.status == "draft":
        return _edit_draft(site, actor, old, change)
    if change.status == "draft":
        raise InvalidError("Drafts of published content are not kept by this server")
    if change.number != old.version.number + 1:
        what = f"Version must be incremented when updating a {old.kind}. Current Version: [{old.version.number}]. Provided version: [{change.number}]"
        raise RefusedError(HTTPStatus.CONFLICT, what)
    if old.status == "trashed":
        return restore(site, actor, old)
    if change.title is not None and change.title != old.title and old.kind in {"page", "blogpost"}:
        _refuse_same_title(site, old.space, old.kind, change.title)
    version = Version(change.number, actor, site.tick(), change.message, change.minor)
    content = site.put(replace(old, title=_or(change.title, old.title), body=_or(change.body, old.body), version=version))
    site.tell(_event(site, content, "updated", actor, old, trigger="edit_page" if old.kind in {"page", "blogpost"} else ""))
    if change.parent is not None and change.parent != old.parent:
        content = move(site, actor, content, change.parent, old.space)
    return content


def move(site: Site, actor: str, old: Content, parent: int | None, space: int, position: int | None = None) -> Content:
    """Under another page or to another space, with all that is below; last among its siblings unless a position is given."""
    above = site.contents[parent] if parent is not None else None
    if above is not None and (above.id == old.id or any(page.id == old.id for page in site.ancestors(above))):
        raise InvalidError("A page cannot be moved under itself")
    if position is None:
        position = len(site.children(parent)) if parent is not None else 0
    content = site.put(replace(old, parent=parent, space=space, position=position))
    _carry(site, content, space)
    site.tell(_event(site, content, "moved", actor, old))
    return content


def trash(site: Site, actor: str, old: Content) -> Content:
    """Data Center's ``attachment_removed`` is for what goes to the trash: https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html"""
    content = site.put(replace(old, status="trashed"))
    for child in site.children(old.id):
        site.put(replace(child, parent=old.parent))
    site.tell(_event(site, content, "trashed", actor))
    if content.kind == "attachment" and site.edition == "datacenter":
        site.tell(_event(site, content, "removed", actor))
    return content


def restore(site: Site, actor: str, old: Content) -> Content:
    parent = site.contents.get(old.parent) if old.parent is not None else None
    content = site.put(replace(old, status="current", parent=old.parent if parent is not None and parent.status == "current" else None))
    site.tell(_event(site, content, "restored", actor))
    return content


def purge(site: Site, actor: str, old: Content) -> None:
    """For ever. Comments go this way at once."""
    replies = [reply for reply in site.held(old.container) if reply.parent == old.id] if old.container is not None else []
    for reply in replies:
        purge(site, actor, reply)
    site.drop(old.id)
    if old.status != "draft":
        site.tell(_event(site, old, "removed", actor))


def resolve(site: Site, old: Content, *, resolved: bool) -> Content:
    return site.put(replace(old, resolved=resolved))


def replace_file(site: Site, actor: str, old: Content, data: bytes, media_type: str, note: str) -> Content:
    """The next version of an attachment."""
    version = Version(old.version.number + 1, actor, site.tick())
    content = site.put(replace(old, version=version, media_type=media_type, note=note, size=len(data), status="current"))
    site.files[content.id] = data
    site.tell(_event(site, content, "updated", actor, old))
    return content


def label(site: Site, actor: str, old: Content, name: str, *, present: bool) -> Content:
    labels = tuple(dict.fromkeys((*old.labels, name))) if present else tuple(known for known in old.labels if known != name)
    content = site.put(replace(old, labels=labels))
    if labels != old.labels:
        site.tell(Event("label_added" if present else "label_removed", actor, site.tick(), content=content, label=name))
    return content


def _edit_draft(site: Site, actor: str, old: Content, change: Edit) -> Content:
    """A draft has version 1 until it is published: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/ (version.number)."""
    if change.number != 1:
        raise RefusedError(HTTPStatus.CONFLICT, f"Version must be 1 for a draft. Provided version: [{change.number}]")
    title = _or(change.title, old.title)
    if change.status == "current":
        _refuse_same_title(site, old.space, old.kind, title)
    now = site.tick()
    version = Version(1, actor, now, change.message)
    content = site.put(replace(old, title=title, body=_or(change.body, old.body), status=change.status, version=version, created=now))
    if content.status == "current":
        site.tell(_event(site, content, "created", actor))
    return content


def _carry(site: Site, content: Content, space: int) -> None:
    for held in site.held(content.id):
        site.put(replace(held, space=space))
    for child in site.children(content.id):
        _carry(site, site.put(replace(child, space=space)), space)


def _refuse_same_title(site: Site, space: int, kind: Kind, title: str) -> None:
    if any(known.title == title and known.space == space and known.kind == kind and known.status == "current" for known in site.contents.values()):
        raise InvalidError(f"A {kind} with this title already exists: A {kind} already exists with the same TITLE in this space")


def _event(site: Site, content: Content, what: str, actor: str, before: Content | None = None, trigger: str = "") -> Event:
    return Event(f"{_EVENT_PREFIX[content.kind]}_{what}", actor, site.tick(), content=content, before=before, trigger=trigger)


def _or(new: str | None, old: str) -> str:
    return old if new is None else new
