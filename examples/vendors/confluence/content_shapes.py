"""State as REST v1 writes it, which is Data Center's API and, on Cloud, what v2 has no route for.

https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/ (content), https://developer.atlassian.com/server/confluence/expansions-in-the-rest-api/
(what is not expanded is named in ``_expandable``), https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-restrictions/ (restrictions),
https://developer.atlassian.com/server/confluence/rest/v1000/api-group-space-permissions (Data Center's space permissions).
"""

from __future__ import annotations

from typing import Any, Final

from examples.vendors.confluence.cloud_shapes import download_link, label, stamp, web_link
from examples.vendors.confluence.state import Content, Group, Operation, Person, Principals, Site, Space, SpacePermission, Version

RESTRICTION_LIMIT: Final = 100
"""Default number of people and of groups in a restriction: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-restrictions/"""
LABEL_LIMIT: Final = 200
"""Of labels in an expansion (not verified)."""
_OPERATIONS: Final[tuple[Operation, ...]] = ("read", "update")


def person(site: Site, number: str) -> dict[str, Any]:
    """Cloud's User has ``accountId``, Data Center's ``username`` and ``userKey``. One who is not known any more has only the id (form not verified)."""
    known = site.people.get(number) or Person(number, number, number, "", "")
    picture = {"path": f"{site.context}/aa-avatar/{number}", "width": 48, "height": 48, "isDefault": False}
    if site.edition == "datacenter":
        links = {"self": f"{site.base_url}/rest/api/user?key={number}"}
        return {"type": "known", "username": known.name, "userKey": number, "profilePicture": picture, "displayName": known.display_name, "_links": links}
    return {
        "type": "known", "accountId": number, "accountType": "atlassian", "email": known.email, "publicName": known.display_name,
        "profilePicture": picture, "displayName": known.display_name, "isExternalCollaborator": False,
    }  # fmt: skip


def group(site: Site, number: str) -> dict[str, Any]:
    """Cloud's Group has an id; Data Center's is known by its name."""
    known = site.groups.get(number) or Group(number, number)
    if site.edition == "datacenter":
        return {"type": "group", "name": known.name, "_links": {"self": f"{site.base_url}/rest/api/group/{known.name}"}}
    return {"type": "group", "name": known.name, "id": known.id, "_links": {"self": f"{site.base_url}/wiki/rest/api/group/by-id?id={known.id}"}}


def version(site: Site, told: Version) -> dict[str, Any]:
    return {"by": person(site, told.author), "when": stamp(told.when), "message": told.message, "number": told.number, "minorEdit": told.minor}


def space(site: Site, told: Space) -> dict[str, Any]:
    return {
        "id": told.id, "key": told.key, "name": told.name, "type": told.kind, "status": "current",
        "_expandable": {"homepage": f"/rest/api/content/{told.homepage}", "description": "", "metadata": ""},
        "_links": {"webui": f"/display/{told.key}", "self": f"{_api(site)}/space/{told.key}"},
    }  # fmt: skip


def content(site: Site, told: Content, expand: str = "") -> dict[str, Any]:
    """``expand``: comma-separated paths, as ``body.storage,version,ancestors,restrictions.read.restrictions.user,space``."""
    wanted = {path.strip() for path in expand.split(",") if path.strip()}
    heads = {path.partition(".")[0] for path in wanted}
    shown: dict[str, Any] = {"id": told.wire_id, "type": told.kind, "status": told.status, "title": told.title}
    links = {"webui": web_link(site, told), "self": f"{_api(site)}/content/{told.wire_id}"}
    if told.kind == "attachment":
        shown["metadata"] = {"mediaType": told.media_type, "comment": told.note}
        shown["extensions"] = {"mediaType": told.media_type, "fileSize": told.size, "comment": told.note}
        links["download"] = download_link(told)
    elif told.kind == "comment":
        shown["extensions"] = {"location": "inline" if told.inline else "footer", "_expandable": {"resolution": ""}}
    else:
        shown["extensions"] = {"position": told.position}
    if labels := _labels(told, wanted):
        shown["metadata"] = {**shown.get("metadata", {}), **labels}
    expanded = _expanded(site, told, wanted, heads)
    left = {name: "" for name in ("body", "version", "ancestors", "space", "history", "container", "restrictions", "children") if name not in expanded}
    return {**shown, **expanded, "_links": links, "_expandable": left}


def _labels(told: Content, wanted: set[str]) -> dict[str, Any]:
    """``expand=metadata.labels``, as in the expansions of https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content/."""
    if "metadata.labels" not in wanted:
        return {}
    results = [{**label(name), "label": name} for name in told.labels[:LABEL_LIMIT]]
    return {"labels": {"results": results, "start": 0, "limit": LABEL_LIMIT, "size": len(results)}}


def _expanded(site: Site, told: Content, wanted: set[str], heads: set[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if wanted & {"body.storage", "body.view"}:
        formats = [name for name in ("storage", "view") if f"body.{name}" in wanted]
        shown["body"] = {
            name: {"value": told.body, "representation": name, "_expandable": {"content": f"/rest/api/content/{told.wire_id}"}} for name in formats
        }
    if "version" in heads:
        shown["version"] = version(site, told.version)
    if "ancestors" in heads:
        shown["ancestors"] = [content(site, above) for above in reversed(list(site.ancestors(told)))] if told.container is None else []
    if "space" in heads:
        shown["space"] = space(site, site.spaces[told.space])
    if "history" in heads:
        shown["history"] = {"latest": True, "createdBy": person(site, told.author), "createdDate": stamp(told.created)}
    if "container" in heads:
        holder = site.contents.get(told.container) if told.container is not None else None
        shown["container"] = content(site, holder) if holder is not None else space(site, site.spaces[told.space])
    if "restrictions" in heads:
        below = ",".join(path.removeprefix("restrictions.") for path in wanted if path.startswith("restrictions."))
        shown["restrictions"] = restrictions(site, told, below, by_path=True)
    return shown


def restrictions(site: Site, told: Content, expand: str, *, by_path: bool = False) -> dict[str, Any]:
    """The answer of ``restriction/byOperation``, {"read": …, "update": …}; ``by_path``: only those operations that ``expand`` names, as within content.

    Data Center's newest reference shows the two within a property «restrictions», from a class named MockRestrictionsResponse; clients read them as here.
    """
    named = [operation for operation in _OPERATIONS if not by_path or any(path.startswith(operation) for path in expand.split(","))]
    shown: dict[str, Any] = {operation: restriction(site, told, operation, expand) for operation in named}
    if by_path:
        shown["_expandable"] = {operation: "" for operation in _OPERATIONS if operation not in named}
    shown["_links"] = {"self": f"{_api(site)}/content/{told.wire_id}/restriction/byOperation"}
    return shown


def restriction(site: Site, told: Content, operation: Operation, expand: str = "", start: int = 0, limit: int = RESTRICTION_LIMIT) -> dict[str, Any]:
    """One operation's people and groups. Without ``expand``, Cloud shows both and Data Center only the groups (its documented default is «group»)."""
    named = site.restrictions.get(told.id, {}).get(operation, Principals())
    paths = {path for path in expand.split(",") if path}
    kinds = {kind for kind in ("user", "group") if any(path.endswith(f"restrictions.{kind}") or path == kind for path in paths)}
    kinds = kinds or ({"group"} if site.edition == "datacenter" else {"user", "group"})
    lists = {"user": [person(site, user) for user in sorted(named.users)], "group": [group(site, number) for number in sorted(named.groups)]}
    shown: dict[str, Any] = {
        kind: {"results": lists[kind][start : start + limit], "start": start, "limit": limit, "size": len(lists[kind][start : start + limit])}
        for kind in ("user", "group") if kind in kinds
    }  # fmt: skip
    if left := {"user", "group"} - kinds:
        shown["_expandable"] = dict.fromkeys(left, "")
    links = {"self": f"{_api(site)}/content/{told.wire_id}/restriction/byOperation/{operation}"}
    return {"operation": operation, "restrictions": shown, "_expandable": {"content": f"/rest/api/content/{told.wire_id}"}, "_links": links}


def space_permission(site: Site, told: Space, permission: SpacePermission) -> dict[str, Any]:
    """Data Center's SpacePermission. Its reference gives only ``displayName`` and ``type`` of a subject; the rest, and anonymous, are not verified."""
    if permission.kind == "user":
        subject = person(site, permission.principal)
    elif permission.kind == "group":
        subject = {**group(site, permission.principal), "displayName": group(site, permission.principal)["name"]}
    else:
        subject = {"type": "anonymous", "displayName": "Anonymous"}
    operation = {"targetType": permission.target, "operationKey": permission.operation}
    return {"operation": operation, "subject": subject, "spaceKey": told.key, "spaceId": told.id}


def _api(site: Site) -> str:
    return f"{site.base_url}{site.context}/rest/api"
