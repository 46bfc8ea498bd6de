"""What there is, and what has changed: both by search, whose pages tell of each object all that its stamp is made of, so that unchanged objects cost no fetch.

- https://developer.atlassian.com/cloud/confluence/advanced-searching-using-cql/ and https://developer.atlassian.com/server/confluence/advanced-searching-using-cql/. A cursor of a listing is
  the path of its next page. On Data Center pages are counted off: while something is deleted, one object may be skipped; whoever takes it for deleted fetches it and finds that it is there.
- The search index lags: on Data Center it is brought up to date every few seconds (https://confluence.atlassian.com/doc/content-index-administration-148844.html), and all the later after a
  re-index; for Cloud no page gives a number. So a look at changes goes OVERLAP_MINUTES further back than the one before ended. What is listed from an index that lags differs from
  what was fetched, and is fetched once more.
- Dates of CQL are whole minutes in the time zone of our account's profile; ``now("-90m")`` is the same moment everywhere.
- Nothing tells of a view restriction on Cloud, and ``lastmodified`` does not either. So there a look at changes also goes through all pages, one request for every 200 of them, and lists those that are restricted:
  a page that has been restricted differs. That a restriction was lifted the whole listing finds, as it does what was moved out of one.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.sources.rest import ConfluenceSource
from rest_sources.confluence.audience import Audience
from rest_sources.confluence.content import READABLE, Content, content_of, kind_of
from rest_sources.confluence.edition import Edition, quoted, search, search_parameters, searched
from rest_sources.confluence.permissions import Permissions
from rest_sources.confluence.shape import Shape
from rest_sources.confluence.site import Site
from rest_sources.confluence.stamps import stamp
from rest_sources.source import Listed, ListedPage

OVERLAP_MINUTES: Final = 10
_FIRST_LOOK: Final = timedelta(days=1)
_IDS: Final = 100
"""In one question: its URL stays below 4,000 characters."""


class Listing:
    def __init__(self, source: ConfluenceSource, edition: Edition) -> None:
        self._edition: Final = edition
        self._site: Final = edition.site
        self._spaces: Final = source.spaces
        self._pages: Final = ("page", "blogpost")
        self._documents: Final = (*self._pages, "attachment") if source.attachments.read else self._pages

    async def everything(self, cursor: str) -> AsyncIterator[ListedPage]:
        permissions = Permissions(self._edition)
        page = await self._site.page(cursor) if cursor else None
        if page is None:  # the beginning, or a place that was forgotten
            page = searched(await self._site.page(self._site.v1("content/search"), search_parameters(self._all(self._documents))))
        while True:
            yield ListedPage(await self._listed(permissions, _readable(self._site, page.results)), page.following)
            if not page.following:
                return
            page = searched(await self._site.page(page.following))

    async def changed(self, cursor: str) -> AsyncIterator[ListedPage]:
        """Begun again where it is stopped: what has changed meanwhile is listed behind the rest."""
        began = datetime.now(UTC)
        since = datetime.fromisoformat(cursor) if cursor else began - _FIRST_LOOK
        minutes = math.ceil((began - since).total_seconds() / 60) + OVERLAP_MINUTES
        permissions, here = Permissions(self._edition), since.isoformat(timespec="seconds")
        cql = f'{self._of((*self._documents, "comment"))} and lastmodified >= now("-{max(minutes, OVERLAP_MINUTES)}m") order by lastmodified'
        async for page in search(self._site, cql):
            yield ListedPage(await self._listed(permissions, await self._changed_contents(page.results)), here)
        if self._site.cloud:
            async for contents in self._restricted():
                yield ListedPage(await self._listed(permissions, contents), here)
        yield ListedPage((), began.isoformat(timespec="seconds"))

    async def audiences(self) -> AsyncIterator[Audience]:
        """Of every page and blog post."""
        permissions = Permissions(self._edition)
        async for page in search(self._site, self._all(self._pages)):
            for readers in await permissions.of_all(_readable(self._site, page.results)):
                yield readers.audience

    async def attachments_of_space(self, key: str) -> AsyncIterator[str]:
        if "attachment" in self._documents:
            async for page in search(self._site, f"type = attachment and space in {quoted([key])} order by created"):
                for shown in page.results:
                    yield self._site.content_id(shown.content_id("id"))

    async def _restricted(self) -> AsyncIterator[list[Content]]:
        async for page in search(self._site, self._all(self._pages)):
            if contents := [content for content in _readable(self._site, page.results) if content.own is None or content.own]:
                yield contents

    async def _changed_contents(self, results: Sequence[Shape]) -> list[Content]:
        """With what changed comments are on."""
        contents = _readable(self._site, [shown for shown in results if kind_of(shown) != "comment"])
        known = {content.id for content in contents}
        commented = {self._site.content_id(shown.inside("container").content_id("id")) for shown in results if kind_of(shown) == "comment"} - known
        for ids in _in_parts(sorted(commented)):
            async for page in search(self._site, f"{self._of(self._documents)} and id in {quoted(ids)}"):
                contents += _readable(self._site, page.results)
        return contents

    async def _listed(self, permissions: Permissions, contents: Sequence[Content]) -> tuple[Listed, ...]:
        comments: dict[str, list[tuple[str, int]]] = {}
        for ids in _in_parts([content.id for content in contents]):
            async for page in search(self._site, f"type = comment and container in {quoted(ids)}"):
                for shown in page.results:
                    comment = (shown.content_id("id"), shown.inside("version").number("number"))
                    comments.setdefault(self._site.content_id(shown.inside("container").content_id("id")), []).append(comment)
        readers = await permissions.of_all(contents)
        return tuple(Listed(f"content/{content.id}", stamp(content, comments.get(content.id, ()), who)) for content, who in zip(contents, readers, strict=True))

    def _all(self, kinds: Iterable[str]) -> str:
        """In an order that stays while things are added: what is above a page is mostly older, and its restriction is known by then."""
        return f"{self._of(kinds)} order by created"

    def _of(self, kinds: Iterable[str]) -> str:
        within = f" and space in {quoted(self._spaces)}" if self._spaces else ""
        return f"type in ({', '.join(kinds)}){within}"


def _readable(site: Site, results: Collection[Shape]) -> list[Content]:
    return [content for shown in results if (content := content_of(site, shown)).status in READABLE]


def _in_parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + _IDS] for at in range(0, len(ids), _IDS))
