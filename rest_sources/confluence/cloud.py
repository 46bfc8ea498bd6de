"""Cloud: REST v2 (https://developer.atlassian.com/cloud/confluence/rest/v2/intro/), and v1 for people, groups and search.

An id does not say of which kind its content is, and v2 has a route for each: a number is asked for as a page, a blog post and a comment, ``att…`` as an attachment.

Not verified, for no page says it: that an access class of ``anonymous-users`` in a space's permissions is everybody (its id is from
https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-roles/). Other roles and access classes let nobody in: who has a licence
(``all-licensed-users``, of which guests are a part that sees one space alone) no API of Confluence's tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from rest_sources.confluence import audience
from rest_sources.confluence.audience import EVERYBODY, Audience
from rest_sources.confluence.content import READABLE, Comment, Content, Kind
from rest_sources.confluence.edition import Person
from rest_sources.confluence.mentions import Mention
from rest_sources.confluence.shape import Shape
from rest_sources.confluence.site import Site

_LIMIT: Final = 250
"""The most that v2 gives."""
_BULK: Final = 100
_DEPTH: Final = 5
_ROUTES: Final[Mapping[Kind, str]] = {"page": "pages", "blogpost": "blogposts", "attachment": "attachments"}
_CONTAINERS: Final = ("pageId", "blogPostId", "attachmentId")
_TREE_ROUTES: Final = {"page": "pages", "folder": "folders", "whiteboard": "whiteboards", "database": "databases", "embed": "embeds"}
"""What stands in a page tree, by its type: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-ancestors/."""


class Cloud:
    def __init__(self, site: Site) -> None:
        self.site: Final = site
        self._keys: dict[str, str] = {}
        """Of spaces, by id. They stay."""

    async def content(self, number: str, *, whole: bool = True) -> Content | None:
        asked = {"body-format": "storage", "include-labels": "true"} if whole else {}
        if number.startswith("att"):
            shown = await self.site.get(self.site.v2(f"attachments/{number}"), {"include-labels": "true"})
            return None if shown is None else await self._content("attachment", shown)
        for kind in ("page", "blogpost"):
            shown = await self.site.get(self.site.v2(f"{_ROUTES[kind]}/{number}"), asked)
            if shown is not None:
                return await self._content(kind, shown)
        for where in ("footer", "inline"):
            shown = await self.site.get(self.site.v2(f"{where}-comments/{number}"))
            if shown is not None:
                return await self._content("comment", shown)
        return None

    async def _content(self, kind: Kind, shown: Shape) -> Content | None:
        status, version, links = shown.text("status"), shown.inside("version"), shown.maybe("_links")
        held = kind in {"attachment", "comment"}
        parent = shown.content_id("parentId") if shown.has("parentId") else ""
        above: tuple[str, ...] | None = (parent,) if parent else ()
        if kind == "page" and parent and status in READABLE:
            above = await self._above(shown.content_id("id"))
        space = "" if held else await self._space_key(shown.text("spaceId"))
        if above is None or space is None:
            return None
        return Content(
            id=shown.content_id("id"),
            kind=kind,
            status=status,
            title=shown.text("title"),
            version=version.number("number"),
            changed=version.moment("createdAt"),
            space=space,
            labels=await self._labels(kind, shown),
            container=next((shown.content_id(name) for name in _CONTAINERS if held and shown.has(name)), ""),
            above=above,
            body=_body(shown),
            link=shown.text("webuiLink", "") or (links.text("webui", "") if links else ""),
            download=shown.text("downloadLink", ""),
            media_type=shown.text("mediaType", ""),
            size_bytes=shown.number("fileSize", 0),
        )

    async def _above(self, number: str) -> tuple[str, ...] | None:
        """From the top. A list that is full goes on above its first: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-ancestors/."""
        found: tuple[str, ...] = ()
        route, asked = "pages", number
        while True:
            shown = await self.site.get(self.site.v2(f"{route}/{asked}/ancestors"), {"limit": _LIMIT})
            if shown is None:
                return None
            results = shown.each("results")
            found = (*(result.content_id("id") for result in results), *found)
            if len(results) < _LIMIT:
                return found
            asked = results[0].content_id("id")
            route = _tree_route(results[0])

    async def _space_key(self, number: str) -> str | None:
        if number not in self._keys:
            shown = await self.site.get(self.site.v2(f"spaces/{number}"))
            if shown is None:
                return None
            self._keys[number] = shown.text("key")
        return self._keys[number]

    async def _labels(self, kind: Kind, shown: Shape) -> tuple[str, ...]:
        labels = shown.maybe("labels")
        if labels is None:
            return ()
        names = [label.text("name") for label in labels.each("results")]
        meta = labels.maybe("meta")
        if meta is not None and meta.flag("hasMore"):
            names = [label.text("name") async for label in self.site.every(self.site.v2(f"{_ROUTES[kind]}/{shown.content_id('id')}/labels"), {"limit": _LIMIT})]
        return tuple(sorted(names))

    async def comments(self, content: Content) -> tuple[Comment, ...] | None:
        places = ("footer",) if content.kind == "attachment" else ("footer", "inline")
        found = await asyncio.gather(*(self._comments(f"{_ROUTES[content.kind]}/{content.id}/{where}-comments", where) for where in places))
        if any(comments is None for comments in found):
            return None
        return tuple(sorted((comment for comments in found for comment in comments or ()), key=lambda comment: int(comment.id)))

    async def _comments(self, path: str, where: str) -> list[Comment] | None:
        """A list has the top ones alone; replies are listed under each: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-comment/."""
        page = await self.site.page(self.site.v2(path), {"body-format": "storage", "limit": _LIMIT})
        if page is None:
            return None
        found: list[Comment] = []
        while page is not None:
            found += [_comment(shown) for shown in page.results]
            page = await self.site.page(page.following) if page.following else None
        replies = await asyncio.gather(*(self._comments(f"{where}-comments/{comment.id}/children", where) for comment in found))
        return found + [reply for under in replies for reply in under or ()]

    async def space_readers(self, key: str) -> Audience | None:
        """https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-permissions/"""
        number = await self._space_id(key)
        page = await self.site.page(self.site.v2(f"spaces/{number}/permissions"), {"limit": _LIMIT}) if number else None
        if page is None:
            return None
        named: set[str] = set()
        while page is not None:
            for shown in page.results:
                operation, who = shown.inside("operation"), shown.inside("principal")
                if (operation.text("key"), operation.text("targetType")) == ("read", "space"):
                    named.add(f"{who.text('type').lower()}:{who.text('id')}")
            page = await self.site.page(page.following) if page.following else None
        held = frozenset(name for name in named if name.startswith((audience.USER, audience.GROUP)))
        if any(name.endswith(":anonymous-users") for name in named - held):
            return EVERYBODY
        return audience.all_of([held])

    async def _space_id(self, key: str) -> str:
        known = next((number for number, known in self._keys.items() if known == key), "")
        if known:
            return known
        shown = await self.site.get(self.site.v2("spaces"), {"keys": key})
        for space in shown.each("results") if shown else ():
            self._keys[space.text("id")] = space.text("key")
        return next((number for number, known in self._keys.items() if known == key), "")

    async def spaces(self) -> AsyncIterator[str]:
        async for space in self.site.every(self.site.v2("spaces"), {"limit": _LIMIT}):
            self._keys[space.text("id")] = space.text("key")
            yield space.text("key")

    async def content_of_space(self, key: str) -> AsyncIterator[str]:
        number = await self._space_id(key)
        for route in ("pages", "blogposts") if number else ():
            async for shown in self.site.every(self.site.v2(f"spaces/{number}/{route}"), {"limit": _LIMIT, "status": "current,archived"}):
                yield shown.content_id("id")

    async def top_pages(self, key: str) -> AsyncIterator[str]:
        number = await self._space_id(key)
        if number:
            async for shown in self.site.every(self.site.v2(f"spaces/{number}/pages"), {"limit": _LIMIT, "depth": "root"}):
                yield shown.content_id("id")

    async def pages_under(self, page: str) -> AsyncIterator[str]:
        """So many levels at a time, and on below those that stand deepest: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-descendants/."""
        begin = [f"pages/{page}"]
        while begin:
            asked, parameters = begin.pop(), {"limit": _LIMIT, "depth": _DEPTH}
            async for shown in self.site.every(self.site.v2(f"{asked}/descendants"), parameters):
                if shown.text("type") == "page":
                    yield shown.content_id("id")
                if shown.number("depth") >= _DEPTH:
                    begin.append(f"{_tree_route(shown)}/{shown.content_id('id')}")

    async def children(self, page: str) -> AsyncIterator[str]:
        async for shown in self.site.every(self.site.v2(f"pages/{page}/children"), {"limit": _LIMIT}):
            yield shown.content_id("id")

    async def attachments(self, content: Content) -> AsyncIterator[str]:
        if content.kind in {"page", "blogpost"}:
            asked = self.site.v2(f"{_ROUTES[content.kind]}/{content.id}/attachments")
            async for shown in self.site.every(asked, {"limit": _LIMIT, "status": "current,archived,trashed"}):
                yield shown.content_id("id")

    async def names(self, people: Collection[Mention]) -> Mapping[str, str]:
        """https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-users/#api-wiki-rest-api-user-bulk-get"""
        ids = sorted({mention.id for mention in people if mention.by == "account-id"})
        names: dict[str, str] = {}
        for at in range(0, len(ids), _BULK):
            asked = urlencode([("accountId", number) for number in ids[at : at + _BULK]] + [("limit", str(_BULK))])
            shown = await self.site.get(f"{self.site.v1('user/bulk')}?{asked}")
            names |= {person.text("accountId"): person.text("displayName") for person in (shown.each("results") if shown else ())}
        return names

    async def groups(self) -> AsyncIterator[tuple[str, str]]:
        """https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-group/"""
        async for group in self.site.every(self.site.v1("group"), {"limit": 200}):
            number = group.text("id")
            yield number, self.site.v1(f"group/{quote(number, safe='')}/membersByGroupId")

    async def people(self) -> AsyncIterator[Person]:
        """Search finds everybody who ever was (https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-search/#api-wiki-rest-api-search-user-get) and does not say who is active
        (https://jira.atlassian.com/browse/CONFCLOUD-83983): v2 does.
        """
        async for page in self.site.pages(self.site.v1("search/user"), {"cql": "type=user", "limit": _BULK}):
            shown = [result.inside("user") for result in page.results]
            mails = {person.text("accountId"): person.text("email", "") for person in shown if person.has("accountId")}
            answer = await self.site.api.send("POST", self.site.v2("users-bulk"), {"accountIds": sorted(mails)}) if mails else None
            for person in Shape(answer.body, "users-bulk").each("results") if answer else ():
                if person.text("accountStatus", "") == "active":
                    yield Person(person.text("accountId"), mails.get(person.text("accountId"), ""))


def _tree_route(shown: Shape) -> str:
    route = _TREE_ROUTES.get(shown.text("type"))
    if route is None:
        shown.refuse("type", "is none of page, folder, whiteboard, database, embed")
    return route


def _body(shown: Shape) -> str:
    body = shown.maybe("body")
    storage = body.maybe("storage") if body else None
    return storage.text("value") if storage else ""


def _comment(shown: Shape) -> Comment:
    version = shown.inside("version")
    return Comment(shown.content_id("id"), version.number("number"), version.text("authorId", ""), version.moment("createdAt"), _body(shown))
