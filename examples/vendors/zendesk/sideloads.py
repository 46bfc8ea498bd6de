"""Records beside records: ``?include=users,groups,organizations`` adds those that the objects of an answer name.

https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/. Other sideloads are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from aiohttp import web

from examples.vendors.zendesk import shapes
from examples.vendors.zendesk.paths import base
from examples.vendors.zendesk.state import Desk

Json = dict[str, Any]
_NAMED_BY: Final = {
    "users": ("requester_id", "submitter_id", "assignee_id", "author_id", "collaborator_ids"),
    "groups": ("group_id",),
    "organizations": ("organization_id",),
}


def with_sideloads(request: web.Request, desk: Desk, body: Json, objects: Iterable[Json]) -> Json:
    """The answer with what was asked for; ``objects`` are its tickets or comments."""
    shown = list(objects)
    for kind in request.query.get("include", "").split(","):
        named = {number for each in shown for field in _NAMED_BY.get(kind, ()) for number in _ids(each.get(field))}
        match kind:
            case "users":
                body[kind] = [shapes.user(user, desk, base(request)) for number, user in sorted(desk.people.users.items()) if number in named]
            case "groups":
                body[kind] = [shapes.group(group, base(request)) for number, group in sorted(desk.people.groups.items()) if number in named]
            case "organizations":
                body[kind] = [shapes.organization(it, base(request)) for number, it in sorted(desk.people.organizations.items()) if number in named]
    return body


def _ids(value: Any) -> list[int]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
