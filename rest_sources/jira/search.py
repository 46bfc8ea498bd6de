"""Issues by JQL, in pages that can be gone on with: what changed since a moment, and everything there is.

- Cloud: ``search/jql`` with ``nextPageToken``, which is good for seven days (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/). Its index is behind: "The delay
  might vary from a few seconds to minutes" (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/), so what changed is asked for again for a while.
- Data Center: ``search`` with ``startAt`` (https://developer.atlassian.com/server/jira/platform/rest/). Positions shift when an issue before them is deleted or moves to the end
  by a change, so each page begins at the time where the last one ended, and ``startAt`` counts only within one second. What is shown twice does no harm.

Times in JQL are milliseconds since 1970, which no time zone changes: a date's text would be read in our account's own (https://support.atlassian.com/jira-software-cloud/docs/jql-fields/).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

import orjson

from rest_sources.api import UnexpectedAnswerError
from rest_sources.jira.edition import Edition
from rest_sources.jira.rules import Rules
from rest_sources.jira.shape import Shape, milliseconds

LAG_MS: Final = 15 * 60 * 1000
"""How far an index may be behind, with room to spare."""
FIRST_LOOK_MS: Final = 24 * 60 * 60 * 1000
_TOKEN_LIFE_MS: Final = 6 * 24 * 60 * 60 * 1000
_MOST: Final = {True: 100, False: 1000}
"""Issues with fields on a page, on Cloud and on Data Center (``jira.search.views.default.max``)."""
Order = Literal["created", "updated"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on. ``since_ms`` and ``within`` (JQL) bound the query, ``token`` and ``skip`` are how far its pages were read; ``last_ms`` is the last issue's time and
    ``issued_ms`` the vendor's when the token was given. ``began_ms`` is when the whole sweep began, so where the next one has to.
    """

    since_ms: int = 0
    within: str = ""
    began_ms: int = 0
    token: str = ""
    skip: int = 0
    last_ms: int = 0
    issued_ms: int = 0

    def cursor(self) -> str:
        return orjson.dumps([self.since_ms, self.within, self.began_ms, self.token, self.skip, self.last_ms, self.issued_ms]).decode()

    @classmethod
    def read(cls, cursor: str) -> Place:
        return cls(*orjson.loads(cursor)) if cursor else cls()

    @property
    def under_way(self) -> bool:
        """Whether a sweep was stopped here; else the last one had ended."""
        return bool(self.token or self.skip or self.since_ms)

    def resumed(self, within: str, now_ms: int) -> Place:
        """The same place in a query that is asked now. A token serves the query that it was given for, and is forgotten after a while: then the last issue's time is where to go on."""
        good = self.within == within and now_ms - self.issued_ms <= _TOKEN_LIFE_MS
        return replace(self if good else replace(self, token="", skip=0, since_ms=max(self.since_ms, self.last_ms)), within=within, issued_ms=now_ms)


@dataclass(frozen=True, slots=True)
class Page:
    """``next`` is None on the last."""

    issues: tuple[Shape, ...]
    next: Place | None


class Search:
    def __init__(self, rules: Rules, edition: Edition) -> None:
        self._rules = rules
        self._edition = edition

    async def now_ms(self) -> int:
        """The vendor's clock: ours may be another."""
        shown = await self._rules.get("serverInfo")
        return milliseconds(shown.moment("serverTime")) if shown else 0

    async def pages(self, place: Place, order: Order) -> AsyncIterator[Page]:
        at: Place | None = place
        while at is not None:
            page = await (self._by_token(at, order) if self._edition.cloud else self._by_position(at, order))
            yield page
            at = page.next

    async def projects(self) -> AsyncIterator[str]:
        """Ids of the projects that have issues, found one by one as what no project so far has."""
        seen: list[str] = []
        while True:
            within = f"project not in ({', '.join(seen)}) AND " if seen else ""
            issues = _given(await self._rules.get("search", {"jql": f"{within}created >= 0", "fields": "project", "maxResults": 1})).each("issues")
            if not issues:
                return
            seen.append(issues[0].inside("fields").inside("project").identifier("id"))
            yield seen[-1]

    def _jql(self, place: Place, order: Order) -> str:
        return f"{place.within}{order} >= {place.since_ms} ORDER BY {order} ASC"

    async def _by_token(self, place: Place, order: Order) -> Page:
        asked: dict[str, str | int] = {"jql": self._jql(place, order), "fields": "created,updated", "maxResults": _MOST[True]}
        try:
            page = _given(await self._rules.get("search/jql", asked | ({"nextPageToken": place.token} if place.token else {})))
        except UnexpectedAnswerError:
            if not place.token:
                raise
            # A token that Jira no longer takes would stop every further sweep at this place.
            return await self._by_token(replace(place, token="", since_ms=max(place.since_ms, place.last_ms)), order)
        issues, token = page.each("issues"), page.text("nextPageToken", "")
        last_ms = _time(issues[-1], order) if issues else place.last_ms
        return Page(issues, replace(place, token=token, last_ms=last_ms) if token else None)

    async def _by_position(self, place: Place, order: Order) -> Page:
        asked: dict[str, str | int] = {"jql": self._jql(place, order), "fields": "created,updated", "maxResults": _MOST[False], "startAt": place.skip}
        page = _given(await self._rules.get("search", asked))
        issues = page.each("issues")
        if not issues or place.skip + len(issues) >= page.number("total"):
            return Page(issues, None)
        second_ms = _time(issues[-1], order) // 1000 * 1000  # the index is exact to a second
        on = replace(place, since_ms=second_ms, skip=0) if second_ms > place.since_ms else replace(place, skip=place.skip + len(issues))
        return Page(issues, on)


def _given(page: Shape | None) -> Shape:
    """A search that is not there is no empty one: a sweep would take every issue for deleted."""
    if page is None:
        raise UnexpectedAnswerError("Jira knows no search (404).", "Check the source's url and edition in sources.yaml.")
    return page


def of_projects(ids: Iterable[str]) -> str:
    """JQL that begins a query within these projects. Jira refuses a query that names a project which is not there."""
    return f"project in ({', '.join(ids)}) AND "


def _time(issue: Shape, order: Order) -> int:
    return milliseconds(issue.inside("fields").moment(order))


def stamp(fields: Shape) -> str:
    """Of an issue's ``updated``, which edits, comments, attachments, links and the security level move. In milliseconds: its text depends on who asks."""
    return str(milliseconds(fields.moment("updated")))
