"""The incremental exports of tickets, ticket events, users, organizations and articles.

The first four are for admins (https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/), the last is for agents and shows them what they
see (https://developer.zendesk.com/documentation/help_center/help-center-api/understanding-incremental-article-exports/): up to 1,000 a page, ``next_page`` starts at
``end_time``; archived articles are missing from it. Not verified: ``next_page`` is null when a page is not full, and articles have no lag of a minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from aiohttp import web

from examples.vendors.zendesk import exports, guide_shapes, pages, permissions, shapes, stamps
from examples.vendors.zendesk.entrance import Entrance
from examples.vendors.zendesk.exports import Export, Json, T, Window
from examples.vendors.zendesk.guide_sideloads import with_guide_sideloads
from examples.vendors.zendesk.paths import Routes, base
from examples.vendors.zendesk.records import Audit, Organization, Ticket, User
from examples.vendors.zendesk.sideloads import with_sideloads
from examples.vendors.zendesk.state import Desk

_VIA: Final = "Web service"


class ExportRoutes:
    def __init__(self, desk: Desk, lag_seconds: float) -> None:
        self._desk = desk
        self._lag_seconds = lag_seconds
        self._entrance = Entrance(desk)

    def routes(self) -> Routes:
        routes = Routes("/api/v2")
        routes.add("GET", "/incremental/tickets/cursor", self._tickets)
        routes.add("GET", "/incremental/tickets", self._tickets)
        routes.add("GET", "/incremental/ticket_events", self._ticket_events)
        routes.add("GET", "/incremental/users/cursor", self._users)
        routes.add("GET", "/incremental/users", self._users)
        routes.add("GET", "/incremental/organizations", self._organizations)
        routes.add("GET", "/help_center/incremental/articles", self._articles)
        return routes

    async def _tickets(self, request: web.Request) -> web.Response:
        start, deleted_too = base(request), request.query.get("exclude_deleted") != "true"
        export = Export[Ticket]("tickets", lambda it: (it.changed_at, it.id), lambda it: shapes.ticket(it, self._desk, start))
        return self._exported(request, export, [ticket for ticket in self._desk.tickets.all.values() if deleted_too or ticket.deleted_at is None])

    async def _ticket_events(self, request: web.Request) -> web.Response:
        """With ``include=comment_events`` a comment is there whole, otherwise it is only said that there is one."""
        whole = "comment_events" in request.query.get("include", "").split(",")
        start = base(request)
        export = Export[Audit]("ticket_events", lambda it: (it.created_at, it.id), lambda it: self._ticket_event(it, start, whole=whole))
        return self._exported(request, export, self._desk.tickets.audits)

    async def _users(self, request: web.Request) -> web.Response:
        start = base(request)
        export = Export[User]("users", lambda it: (it.updated_at, it.id), lambda it: shapes.user(it, self._desk, start))
        return self._exported(request, export, self._desk.people.users.values())

    async def _organizations(self, request: web.Request) -> web.Response:
        start = base(request)
        export = Export[Organization]("organizations", lambda it: (it.updated_at, it.id), lambda it: shapes.organization(it, start))
        return self._exported(request, export, [each for each in self._desk.people.organizations.values() if not each.deleted])

    async def _articles(self, request: web.Request) -> web.Response:
        who = self._entrance.staff(request).who
        start = float(pages.number(request, "start_time", 0))
        later = [
            it for it in self._desk.guide.articles.values() if int(it.updated_at) >= start and permissions.sees_article(self._desk, who, it, it.source_locale)
        ]
        later.sort(key=lambda it: (it.updated_at, it.id))
        full = len(later) > exports.LARGEST_EXPORT_PAGE
        end_time = int(later[exports.LARGEST_EXPORT_PAGE - 1].updated_at) if full else int(later[-1].updated_at) if later else int(start)
        shown = [it for it in later if int(it.updated_at) <= end_time]
        next_page = str(request.url.with_query({**request.query, "start_time": str(end_time)})) if len(shown) < len(later) else None
        articles = [guide_shapes.article(it, base(request)) for it in shown]
        body: Json = {"articles": articles, "count": len(shown), "end_time": end_time, "next_page": next_page}
        return web.json_response(with_guide_sideloads(request, self._desk, who, body, articles))

    def _exported(self, request: web.Request, export: Export[T], items: Iterable[T]) -> web.Response:
        self._entrance.admin(request)
        window = Window(self._desk.clock.now(), self._lag_seconds)
        by_cursor = request.path.removesuffix(".json").endswith("/cursor")
        body = (exports.by_cursor if by_cursor else exports.by_time)(request, export, items, window)
        return web.json_response(with_sideloads(request, self._desk, body, body[export.name]))

    def _ticket_event(self, it: Audit, start: str, *, whole: bool) -> Json:
        """An update with one child per field (https://…/incremental_exports/#incremental-ticket-event-export; keys beyond that page's example are not verified)."""
        kind = "Create" if it.created else "Change"
        children: list[dict[str, Any]] = [
            {"id": it.id + place, "via": _VIA, "via_reference_id": None, name: new, "previous_value": old, "event_type": kind}
            for place, (name, old, new) in enumerate(it.changes, 1)
        ]
        comment = self._desk.tickets.comment(it.ticket_id, it.comment_id) if it.comment_id else None
        if comment is not None:
            told = shapes.comment(comment, start) if whole else {"id": comment.id, "comment_present": True, "comment_public": comment.public}
            children.append({**told, "via_reference_id": None, "event_type": "Comment"})
        return {
            "id": it.id,
            "ticket_id": it.ticket_id,
            "timestamp": int(it.created_at),
            "created_at": stamps.moment(it.created_at),
            "updater_id": it.author_id,
            "via": _VIA,
            "system": {},
            "metadata": {},
            "event_type": "Audit",
            "child_events": children,
        }
