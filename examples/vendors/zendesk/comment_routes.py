"""Comments of tickets, their attachments, and requests: tickets as end users see them, with public comments alone.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/, …/ticket-attachments/, …/ticket-requests/. An attachment's content is open to whoever has
its token, which is the account's default (not verified); a comment that the asker may not see does not give them the token.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from aiohttp import web
from pydantic import BaseModel

from examples.vendors.zendesk import bodies, events, pages, permissions, shapes, stamps
from examples.vendors.zendesk.entrance import Entrance, SignedIn
from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.pages import Json, Listing
from examples.vendors.zendesk.paths import Routes, base, number
from examples.vendors.zendesk.records import Attachment, Comment, Ticket
from examples.vendors.zendesk.sideloads import with_sideloads
from examples.vendors.zendesk.state import Desk
from examples.vendors.zendesk.ticket_routes import wanted_order, wanted_ticket
from examples.vendors.zendesk.webhooks import Webhooks

REDACTED_FILE = "redacted.txt"


class RedactionIn(BaseModel):
    text: str


class CommentRoutes:
    def __init__(self, desk: Desk, webhooks: Webhooks) -> None:
        self._desk = desk
        self._webhooks = webhooks
        self._entrance = Entrance(desk)

    def routes(self) -> Routes:
        routes = Routes("/api/v2")
        comment = "/tickets/{id:\\d+}/comments/{comment_id:\\d+}"
        routes.add("GET", "/tickets/{id:\\d+}/comments", self._list)
        routes.add("PUT", comment + "/make_private", self._make_private)
        routes.add("PUT", comment + "/redact", self._redact)
        routes.add("PUT", comment + "/attachments/{attachment_id:\\d+}/redact", self._redact_attachment)
        routes.add("POST", "/uploads", self._upload)
        routes.add("GET", "/attachments/{id:\\d+}", self._show_attachment)
        routes.add("GET", "/requests", self._list_requests)
        routes.add("GET", "/requests/{id:\\d+}", self._show_request)
        routes.add("GET", "/requests/{id:\\d+}/comments", self._list_request_comments)
        return routes

    async def content(self, request: web.Request) -> web.Response:
        """``/attachments/token/TOKEN/?name=FILE``"""
        token = request.match_info["token"]
        for ticket_id, attachment in self._desk.tickets.attachments.values():
            if secrets.compare_digest(attachment.token, token) and (ticket_id == 0 or self._desk.tickets.live(ticket_id)):
                return web.Response(body=attachment.content, headers={"Content-Type": attachment.content_type})
        raise refusal(404)

    async def _list(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        return web.json_response(self._page(request, wanted_ticket(self._desk, asker, number(request)), asker))

    async def _make_private(self, request: web.Request) -> web.Response:
        asker, comment = self._wanted(request)
        changed = replace(comment, public=False)
        update = self._desk.tickets.change_comment(changed, asker.user.id)
        self._webhooks.announce(events.ticket_events(self._desk, update, ("comment_made_private", events.comment_change(self._desk, changed))))
        return web.json_response({})

    async def _redact(self, request: web.Request) -> web.Response:
        """The words are gone for good; blocks stand in their place."""
        asker, comment = self._wanted(request)
        sent = await bodies.read(request, None, RedactionIn)
        blocks = "\u2587" * len(sent.text)
        changed = replace(comment, plain_body=comment.plain_body.replace(sent.text, blocks), html_body=comment.html_body.replace(sent.text, blocks))
        update = self._desk.tickets.change_comment(changed, asker.user.id)
        self._webhooks.announce(events.ticket_events(self._desk, update, ("comment_redacted", events.comment_change(self._desk, changed))))
        return web.json_response({"comment": shapes.comment(changed, base(request))})

    async def _redact_attachment(self, request: web.Request) -> web.Response:
        """An empty ``redacted.txt`` takes its place."""
        asker, comment = self._wanted(request)
        attachment = next((each for each in comment.attachments if each.id == number(request, "attachment_id")), None)
        if attachment is None:
            raise refusal(404)
        empty = replace(attachment, file_name=REDACTED_FILE, content_type="text/plain", content=b"", token=secrets.token_urlsafe(16))
        changed = replace(comment, attachments=tuple(empty if each.id == empty.id else each for each in comment.attachments))
        update = self._desk.tickets.change_comment(changed, asker.user.id)
        self._webhooks.announce(events.ticket_events(self._desk, update, ("attachment_redacted_from_comment", events.attachment_change(changed, empty))))
        return web.json_response({"attachment": shapes.attachment(empty, base(request))})

    async def _upload(self, request: web.Request) -> web.Response:
        """``?filename=``; the token makes it a comment's attachment."""
        self._entrance.person(request)
        name = request.query.get("filename")
        if not name:
            raise refusal(400, description="filename is required")
        kind = request.headers.get("Content-Type", "application/octet-stream")
        attachment = Attachment(self._desk.ids.new(), name, kind, await request.read(), secrets.token_urlsafe(16), self._desk.clock.tick())
        self._desk.tickets.upload(attachment)
        shape = shapes.attachment(attachment, base(request))
        return web.json_response({"upload": {"token": attachment.token, "attachment": shape, "attachments": [shape]}}, status=201)

    async def _show_attachment(self, request: web.Request) -> web.Response:
        asker = self._entrance.staff(request)
        ticket_id, attachment = self._desk.tickets.attachments.get(number(request), (0, None))
        if attachment is None:
            raise refusal(404)
        if ticket_id:
            wanted_ticket(self._desk, asker, ticket_id)
        return web.json_response({"attachment": shapes.attachment(attachment, base(request))})

    async def _list_requests(self, request: web.Request) -> web.Response:
        """All that the asker sees; the vendor lists the asker's own and those of their organization apart."""
        asker = self._entrance.person(request)
        found = [ticket for ticket in self._desk.tickets.all.values() if permissions.sees_ticket(self._desk, asker.who, ticket)]
        return web.json_response(pages.answer(request, Listing("requests"), found, lambda it: (it.id,), lambda it: _request_shape(it, base(request))))

    async def _show_request(self, request: web.Request) -> web.Response:
        ticket = wanted_ticket(self._desk, self._entrance.person(request), number(request))
        return web.json_response({"request": _request_shape(ticket, base(request))})

    async def _list_request_comments(self, request: web.Request) -> web.Response:
        asker = self._entrance.person(request)
        ticket = wanted_ticket(self._desk, asker, number(request))
        return web.json_response(self._page(request, ticket, asker, public_only=True))

    def _page(self, request: web.Request, ticket: Ticket, asker: SignedIn, *, public_only: bool = False) -> Json:
        shown = [
            each for each in self._desk.tickets.comments.get(ticket.id, []) if permissions.sees_comment(asker.who, each) and (each.public or not public_only)
        ]
        listing = Listing("comments", wanted_order(request, ("created_at",)))
        body = pages.answer(request, listing, shown, lambda it: (it.created_at, it.id), lambda it: shapes.comment(it, base(request)))
        return with_sideloads(request, self._desk, body, body["comments"])

    def _wanted(self, request: web.Request) -> tuple[SignedIn, Comment]:
        asker = self._entrance.staff(request)
        ticket = wanted_ticket(self._desk, asker, number(request))
        comment = self._desk.tickets.comment(ticket.id, number(request, "comment_id"))
        if comment is None:
            raise refusal(404)
        return asker, comment


def _request_shape(it: Ticket, start: str) -> Json:
    """https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-requests/"""
    return {
        "url": f"{start}/api/v2/requests/{it.id}.json",
        "id": it.id,
        "subject": it.subject,
        "description": it.description,
        "status": it.status,
        "priority": it.priority,
        "type": it.type,
        "organization_id": it.organization_id,
        "requester_id": it.requester_id,
        "assignee_id": it.assignee_id,
        "group_id": it.group_id,
        "collaborator_ids": list(it.email_cc_ids),
        "email_cc_ids": list(it.email_cc_ids),
        "is_public": it.is_public,
        "due_at": None,
        "can_be_solved_by_me": False,
        "via": {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": stamps.moment(it.created_at),
        "updated_at": stamps.moment(it.updated_at),
    }
