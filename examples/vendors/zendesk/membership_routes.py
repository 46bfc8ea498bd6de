"""Memberships of groups and organizations, listed whole, by user, and by group or organization.

https://developer.zendesk.com/api-reference/ticketing/groups/group_memberships/ and …/organizations/organization_memberships/. Who leaves a group loses the working tickets
that are assigned to them in it; who leaves an organization takes their working tickets out of it. The vendor does this in a job, here it is done at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from examples.vendors.zendesk import bodies, events, pages, shapes
from examples.vendors.zendesk.entrance import Entrance
from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.pages import Json, Listing
from examples.vendors.zendesk.paths import Handler, Routes, base, number
from examples.vendors.zendesk.records import WORKING_STATUSES, Membership, Ticket
from examples.vendors.zendesk.state import Desk
from examples.vendors.zendesk.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Kind:
    """Of group memberships, or of organization memberships."""

    word: str
    stored: dict[int, Membership]
    join: Callable[[int, int], Membership]
    shape: Callable[[Membership, str], Json]
    left: Callable[[Ticket, Membership], Ticket | None]
    """The ticket as it is without the membership; None where it stays as it is."""


class MembershipRoutes:
    def __init__(self, desk: Desk, webhooks: Webhooks) -> None:
        people = desk.people
        self._desk = desk
        self._webhooks = webhooks
        self._entrance = Entrance(desk)
        self._kinds: Final = (
            Kind("group", people.group_memberships, people.join_group, shapes.group_membership, _unassigned),
            Kind(
                "organization",
                people.organization_memberships,
                people.join_organization,
                lambda it, start: shapes.organization_membership(it, desk, start),
                _without_organization,
            ),
        )

    def routes(self) -> Routes:
        routes = Routes("/api/v2")
        for kind in self._kinds:
            memberships = f"/{kind.word}_memberships"
            of_whole = "/memberships" if kind.word == "group" else memberships
            routes.add("GET", memberships, _bound(self._list, kind))
            routes.add("GET", "/users/{user_id:\\d+}" + memberships, _bound(self._list, kind))
            routes.add("GET", f"/{kind.word}s/{{to_id:\\d+}}{of_whole}", _bound(self._list, kind))
            routes.add("POST", memberships, _bound(self._create, kind))
            routes.add("GET", memberships + "/{id:\\d+}", _bound(self._show, kind))
            routes.add("DELETE", memberships + "/{id:\\d+}", _bound(self._delete, kind))
        return routes

    async def _list(self, kind: Kind, request: web.Request) -> web.Response:
        self._entrance.staff(request)
        user_id, to_id = (int(request.match_info.get(name, "0")) for name in ("user_id", "to_id"))
        found = [each for each in kind.stored.values() if user_id in (0, each.user_id) and to_id in (0, each.to_id)]
        listing = Listing(f"{kind.word}_memberships")
        return web.json_response(pages.answer(request, listing, found, lambda it: (it.id,), lambda it: kind.shape(it, base(request))))

    async def _show(self, kind: Kind, request: web.Request) -> web.Response:
        self._entrance.staff(request)
        return web.json_response({f"{kind.word}_membership": kind.shape(self._wanted(kind, request), base(request))})

    async def _create(self, kind: Kind, request: web.Request) -> web.Response:
        self._entrance.admin(request)
        sent = await bodies.read(request, f"{kind.word}_membership", bodies.MembershipIn)
        to_id = sent.group_id if kind.word == "group" else sent.organization_id
        there = self._desk.people.groups if kind.word == "group" else self._desk.people.organizations
        if sent.user_id not in self._desk.people.users or to_id not in there:
            raise refusal(422, details={"base": [{"description": "User and what they join must exist"}]})
        membership = kind.join(sent.user_id, to_id)
        self._announce(kind, membership, "created")
        return web.json_response({f"{kind.word}_membership": kind.shape(membership, base(request))}, status=201)

    async def _delete(self, kind: Kind, request: web.Request) -> web.Response:
        asker = self._entrance.admin(request)
        membership = kind.stored.pop(self._wanted(kind, request).id)
        self._announce(kind, membership, "deleted")
        for ticket in list(self._desk.tickets.all.values()):
            changed = kind.left(ticket, membership) if ticket.status in WORKING_STATUSES else None
            if changed is not None:
                self._webhooks.announce(events.ticket_events(self._desk, self._desk.tickets.update(changed, asker.user.id)))
        return web.Response(status=204)

    def _wanted(self, kind: Kind, request: web.Request) -> Membership:
        membership = kind.stored.get(number(request))
        if membership is None:
            raise refusal(404)
        return membership

    def _announce(self, kind: Kind, membership: Membership, what: str) -> None:
        user = self._desk.people.users[membership.user_id]
        content = {kind.word: {"id": str(membership.to_id)}}
        self._webhooks.announce([events.user_event(self._desk, user, f"{kind.word}_membership_{what}", content)])


def _bound(handler: Callable[[Kind, web.Request], Awaitable[web.Response]], kind: Kind) -> Handler:
    async def bound(request: web.Request) -> web.Response:
        return await handler(kind, request)

    return bound


def _unassigned(ticket: Ticket, membership: Membership) -> Ticket | None:
    is_theirs = (ticket.assignee_id, ticket.group_id) == (membership.user_id, membership.to_id)
    return replace(ticket, assignee_id=None) if is_theirs else None


def _without_organization(ticket: Ticket, membership: Membership) -> Ticket | None:
    is_theirs = (ticket.requester_id, ticket.organization_id) == (membership.user_id, membership.to_id)
    return replace(ticket, organization_id=None) if is_theirs else None
