"""Users, groups, organizations and memberships. https://developer.zendesk.com/api-reference/ticketing/users/users/, …/groups/groups/,
…/groups/group_memberships/, …/organizations/organizations/, …/organizations/organization_memberships/

Reading is for agents, changing for admins; ``users/me`` and one's own record are for everyone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

from aiohttp import web

from examples.vendors.zendesk import bodies, events, pages, shapes
from examples.vendors.zendesk.entrance import Entrance
from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.pages import Json, Listing
from examples.vendors.zendesk.paths import Routes, base, number
from examples.vendors.zendesk.records import Group, Organization, User
from examples.vendors.zendesk.state import Desk
from examples.vendors.zendesk.webhooks import Webhooks

R = TypeVar("R", User, Group, Organization)
_BLANK_NAME: Final = {"name": [{"description": "Name: is too short (minimum one character)", "error": "TooShort"}]}


class PeopleRoutes:
    def __init__(self, desk: Desk, webhooks: Webhooks) -> None:
        self._desk = desk
        self._people = desk.people
        self._webhooks = webhooks
        self._entrance = Entrance(desk)

    def routes(self) -> Routes:
        routes = Routes("/api/v2")
        for kind, methods in (
            ("/users", (self._list_users, self._create_user, self._show_user, self._update_user, self._delete_user)),
            ("/groups", (self._list_groups, self._create_group, self._show_group, self._update_group, self._delete_group)),
            (
                "/organizations",
                (self._list_organizations, self._create_organization, self._show_organization, self._update_organization, self._delete_organization),
            ),
        ):
            listing, create, show, update, delete = methods
            routes.add("GET", kind, listing)
            routes.add("POST", kind, create)
            routes.add("GET", kind + "/{id:\\d+}", show)
            routes.add("PUT", kind + "/{id:\\d+}", update)
            routes.add("DELETE", kind + "/{id:\\d+}", delete)
        routes.add("GET", "/users/me", self._show_me)
        routes.add("GET", "/custom_roles", self._list_custom_roles)
        return routes

    async def _show_me(self, request: web.Request) -> web.Response:
        return self._user(request, self._entrance.person(request).user)

    async def _list_users(self, request: web.Request) -> web.Response:
        """``?role=`` filters; deleted users are not listed."""
        self._entrance.staff(request)
        role = request.query.get("role")
        found = [user for user in self._people.users.values() if user.active and role in (None, user.role)]
        return _page(request, "users", found, lambda it: shapes.user(it, self._desk, base(request)))

    async def _show_user(self, request: web.Request) -> web.Response:
        asker = self._entrance.person(request)
        if not asker.who.is_staff and asker.user.id != number(request):
            raise refusal(403)
        return self._user(request, _found(self._people.users, request))

    async def _create_user(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        sent = await bodies.read(request, "user", bodies.UserIn)
        if not sent.name:
            raise refusal(422, details=_BLANK_NAME)
        if sent.email and self._people.by_email(sent.email):
            raise refusal(422, details={"email": [{"description": f"Email: {sent.email} is already being used by another user", "error": "DuplicateValue"}]})
        user = self._people.save_user(sent.applied(self._people.create_user(sent.name, sent.email or "", "end-user")))
        self._webhooks.announce(events.user_events(self._desk, None, user))
        return self._user(request, user, status=201)

    async def _update_user(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        before = _found(self._people.users, request)
        after = self._people.save_user((await bodies.read(request, "user", bodies.UserIn)).applied(before))
        self._webhooks.announce(events.user_events(self._desk, before, after))
        return self._user(request, after)

    async def _delete_user(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        before = _found(self._people.users, request)
        after = self._people.delete_user(before.id)
        self._webhooks.announce(events.user_events(self._desk, before, after))
        return self._user(request, after)

    async def _list_groups(self, request: web.Request) -> web.Response:
        """Deleted ones too, unless ``?exclude_deleted=true`` (https://developer.zendesk.com/api-reference/ticketing/groups/groups/#list-groups)."""
        self._entrance.staff(request)
        found = [group for group in self._people.groups.values() if not group.deleted or request.query.get("exclude_deleted") != "true"]
        return _page(request, "groups", found, lambda it: shapes.group(it, base(request)))

    async def _list_custom_roles(self, request: web.Request) -> web.Response:
        """On plans that have them. Made with a seed only; in pages like every list (not verified)."""
        self._entrance.staff(request)
        found = self._people.custom_roles.values()
        return web.json_response(pages.answer(request, Listing("custom_roles"), found, lambda it: (it.id,), shapes.custom_role))

    async def _show_group(self, request: web.Request) -> web.Response:
        self._entrance.staff(request)
        return web.json_response({"group": shapes.group(_found(self._people.groups, request), base(request))})

    async def _create_group(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        sent = await bodies.read(request, "group", bodies.GroupIn)
        if not sent.name:
            raise refusal(422, details=_BLANK_NAME)
        group = self._people.create_group(sent.name, is_public=sent.is_public is not False)
        return web.json_response({"group": shapes.group(group, base(request))}, status=201)

    async def _update_group(self, request: web.Request) -> web.Response:
        """Once private, always private (https://support.zendesk.com/hc/en-us/articles/4767122732058)."""
        self._entrance.admin(request)
        group = _found(self._people.groups, request)
        sent = await bodies.read(request, "group", bodies.GroupIn)
        group = replace(group, name=sent.name or group.name, is_public=group.is_public and sent.is_public is not False)
        return web.json_response({"group": shapes.group(self._people.save_group(group), base(request))})

    async def _delete_group(self, request: web.Request) -> web.Response:
        """Its tickets keep its id, and nobody is a member any more (not verified what becomes of the tickets)."""
        self._entrance.admin(request)
        group = _found(self._people.groups, request)
        self._people.save_group(replace(group, deleted=True))
        for membership in [each for each in self._people.group_memberships.values() if each.to_id == group.id]:
            del self._people.group_memberships[membership.id]
        return web.Response(status=204)

    async def _list_organizations(self, request: web.Request) -> web.Response:
        self._entrance.staff(request)
        found = [organization for organization in self._people.organizations.values() if not organization.deleted]
        return _page(request, "organizations", found, lambda it: shapes.organization(it, base(request)))

    async def _show_organization(self, request: web.Request) -> web.Response:
        self._entrance.staff(request)
        return web.json_response({"organization": shapes.organization(_found(self._people.organizations, request), base(request))})

    async def _create_organization(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        sent = await bodies.read(request, "organization", bodies.OrganizationIn)
        if not sent.name:
            raise refusal(422, details=_BLANK_NAME)
        organization = self._people.save_organization(sent.applied(self._people.create_organization(sent.name)))
        return self._organization(request, None, organization, status=201)

    async def _update_organization(self, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        before = _found(self._people.organizations, request)
        sent = await bodies.read(request, "organization", bodies.OrganizationIn)
        return self._organization(request, before, self._people.save_organization(sent.applied(before)))

    async def _delete_organization(self, request: web.Request) -> web.Response:
        """Its members leave it; so nobody sees its tickets for its sake."""
        self._entrance.admin(request)
        before = _found(self._people.organizations, request)
        after = self._people.save_organization(replace(before, deleted=True))
        for membership in [each for each in self._people.organization_memberships.values() if each.to_id == before.id]:
            del self._people.organization_memberships[membership.id]
        self._webhooks.announce(events.organization_events(before, after))
        return web.Response(status=204)

    def _user(self, request: web.Request, user: User, status: int = 200) -> web.Response:
        return web.json_response({"user": shapes.user(user, self._desk, base(request))}, status=status)

    def _organization(self, request: web.Request, before: Organization | None, after: Organization, status: int = 200) -> web.Response:
        self._webhooks.announce(events.organization_events(before, after))
        return web.json_response({"organization": shapes.organization(after, base(request))}, status=status)


def _found(kind: dict[int, R], request: web.Request) -> R:
    """The one whose id the path names. Deleted users can still be read; deleted groups and organizations not."""
    record = kind.get(number(request))
    if record is None or getattr(record, "deleted", False):
        raise refusal(404)
    return record


def _page(request: web.Request, name: str, found: Iterable[R], shape: Callable[[R], Json]) -> web.Response:
    return web.json_response(pages.answer(request, Listing(name), found, lambda it: (it.id,), shape))
