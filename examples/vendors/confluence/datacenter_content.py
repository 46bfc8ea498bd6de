"""Content over Data Center's REST: https://developer.atlassian.com/server/confluence/rest/v1000/ and
https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/ (create, update with ``version.number`` plus one, delete, purge, scan).

``content/scan`` (7.18 and later) pages by cursor, «can only be used to browse pages (not blogs), and doesn't support offset, title, or creationdate».
A draft is read with ``status=draft``, what is in the trash with ``status=trashed``. A ``PUT`` that names another space moves the page (not verified).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from examples.vendors.confluence import changes
from examples.vendors.confluence import content_shapes as shapes
from examples.vendors.confluence.access import Caller, caller_of
from examples.vendors.confluence.paging import START_LIMIT, cut, number, order_of, start_page
from examples.vendors.confluence.refusals import InvalidError, NotFoundError
from examples.vendors.confluence.state import Content, Kind, Site

_SHOWN = "body.storage,version,ancestors,space,history,container"


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _SpaceForm(_Form):
    key: str


class _AboveForm(_Form):
    id: str | int


class _StorageForm(_Form):
    value: str


class _BodyForm(_Form):
    storage: _StorageForm


class _VersionForm(_Form):
    number: int
    message: str = ""


class _ExtensionsForm(_Form):
    location: Literal["footer", "inline"] = "footer"


class _ContentForm(_Form):
    type: Literal["page", "blogpost", "comment"]
    title: str | None = None
    status: Literal["current", "draft"] = "current"
    space: _SpaceForm | None = None
    ancestors: list[_AboveForm] | None = None
    container: _AboveForm | None = None
    body: _BodyForm | None = None
    version: _VersionForm | None = None
    extensions: _ExtensionsForm = _ExtensionsForm()


class DatacenterContent:
    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        root = "/rest/api/content"
        return [
            web.get(root, self._list),
            web.get(root + "/scan", self._scan),
            web.post(root, self._create),
            web.get(root + "/{id}", self._get),
            web.put(root + "/{id}", self._update),
            web.delete(root + "/{id}", self._delete),
            web.get(root + "/{id}/child/{kind:page|comment}", self._children),
            web.get("/rest/api/space/{key}/content/{kind:page|blogpost}", self._list),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        """By ``type`` (page unless given), ``spaceKey``, ``title``, ``status`` and, in a space, ``depth=root``, in the order of ids."""
        caller = caller_of(self._site, request)
        kind = request.match_info.get("kind") or request.query.get("type", "page")
        found = self._wanted(request, caller, kind, request.match_info.get("key") or request.query.get("spaceKey"))
        return web.json_response(start_page(request, self._site, found, lambda content: self._shape(request, content)))

    async def _scan(self, request: web.Request) -> web.Response:
        caller, limit = caller_of(self._site, request), number(request, "limit", 25, START_LIMIT)
        results, cursor = cut(request, self._wanted(request, caller, "page", request.query.get("spaceKey")), order_of("id"), limit)
        links = {"base": self._site.base_url, "context": "", "self": f"{self._site.base_url}{request.rel_url}"}
        shown: dict[str, Any] = {"results": [self._shape(request, content) for content in results], "limit": limit, "size": len(results), "_links": links}
        if cursor is not None:
            shown["nextCursor"] = cursor
            links["next"] = str(request.rel_url.update_query({"cursor": cursor}))
        return web.json_response(shown)

    async def _get(self, request: web.Request) -> web.Response:
        content = caller_of(self._site, request).content(request.match_info["id"])
        asked = request.query.get("status", "current").split(",")
        if content.status not in ({*asked, "current", "trashed"} if "any" in asked else asked):
            raise NotFoundError
        return web.json_response(self._shape(request, content, "space,history,version"))

    async def _children(self, request: web.Request) -> web.Response:
        """Child pages; or all comments and replies with ``depth=all``, else the top ones."""
        caller = caller_of(self._site, request)
        holder = caller.content(request.match_info["id"])
        if request.match_info["kind"] == "page":
            found = caller.seen_in(self._site.children(holder.id), ["current"])
        else:
            replies = holder.kind == "comment"
            container, parent = (holder.container or holder.id if replies else holder.id), (holder.id if replies else None)
            deep = request.query.get("depth") == "all"
            found = [held for held in self._site.held(container) if held.kind == "comment" and (deep or held.parent == parent)]
        return web.json_response(start_page(request, self._site, found, lambda content: self._shape(request, content)))

    async def _create(self, request: web.Request) -> web.Response:
        caller, form = caller_of(self._site, request), _ContentForm.model_validate_json(await request.read())
        body = form.body.storage.value if form.body else ""
        if form.type == "comment":
            holder = caller.content(str(form.container.id) if form.container else "")
            parent = caller.content(str(form.ancestors[-1].id), "comment").id if form.ancestors else None
            inline = form.extensions.location == "inline"
            new = changes.New("comment", holder.space, f"Re: {holder.title}", body, parent=parent, container=holder.id, inline=inline)
        else:
            if form.space is None or not (form.title or form.status == "draft"):
                raise InvalidError("space and title are required")
            parent = self._parent(caller, form) if form.type == "page" else None
            new = changes.New(form.type, caller.space_by_key(form.space.key).id, form.title or "", body, form.status, parent)
        return web.json_response(shapes.content(self._site, changes.create(self._site, caller.id, new), _SHOWN))

    async def _update(self, request: web.Request) -> web.Response:
        caller, form = caller_of(self._site, request), _ContentForm.model_validate_json(await request.read())
        old = caller.editable(request.match_info["id"])
        if form.version is None:
            raise InvalidError("Must supply a version")
        body = form.body.storage.value if form.body else None
        parent = self._parent(caller, form) if old.kind == "page" else None
        space = caller.space_by_key(form.space.key).id if form.space else old.space
        edit = changes.Edit(form.version.number, form.title, body, form.status, parent if space == old.space else None, form.version.message)
        content = changes.edit(self._site, caller.id, old, edit)
        if space != old.space:
            content = changes.move(self._site, caller.id, content, parent, space)
        return web.json_response(shapes.content(self._site, content, _SHOWN))

    async def _delete(self, request: web.Request) -> web.Response:
        """To the trash; ``status=trashed`` purges, ``status=draft`` drops a draft. Comments go for ever (not verified)."""
        caller = caller_of(self._site, request)
        old = caller.editable(request.match_info["id"])
        if old.status != request.query.get("status", "current"):
            raise NotFoundError
        if old.status == "current" and old.kind != "comment":
            changes.trash(self._site, caller.id, old)
        else:
            changes.purge(self._site, caller.id, old)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _wanted(self, request: web.Request, caller: Caller, kind: str, key: str | None) -> list[Content]:
        space = caller.space_by_key(key).id if key else None
        kinds: set[Kind | str] = {kind}
        top = request.query.get("depth", "all") == "root"
        found = (
            content for content in self._site.contents.values() if content.kind in kinds and space in {None, content.space} and not (top and content.parent)
        )
        titled = (content for content in found if request.query.get("title") in {None, content.title})
        asked = request.query.get("status", "current").split(",")
        statuses = ["current", "trashed"] if "any" in asked else asked
        return sorted(caller.seen_in(titled, statuses), key=lambda content: content.id)

    def _parent(self, caller: Caller, form: _ContentForm) -> int | None:
        """The last of ``ancestors``: the reference takes the direct parent there."""
        return caller.content(str(form.ancestors[-1].id), "page").id if form.ancestors else None

    def _shape(self, request: web.Request, content: Content, default: str = "") -> dict[str, Any]:
        return shapes.content(self._site, content, request.query.get("expand", default))
