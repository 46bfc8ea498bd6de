"""Data Center: https://developer.atlassian.com/server/confluence/rest/v1000/intro/.

Space permissions are shown to administrators of the space alone (https://developer.atlassian.com/server/confluence/rest/v1000/api-group-space-permissions): our account has to be one. The reference shows a subject's ``type`` and ``displayName`` only; a subject without a key or a name lets nobody in.

Members of ``confluence-administrators`` see everything, whatever restricts it (https://confluence.atlassian.com/doc/confluence-groups-for-administrators-1720411.html): they are in every clause.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Final
from urllib.parse import quote

from rest_sources.confluence import audience
from rest_sources.confluence.audience import EVERYBODY, Audience
from rest_sources.confluence.content import EXPANSIONS, Comment, Content, comment_of, content_of, group_id, user_id
from rest_sources.confluence.edition import Person
from rest_sources.confluence.mentions import Mention
from rest_sources.confluence.shape import Shape
from rest_sources.confluence.site import Site

ADMINISTRATORS: Final = audience.group("confluence-administrators")
_LIMIT: Final = 200
_PARAMETER: Final = {"userkey": "key", "username": "username"}


class DataCenter:
    def __init__(self, site: Site) -> None:
        self.site: Final = site

    async def content(self, number: str, *, whole: bool = True) -> Content | None:
        """``status=any`` is what is current or in the trash: https://developer.atlassian.com/server/confluence/rest/v1000/api-group-content-resource/."""
        expand = f"{EXPANSIONS},body.storage" if whole else EXPANSIONS
        shown = await self.site.get(self.site.v1(f"content/{number}"), {"expand": expand, "status": "any"})
        return None if shown is None else content_of(self.site, shown)

    async def comments(self, content: Content) -> tuple[Comment, ...] | None:
        asked = self.site.v1(f"content/{content.id}/child/comment")
        page = await self.site.page(asked, {"depth": "all", "expand": "body.storage,version", "limit": _LIMIT})
        if page is None:
            return None
        found: list[Comment] = []
        while page is not None:
            found += [comment_of(shown) for shown in page.results]
            page = await self.site.page(page.following) if page.following else None
        return tuple(sorted(found, key=lambda comment: int(comment.id)))

    async def space_readers(self, key: str) -> Audience | None:
        shown = await self.site.get(self.site.v1(f"space/{quote(key, safe='~')}/permissions"))
        if shown is None:
            return None
        clause: set[str] = set()
        for permission in shown.each("values"):
            operation, subject = permission.inside("operation"), permission.inside("subject")
            if (operation.text("operationKey"), operation.text("targetType")) != ("read", "space"):
                continue
            if subject.text("type") == "anonymous":
                return EVERYBODY
            clause |= _atoms(subject)
        return audience.all_of([frozenset(clause)])

    async def spaces(self) -> AsyncIterator[str]:
        async for space in self.site.every(self.site.v1("space"), {"limit": _LIMIT}):
            yield space.text("key")

    async def content_of_space(self, key: str) -> AsyncIterator[str]:
        for kind in ("page", "blogpost"):
            async for shown in self.site.every(self.site.v1(f"space/{quote(key, safe='~')}/content/{kind}"), {"limit": _LIMIT}):
                yield shown.content_id("id")

    async def top_pages(self, key: str) -> AsyncIterator[str]:
        async for shown in self.site.every(self.site.v1(f"space/{quote(key, safe='~')}/content/page"), {"limit": _LIMIT, "depth": "root"}):
            yield shown.content_id("id")

    async def pages_under(self, page: str) -> AsyncIterator[str]:
        """Level by level: a page's children are all that Data Center lists (https://jira.atlassian.com/browse/CONFSERVER-59013)."""
        begin = [page]
        while begin:
            async for child in self.children(begin.pop()):
                begin.append(child)
                yield child

    async def children(self, page: str) -> AsyncIterator[str]:
        async for shown in self.site.every(self.site.v1(f"content/{page}/child/page"), {"limit": _LIMIT}):
            yield shown.content_id("id")

    async def attachments(self, content: Content) -> AsyncIterator[str]:
        if content.kind in {"page", "blogpost"}:
            async for shown in self.site.every(self.site.v1(f"content/{content.id}/child/attachment"), {"limit": _LIMIT}):
                yield self.site.content_id(shown.content_id("id"))

    async def names(self, people: Collection[Mention]) -> Mapping[str, str]:
        """https://developer.atlassian.com/server/confluence/rest/v1000/api-group-user/"""
        asked = sorted(mention for mention in people if mention.by in _PARAMETER)
        found = await asyncio.gather(*(self.site.get(self.site.v1("user"), {_PARAMETER[mention.by]: mention.id}) for mention in asked))
        return {mention.id: shown.text("displayName") for mention, shown in zip(asked, found, strict=True) if shown is not None}

    async def groups(self) -> AsyncIterator[tuple[str, str]]:
        """https://developer.atlassian.com/server/confluence/rest/v1000/api-group-group/"""
        async for group in self.site.every(self.site.v1("group"), {"limit": _LIMIT}):
            yield group_id(group), self.site.v1(f"group/{quote(group.text('name'), safe='')}/member")

    async def people(self) -> AsyncIterator[Person]:
        """https://developer.atlassian.com/server/confluence/rest/v1000/api-group-user/#api-rest-api-user-list-get, since 8.4. It names no mail addresses."""
        async for person in self.site.every(self.site.v1("user/list"), {"limit": _LIMIT, "expand": "status"}):
            if person.text("status", "active").lower() == "active" and (number := user_id(person)):
                yield Person(number, "")


def _atoms(subject: Shape) -> set[str]:
    if number := user_id(subject):
        return {audience.user(number)}
    return {audience.group(group_id(subject))} if subject.text("type") == "group" and subject.has("name") else set()
