"""What there is, and what changed: tickets by the incremental export, articles by theirs and by the Help Center's list.

The ticket export leaves out the most recent minute, "to ensure the accuracy of the data", and refuses a ``start_time`` in it
(https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api). So what changed in that minute is in no sweep but the next one, and each sweep begins
two minutes before the newest change that the one before it has seen, by the vendor's clock: what the vendor writes late, or in the second of that change, is then not passed by. A deleted
ticket is listed for as long as it is that new, and fetched each time, for nothing.

The article export is documented to miss nothing if it goes on at the last ``end_time``
(https://developer.zendesk.com/documentation/help_center/help-center-api/understanding-incremental-article-exports/); it overlaps as far. Archived articles are not in it: the full listing finds
them, or ``article.unpublished``.

A full listing is the ticket export from its beginning, archived tickets included, then the tickets that changed in the last minutes from the plain list, which has no archived ones
(https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets), then the articles.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from rest_sources.api import Answer, Api, UnexpectedAnswerError
from rest_sources.source import Listed, ListedPage
from rest_sources.zendesk.answers import Article, ArticleExportPage, ExportPage, Ticket, each, parsed
from rest_sources.zendesk.articles import TRANSLATIONS, article_stamp
from rest_sources.zendesk.paging import cursor_page
from rest_sources.zendesk.tickets import DELETED, ticket_stamp

OVERLAP_SECONDS: Final = 120
FIRST_LOOK_SECONDS: Final = 24 * 3600
"""How far back a first sweep for changes looks. What is older is the full listing's."""
_RECENT_SECONDS: Final = 600
"""What the plain list adds to the export: its missing minute, and as much again as clocks may differ."""
_EARLIEST: Final = 1
_TICKETS: Final = "/api/v2/incremental/tickets/cursor"
_ARTICLES: Final = "/api/v2/help_center/incremental/articles"


class _Cursor(BaseModel):
    """Where a sweep goes on. Ours alone; one that is not readable is not silently begun anew."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def read(cls, text: str) -> Self:
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            raise ValueError("The sweep's cursor is none of Zendesk's; forget it, and the sweep begins anew.") from None

    def __str__(self) -> str:
        return self.model_dump_json(exclude_defaults=True)


class Changes(_Cursor):
    """``seen``: Unix seconds of the newest change so far. ``export`` is the vendor's cursor within a sweep, and empty between two."""

    tickets_seen: int
    articles_seen: int
    export: str = ""


class Place(_Cursor):
    """In a full listing."""

    stage: Literal["tickets", "recent", "articles"]
    after: str = ""


class Listings:
    def __init__(self, api: Api, *, tickets: bool, articles: bool) -> None:
        self._api = api
        self._tickets = tickets
        self._articles = articles

    async def changed_since(self, cursor: str) -> AsyncIterator[ListedPage]:
        ago = int(time.time()) - FIRST_LOOK_SECONDS
        at = Changes.read(cursor) if cursor else Changes(tickets_seen=ago, articles_seen=ago)
        if self._tickets:
            async for page, later in self._changed_tickets(at):
                yield page
                at = later
        if self._articles:
            async for page in self._changed_articles(at):
                yield page

    async def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        stages = [*(["tickets", "recent"] if self._tickets else []), *(["articles"] if self._articles else [])]
        at: Place | None = Place.read(cursor) if cursor else Place.model_validate({"stage": stages[0]}) if stages else None
        while at is not None:
            objects, after = await {"tickets": self._exported, "recent": self._recent, "articles": self._shelved}[at.stage](at.after)
            if after:
                at = Place(stage=at.stage, after=after)
            else:
                later = stages[stages.index(at.stage) + 1 :]
                at = Place.model_validate({"stage": later[0]}) if later else None
            yield ListedPage(objects, str(at) if at else "")

    async def _changed_tickets(self, at: Changes) -> AsyncIterator[tuple[ListedPage, Changes]]:
        newest = at.tickets_seen
        while True:
            tickets, export = await self._export(at.export, max(_EARLIEST, at.tickets_seen - OVERLAP_SECONDS))
            newest = max([newest, *(ticket.generated_timestamp for ticket in tickets)])
            at = at.model_copy(update={"export": export} if export else {"export": "", "tickets_seen": newest})
            yield ListedPage(tuple(map(_changed, tickets)), str(at)), at
            if not export:
                return

    async def _changed_articles(self, at: Changes) -> AsyncIterator[ListedPage]:
        start = max(_EARLIEST, at.articles_seen - OVERLAP_SECONDS)
        while True:
            answer = _given(await self._api.get(_ARTICLES, {"start_time": start, "include": TRANSLATIONS}))
            found, place = each(answer.body, "articles", Article), parsed(ArticleExportPage, dict(answer.body), "article export")
            at = at.model_copy(update={"articles_seen": max(at.articles_seen, place.end_time)})
            yield ListedPage(tuple(Listed(f"article/{article.id}", article_stamp(article)) for article in found), str(at))
            if not place.next_page:
                return
            if place.end_time <= start:
                raise UnexpectedAnswerError("Zendesk's article export has more, and its end_time does not lead there.", "It is tried again with the next look.")
            start = place.end_time

    async def _export(self, export: str, start: int, *, deleted: bool = True) -> tuple[list[Ticket], str]:
        """A page and the cursor of the next, empty after the last."""
        parameters: dict[str, str | int] = {"cursor": export} if export else {"start_time": start}
        answer = _given(await self._api.get(_TICKETS, parameters if deleted else {**parameters, "exclude_deleted": "true"}))
        place = parsed(ExportPage, dict(answer.body), "ticket export")
        if not place.end_of_stream and place.after_cursor in (None, "", export):
            raise UnexpectedAnswerError("Zendesk's ticket export has more, and its after_cursor does not lead there.", "It is tried again with the next look.")
        return each(answer.body, "tickets", Ticket), "" if place.end_of_stream else place.after_cursor or ""

    async def _exported(self, after: str) -> tuple[tuple[Listed, ...], str]:
        tickets, export = await self._export(after, _EARLIEST, deleted=False)
        return tuple(_there(tickets)), export

    async def _recent(self, after: str) -> tuple[tuple[Listed, ...], str]:
        body, after = await cursor_page(self._api, "/api/v2/tickets", after, {"sort": "-updated_at"})
        tickets = each(body, "tickets", Ticket) if body is not None else []
        since = time.time() - _RECENT_SECONDS
        recent = [ticket for ticket in tickets if _seconds(ticket.updated_at) >= since]
        return tuple(_there(recent)), after if len(recent) == len(tickets) else ""

    async def _shelved(self, after: str) -> tuple[tuple[Listed, ...], str]:
        body, after = await cursor_page(self._api, "/api/v2/help_center/articles", after, {"include": TRANSLATIONS})
        articles = each(body, "articles", Article) if body is not None else []
        return tuple(Listed(f"article/{article.id}", article_stamp(article)) for article in articles if article.published), after


def _given(answer: Answer | None) -> Answer:
    if answer is None:
        raise UnexpectedAnswerError(
            "Zendesk knows no incremental export (404).", "Check the source's url; leave out articles in sources.yaml where there is no Help Center."
        )
    return answer


def _changed(ticket: Ticket) -> Listed:
    """A deleted one differs from whatever was fetched of it."""
    stamp = ticket_stamp(ticket)
    return Listed(f"ticket/{ticket.id}", f"{DELETED}-{stamp}" if ticket.status == DELETED else stamp)


def _there(tickets: Iterable[Ticket]) -> Iterable[Listed]:
    return (Listed(f"ticket/{ticket.id}", ticket_stamp(ticket)) for ticket in tickets if ticket.status != DELETED)


def _seconds(moment: str) -> float:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        raise UnexpectedAnswerError(
            "Zendesk's tickets.updated_at is no ISO 8601 time.", "The vendor has changed its API, and this source must follow."
        ) from None
