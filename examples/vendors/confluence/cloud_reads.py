"""What REST v2 of Cloud reads: https://developer.atlassian.com/cloud/confluence/rest/v2/intro/, one group of pages there for each kind.

Listings show current content unless ``status`` says otherwise (pages: also archived), each in cursor pages. What the caller may not see is missing from
listings and 404 by id. Drafts are read by id with ``get-draft=true``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from examples.vendors.confluence import cloud_shapes as shapes
from examples.vendors.confluence.access import Caller, caller_of
from examples.vendors.confluence.paging import CLOUD_LIMIT, Order, cursor_page, number, order_of
from examples.vendors.confluence.refusals import CLOUD_API, ForbiddenError, NotFoundError
from examples.vendors.confluence.state import Content, Kind, Site, Space, SpacePermission

KINDS: Final[dict[str, Kind]] = {"pages": "page", "blogposts": "blogpost", "attachments": "attachment"}
_DEPTH: Final = 5
_BY_KEY: Final[Order[Space]] = ((lambda space: space.id, False),)
_BY_PERMISSION: Final[Order[SpacePermission]] = ((lambda permission: permission.id, False),)
_BY_NAME: Final[Order[str]] = ((lambda name: name, False),)


class _Accounts(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    account_ids: list[str] = Field(alias="accountIds")


class CloudReads:
    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        below = [web.get(f"{CLOUD_API}/{{kind:pages|blogposts}}/{{id}}/{what}", handler) for what, handler in self._below()]
        return [
            web.get(CLOUD_API + "/{kind:pages|blogposts|attachments}", self._contents),
            web.get(CLOUD_API + "/{kind:pages|blogposts|attachments}/{id}", self._content),
            web.get(CLOUD_API + "/{where:footer|inline}-comments", self._comments),
            web.get(CLOUD_API + "/{where:footer|inline}-comments/{id}", self._comment),
            web.get(CLOUD_API + "/{where:footer|inline}-comments/{id}/children", self._replies),
            web.get(CLOUD_API + "/pages/{id}/ancestors", self._ancestors),
            web.get(CLOUD_API + "/pages/{id}/children", self._children),
            web.get(CLOUD_API + "/pages/{id}/descendants", self._descendants),
            web.get(CLOUD_API + "/{kind:attachments}/{id}/{where:footer}-comments", self._comments_of),
            web.get(CLOUD_API + "/{kind:attachments}/{id}/labels", self._labels_of),
            web.post(CLOUD_API + "/users-bulk", self._users),
            web.get(CLOUD_API + "/spaces", self._spaces),
            web.get(CLOUD_API + "/spaces/{id}", self._space),
            web.get(CLOUD_API + "/spaces/{id}/permissions", self._space_permissions),
            web.get(CLOUD_API + "/spaces/{id}/{kind:pages|blogposts}", self._space_contents),
            *below,
        ]

    def _below(self) -> list[tuple[str, Any]]:
        return [
            ("{where:footer|inline}-comments", self._comments_of), ("attachments", self._attachments_of), ("labels", self._labels_of)
        ]  # fmt: skip

    async def _contents(self, request: web.Request) -> web.Response:
        caller, kind = caller_of(self._site, request), KINDS[request.match_info["kind"]]
        found = (content for content in self._site.contents.values() if content.kind == kind)
        if spaces := _numbers(request, "space-id"):
            found = (content for content in found if content.space in spaces)
        if ids := _numbers(request, "id"):
            found = (content for content in found if content.id in ids)
        return self._listing(request, caller, _titled(request, found), kind)

    async def _space_contents(self, request: web.Request) -> web.Response:
        caller, kind = caller_of(self._site, request), KINDS[request.match_info["kind"]]
        space = caller.space_by_id(request.match_info["id"])
        top = request.query.get("depth", "all") == "root"
        found = (content for content in self._site.contents.values() if content.kind == kind and content.space == space.id and not (top and content.parent))
        return self._listing(request, caller, _titled(request, found), kind)

    async def _attachments_of(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        holder = caller.content(request.match_info["id"], KINDS[request.match_info["kind"]])
        named = request.query.get("filename")
        found = [held for held in self._site.held(holder.id) if held.kind == "attachment" and named in {None, held.title}]
        if holder.status == "trashed":  # what it holds is in the trash with it (not verified)
            found = [replace(held, status="trashed") for held in found] if caller.sees_all else []
        return self._listing(request, caller, found, "attachment")

    def _listing(self, request: web.Request, caller: Caller, found: Iterable[Content], kind: Kind) -> web.Response:
        """Statuses by default: «current» and «archived» (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-attachment/)."""
        statuses = [status for value in request.query.getall("status", ["current,archived"]) for status in value.split(",")]
        order = order_of(request.query.get("sort", "id"))
        default = 50 if kind == "attachment" else 25
        body = request.query.get("body-format")
        return cursor_page(request, self._site, caller.seen_in(found, statuses), order, lambda content: shape(self._site, content, body), default)

    async def _content(self, request: web.Request) -> web.Response:
        caller, kind = caller_of(self._site, request), KINDS[request.match_info["kind"]]
        content = caller.content(request.match_info["id"], kind)
        if content.status == "draft" and request.query.get("get-draft", "false").lower() != "true":
            raise NotFoundError(kind)
        shown = shape(self._site, content, request.query.get("body-format"))
        if request.query.get("include-labels", "false").lower() == "true":
            shown["labels"] = {"results": [shapes.label(name) for name in content.labels], "meta": {"hasMore": False}, "_links": {}}
        return self._one(shown)

    async def _comments(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        found = [content for content in self._site.contents.values() if content.kind == "comment" and content.inline == _inline(request)]
        return self._comment_page(request, caller, found)

    async def _comments_of(self, request: web.Request) -> web.Response:
        """Top-level ones; replies are listed under each (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-comment/)."""
        caller = caller_of(self._site, request)
        holder = caller.content(request.match_info["id"], KINDS[request.match_info["kind"]])
        found = [held for held in self._site.held(holder.id) if held.kind == "comment" and held.inline == _inline(request) and held.parent is None]
        return self._comment_page(request, caller, found)

    async def _replies(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        comment = caller.content(request.match_info["id"], "comment")
        return self._comment_page(request, caller, [held for held in self._site.held(comment.container or 0) if held.parent == comment.id])

    def _comment_page(self, request: web.Request, caller: Caller, found: list[Content]) -> web.Response:
        order = order_of(request.query.get("sort", "id"))
        body = request.query.get("body-format")
        return cursor_page(request, self._site, caller.seen_in(found, ["current"]), order, lambda content: shapes.comment(self._site, content, body))

    async def _comment(self, request: web.Request) -> web.Response:
        comment = caller_of(self._site, request).content(request.match_info["id"], "comment")
        if comment.inline != _inline(request):
            raise NotFoundError("comment")
        return self._one(shapes.comment(self._site, comment, request.query.get("body-format")))

    async def _labels_of(self, request: web.Request) -> web.Response:
        content = caller_of(self._site, request).content(request.match_info["id"], KINDS[request.match_info["kind"]])
        return cursor_page(request, self._site, content.labels, _BY_NAME, shapes.label)

    async def _ancestors(self, request: web.Request) -> web.Response:
        """Top to bottom, without a cursor; more than ``limit``: ask again with the first one's id. All are named, also those that are restricted (not verified)."""
        page = caller_of(self._site, request).content(request.match_info["id"], "page")
        above = list(self._site.ancestors(page))[: number(request, "limit", 25, CLOUD_LIMIT)]
        return self._one({"results": [{"id": str(one.id), "type": "page"} for one in reversed(above)]})

    async def _children(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        page = caller.content(request.match_info["id"], "page")
        found = caller.seen_in(self._site.children(page.id), ["current", "archived"])
        order = order_of(request.query.get("sort", "child-position"))
        return cursor_page(request, self._site, found, order, shapes.child)

    async def _descendants(self, request: web.Request) -> web.Response:
        """Pages alone stand in this server's tree. What «depth» is without being given, and at most, is not verified."""
        caller = caller_of(self._site, request)
        page, deepest = caller.content(request.match_info["id"], "page"), number(request, "depth", _DEPTH, _DEPTH)
        found = list(self._under(caller, page, 1, deepest))
        order: Order[tuple[Content, int]] = ((lambda pair: pair[1], False), (lambda pair: pair[0].id, False))
        return cursor_page(request, self._site, found, order, lambda pair: shapes.descendant(*pair))

    def _under(self, caller: Caller, page: Content, depth: int, deepest: int) -> Iterator[tuple[Content, int]]:
        """Also below what the caller does not see."""
        for child in self._site.children(page.id):
            if caller.sees(child):
                yield child, depth
            if depth < deepest:
                yield from self._under(caller, child, depth + 1, deepest)

    async def _users(self, request: web.Request) -> web.Response:
        """Those of ``accountIds`` that there are: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-user/."""
        if caller_of(self._site, request).person is None:
            raise ForbiddenError
        asked = _Accounts.model_validate_json(await request.read()).account_ids
        return self._one({"results": [shapes.user(known) for account in asked if (known := self._site.people.get(account))]})

    async def _spaces(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        keys, ids = {key for value in request.query.getall("keys", []) for key in value.split(",")}, _numbers(request, "ids")
        found = [space for space in self._site.spaces.values() if caller.sees_space(space) and (not keys or space.key in keys) and (not ids or space.id in ids)]
        return cursor_page(request, self._site, found, _BY_KEY, shapes.space)

    async def _space(self, request: web.Request) -> web.Response:
        return self._one(shapes.space(caller_of(self._site, request).space_by_id(request.match_info["id"])))

    async def _space_permissions(self, request: web.Request) -> web.Response:
        """https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-space-permissions/"""
        space = caller_of(self._site, request).space_by_id(request.match_info["id"])
        held = list(self._site.space_permissions.get(space.id, {}).values())
        return cursor_page(request, self._site, held, _BY_PERMISSION, shapes.space_permission)

    def _one(self, shown: dict[str, Any]) -> web.Response:
        links = {**shown.get("_links", {}), "base": f"{self._site.base_url}{self._site.context}"}
        return web.json_response({**shown, "_links": links})


def shape(site: Site, content: Content, body_format: str | None) -> dict[str, Any]:
    match content.kind:
        case "page":
            return shapes.page(site, content, body_format)
        case "blogpost":
            return shapes.blogpost(site, content, body_format)
        case "comment":
            return shapes.comment(site, content, body_format)
        case "attachment":
            return shapes.attachment(site, content)


def _numbers(request: web.Request, name: str) -> set[int]:
    return {int(number) for value in request.query.getall(name, []) for number in value.split(",") if number.isascii() and number.isdigit()}


def _titled(request: web.Request, found: Iterable[Content]) -> Iterable[Content]:
    title = request.query.get("title") or request.query.get("filename")
    return (content for content in found if title in {None, content.title})


def _inline(request: web.Request) -> bool:
    return request.match_info["where"] == "inline"
