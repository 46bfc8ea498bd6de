"""Tickets, their comments and attachments, deleted tickets, uploads; and requests, which are tickets as end users see them.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and, beside it, ticket_comments, ticket-attachments, ticket-requests. What the asker may not see is
404 if named (not verified: 403 for some) and missing from lists. Tickets are for staff, requests for anyone. Any agent may change and delete what they see.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from aiohttp import web

from examples.vendors.zendesk import bodies, events, pages, permissions, shapes, stamps
from examples.vendors.zendesk.entrance import Entrance, SignedIn
from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.pages import Json, Listing
from examples.vendors.zendesk.paths import Routes, base, number
from examples.vendors.zendesk.records import Ticket
from examples.vendors.zendesk.sideloads import with_sideloads
from examples.vendors.zendesk.state import Desk
from examples.vendors.zendesk.tickets import NewComment, Update
from examples.vendors.zendesk.webhooks import Webhooks

_ORDERS: Final = ("id", "updated_at", "status", "created_at", "subject")


class TicketRoutes:
    def __init__(self, desk: Desk, webhooks: Webhooks) -> None:
        self._desk = desk
        self._webhooks = webhooks
        self._entrance = Entrance(desk)

    def routes(self) -> Routes:
        routes = Routes("/api/v2")
        routes.add("GET", "/tickets", self._list)
        routes.add("GET", "/organizations/{organization_id:\\d+}/tickets", self._list)
        routes.add("GET", "/tickets/count", self._count)
        routes.add("GET", "/tickets/show_many", self._show_many)
        routes.add("POST", "/tickets", self._create)
        routes.add("GET", "/tickets/{id:\\d+}", self._show)
        routes.add("PUT", "/tickets/{id:\\d+}", self._update)
        routes.add("DELETE", "/tickets/{id:\\d+}", self._delete)
        routes.add("GET", "/deleted_tickets", self._list_deleted)
        routes.add("DELETE", "/deleted_tickets/{id:\\d+}", self._scrub)
        routes.add("PUT", "/deleted_tickets/{id:\\d+}/restore", self._restore)
        return routes

    async def _list(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        organization_id = int(request.match_info.get("organization_id", "0"))
        found = [ticket for ticket in self._seen(asker) if not ticket.archived and organization_id in (0, ticket.organization_id)]
        return web.json_response(self._page(request, "tickets", found))

    async def _count(self, request: web.Request) -> web.Response:
        count = sum(not ticket.archived for ticket in self._seen(self._entrance.staff(request)))
        return web.json_response({"count": {"value": count, "refreshed_at": stamps.moment(self._desk.clock.now())}})

    async def _show_many(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        wanted = {int(each) for each in request.query.get("ids", "").split(",")[: pages.LARGEST_PAGE] if each.isdigit()}
        return web.json_response(self._page(request, "tickets", [ticket for ticket in self._seen(asker) if ticket.id in wanted]))

    async def _show(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        shown = shapes.ticket(wanted_ticket(self._desk, asker, number(request)), self._desk, base(request))
        return web.json_response(with_sideloads(request, self._desk, {"ticket": shown}, [shown]))

    async def _create(self, request: web.Request) -> web.Response:
        """The requester is the asker if none is named, and the submitter the requester (https://…/tickets/#requesters-and-submitters)."""
        asker = self._entrance.staff(request)
        sent = await bodies.read(request, "ticket", bodies.TicketIn)
        if sent.comment is None:
            raise refusal(422, details={"comment": [{"description": "Comment: cannot be blank", "error": "BlankValue"}]})
        requester_id = sent.requester_id or asker.user.id
        organization_id = self._desk.people.default_organization_id(requester_id)
        blank = Ticket(self._desk.tickets.next_id(), "", requester_id, requester_id, 0.0, 0.0, 0.0, organization_id=organization_id)
        ticket = sent.applied(blank)
        update = self._desk.tickets.create(ticket, self._said(sent.comment, ticket.submitter_id))
        return self._announced(request, update, status=201)

    async def _update(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        ticket = wanted_ticket(self._desk, asker, number(request))
        if ticket.status == "closed":
            raise refusal(422, details={"status": [{"description": "Status: closed prevents ticket update"}]})
        sent = await bodies.read(request, "ticket", bodies.TicketIn)
        comment = self._said(sent.comment, asker.user.id) if sent.comment else None
        return self._announced(request, self._desk.tickets.update(sent.applied(ticket), asker.user.id, comment))

    async def _delete(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        ticket = wanted_ticket(self._desk, asker, number(request))
        update = self._desk.tickets.delete(ticket.id, asker.user.id)
        self._webhooks.announce(events.ticket_events(self._desk, update, ("soft_deleted", {})))
        return web.Response(status=204)

    async def _list_deleted(self, request: web.Request) -> web.Response:
        """Of all agents' reach: the documentation names no restriction here."""
        self._entrance.staff(request)
        found = [ticket for ticket in self._desk.tickets.all.values() if ticket.deleted_at is not None and not ticket.scrubbed and not ticket.archived]
        return web.json_response(
            pages.answer(request, Listing("deleted_tickets"), found, lambda it: (it.id,), lambda it: shapes.deleted_ticket(it, self._desk))
        )

    async def _restore(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        update = self._desk.tickets.restore(self._deleted(request).id, asker.user.id)
        self._webhooks.announce(events.ticket_events(self._desk, update, ("undeleted", {})))
        return web.Response(content_type="application/json")

    async def _scrub(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        update = self._desk.tickets.scrub(self._deleted(request).id, asker.user.id)
        self._webhooks.announce(events.ticket_events(self._desk, update, ("permanently_deleted", {})))
        status: Json = {"id": secrets.token_hex(16), "url": None, "total": 1, "progress": 1, "status": "completed", "message": None, "results": []}
        return web.json_response({"job_status": status})

    def _seen(self, asker: SignedIn) -> list[Ticket]:
        return [ticket for ticket in self._desk.tickets.all.values() if permissions.sees_ticket(self._desk, asker.who, ticket)]

    def _deleted(self, request: web.Request) -> Ticket:
        ticket = self._desk.tickets.all.get(number(request))
        if ticket is None or ticket.deleted_at is None or ticket.scrubbed:
            raise refusal(404)
        return ticket

    def _page(self, request: web.Request, name: str, found: list[Ticket]) -> Json:
        listing = Listing(name, wanted_order(request, _ORDERS))
        start = base(request)
        body = pages.answer(request, listing, found, _key(listing.sort.removeprefix("-")), lambda it: shapes.ticket(it, self._desk, start))
        return with_sideloads(request, self._desk, body, body[name])

    def _said(self, sent: bodies.CommentIn, author_id: int) -> NewComment:
        uploads = [self._desk.tickets.uploads.pop(token, None) for token in sent.uploads]
        if None in uploads:
            raise refusal(422, details={"uploads": [{"description": "Uploads: invalid token"}]})
        return sent.said(author_id, tuple(upload for upload in uploads if upload is not None))

    def _announced(self, request: web.Request, update: Update, status: int = 200) -> web.Response:
        self._webhooks.announce(events.ticket_events(self._desk, update))
        body = {"ticket": shapes.ticket(update.after, self._desk, base(request)), "audit": shapes.audit(update.audit)}
        return web.json_response(body, status=status)


def wanted_ticket(desk: Desk, asker: SignedIn, ticket_id: int) -> Ticket:
    ticket = desk.tickets.live(ticket_id)
    if ticket is None or not permissions.sees_ticket(desk, asker.who, ticket):
        raise refusal(404)
    return ticket


def wanted_order(request: web.Request, known: tuple[str, ...]) -> str:
    """``sort`` of cursor pagination, or ``sort_by`` and ``sort_order`` of offset pagination; the first known one by default."""
    order = request.query.get("sort") or request.query.get("sort_by") or known[0]
    descending = order.startswith("-") or request.query.get("sort_order") == "desc"
    field = order.removeprefix("-")
    return ("-" if descending else "") + (field if field in known else known[0])


def _key(field: str) -> Any:
    return (lambda it: (it.id,)) if field == "id" else (lambda it: (getattr(it, field), it.id))
