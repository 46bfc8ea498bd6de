"""State as REST v2 of Cloud writes it: https://developer.atlassian.com/cloud/confluence/rest/v2/intro/; each shape names its schema there.

Ids are strings, times ``YYYY-MM-DDTHH:mm:ss.sssZ``. A body is there only when ``body-format`` asks for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus

from examples.vendors.confluence.refusals import InvalidError
from examples.vendors.confluence.state import Content, Person, Site, Space, SpacePermission, Version

_BODY_FORMATS: Final = {"storage", "view"}
"""Of the documented formats, those that this server holds; storage format serves as view too. Others are refused."""


def stamp(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def web_link(site: Site, content: Content) -> str:
    """Relative to the base with its context: ``/spaces/KEY/pages/ID/Title`` (form not verified for comments)."""
    key = site.spaces[content.space].key
    if content.kind == "attachment":
        return f"/pages/viewpageattachments.action?pageId={content.container}&preview=%2F{content.container}%2F{content.id}"
    if content.container is not None:
        return f"{web_link(site, site.contents[content.container])}?focusedCommentId={content.id}"
    return f"/spaces/{key}/{'blog' if content.kind == 'blogpost' else 'pages'}/{content.id}/{quote_plus(content.title)}"


def download_link(content: Content) -> str:
    when = int(content.version.when.timestamp() * 1000)
    return (
        f"/download/attachments/{content.container}/{quote_plus(content.title)}?version={content.version.number}&modificationDate={when}&cacheVersion=1&api=v2"
    )


def version(told: Version) -> dict[str, Any]:
    """Schema Version."""
    return {"createdAt": stamp(told.when), "message": told.message, "number": told.number, "minorEdit": told.minor, "authorId": told.author}


def body(content: Content, body_format: str | None) -> dict[str, Any]:
    """Schema BodyBulk: one property, named after the format."""
    if body_format is None:
        return {}
    if body_format not in _BODY_FORMATS:
        raise InvalidError(f"Provided value for 'body-format' is not supported by this server: {body_format}")
    return {body_format: {"representation": body_format, "value": content.body}}


def page(site: Site, content: Content, body_format: str | None = None) -> dict[str, Any]:
    """Schema PageBulk."""
    under = content.parent is not None
    return {
        "id": str(content.id), "status": content.status, "title": content.title, "spaceId": str(content.space),
        "parentId": str(content.parent) if under else None, "parentType": "page" if under else None, "position": content.position,
        "authorId": content.author, "ownerId": content.author, "lastOwnerId": None, "createdAt": stamp(content.created),
        "version": version(content.version), "body": body(content, body_format), "_links": _page_links(site, content),
    }  # fmt: skip


def blogpost(site: Site, content: Content, body_format: str | None = None) -> dict[str, Any]:
    """Schema BlogPostBulk."""
    return {
        "id": str(content.id), "status": content.status, "title": content.title, "spaceId": str(content.space), "authorId": content.author,
        "createdAt": stamp(content.created), "version": version(content.version), "body": body(content, body_format), "_links": _page_links(site, content),
    }  # fmt: skip


def comment(site: Site, content: Content, body_format: str | None = None) -> dict[str, Any]:
    """Schemas FooterCommentModel and InlineCommentModel."""
    shown: dict[str, Any] = {
        "id": str(content.id), "status": content.status, "title": content.title, **_container(site, content),
        "version": version(content.version), "body": body(content, body_format), "_links": {"webui": web_link(site, content)},
    }  # fmt: skip
    if content.parent is not None:
        shown["parentCommentId"] = str(content.parent)
    if content.inline:
        shown["resolutionStatus"] = "resolved" if content.resolved else "open"
        marker = f"marker-{content.id}"
        shown["properties"] = {"inlineMarkerRef": marker, "inlineOriginalSelection": content.selection}
    return shown


def attachment(site: Site, content: Content) -> dict[str, Any]:
    """Schema AttachmentBulk."""
    link, web = download_link(content), web_link(site, content)
    return {
        "id": content.wire_id, "status": content.status, "title": content.title, "createdAt": stamp(content.created), **_container(site, content),
        "mediaType": content.media_type, "mediaTypeDescription": "", "comment": content.note, "fileId": f"file-{content.id}", "fileSize": content.size,
        "webuiLink": web, "downloadLink": link, "version": version(content.version), "_links": {"webui": web, "download": link},
    }  # fmt: skip


def descendant(content: Content, depth: int) -> dict[str, Any]:
    """Schema DescendantsResponse: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-descendants/; ``depth`` since https://jira.atlassian.com/browse/CONFCLOUD-81371."""
    return {
        "id": str(content.id), "status": content.status, "title": content.title, "type": content.kind,
        "parentId": str(content.parent), "depth": depth, "childPosition": content.position,
    }  # fmt: skip


def child(content: Content) -> dict[str, Any]:
    """Schema ChildPage."""
    return {
        "id": str(content.id), "status": content.status, "title": content.title, "spaceId": str(content.space), "childPosition": content.position
    }  # fmt: skip


def user(told: Person) -> dict[str, Any]:
    """Schema User: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-user/."""
    return {
        "displayName": told.display_name, "timeZone": "UTC", "personalSpaceId": None, "isExternalCollaborator": False,
        "accountStatus": "active" if told.active else "inactive", "accountId": told.id, "email": told.email, "accountType": "atlassian",
        "publicName": told.display_name,
    }  # fmt: skip


def space(told: Space) -> dict[str, Any]:
    """Schema SpaceBulk."""
    return {
        "id": str(told.id), "key": told.key, "name": told.name, "type": told.kind, "status": "current", "authorId": told.author,
        "createdAt": stamp(told.created), "homepageId": str(told.homepage) if told.homepage is not None else None, "description": None, "icon": None,
        "_links": {"webui": f"/spaces/{told.key}"},
    }  # fmt: skip


def space_permission(permission: SpacePermission) -> dict[str, Any]:
    """Schema SpacePermissionAssignment: principal user, group or role. Anonymous as role «anonymous-users», the access class's id elsewhere: not verified."""
    kind, principal = ("role", "anonymous-users") if permission.kind == "anonymous" else (permission.kind, permission.principal)
    return {
        "id": str(permission.id), "principal": {"type": kind, "id": principal}, "operation": {"key": permission.operation, "targetType": permission.target}
    }  # fmt: skip


def label(name: str) -> dict[str, Any]:
    """Schema Label. The id is made of the name (Confluence's are numbers)."""
    return {"id": str(sum(name.encode()) + 1000 * len(name)), "name": name, "prefix": "global"}


def _container(site: Site, content: Content) -> dict[str, Any]:
    if content.container is None:
        return {}
    return {"blogPostId" if site.contents[content.container].kind == "blogpost" else "pageId": str(content.container)}


def _page_links(site: Site, content: Content) -> dict[str, Any]:
    edit = f"/pages/resumedraft.action?draftId={content.id}"
    return {"webui": web_link(site, content), "editui": edit, "tinyui": f"/x/{content.id:x}"}
