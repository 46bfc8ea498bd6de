"""What REST v2 of Cloud changes: pages, blog posts, comments, attachments, spaces. https://developer.atlassian.com/cloud/confluence/rest/v2/intro/

Request bodies are the reference's PageCreateRequest, PageUpdateRequest, BlogPostCreateRequest, CreateFooterCommentModel and so on, as far as used.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from examples.vendors.confluence import administration, changes
from examples.vendors.confluence import cloud_shapes as shapes
from examples.vendors.confluence.access import Caller, caller_of
from examples.vendors.confluence.cloud_reads import KINDS, shape
from examples.vendors.confluence.refusals import CLOUD_API, InvalidError
from examples.vendors.confluence.state import Content, Site


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class _Body(_Form):
    representation: Literal["storage", "view"] = "storage"
    value: str


class _NestedBody(_Form):
    storage: _Body


class _VersionForm(_Form):
    number: int
    message: str = ""


class _PageForm(_Form):
    """For creation: ``spaceId``; for an update: ``id``, ``status``, ``title``, ``body`` and ``version`` too (PageUpdateRequest, required)."""

    id: str | None = None
    space_id: str | None = Field(default=None, alias="spaceId")
    status: Literal["current", "draft"] = "current"
    title: str | None = None
    parent_id: str | None = Field(default=None, alias="parentId")
    body: _Body | _NestedBody | None = None
    version: _VersionForm | None = None


class _InlineForm(_Form):
    selection: str = Field(default="", alias="textSelection")


class _CommentForm(_Form):
    page_id: str | None = Field(default=None, alias="pageId")
    blogpost_id: str | None = Field(default=None, alias="blogPostId")
    parent_id: str | None = Field(default=None, alias="parentCommentId")
    body: _Body | _NestedBody | None = None
    version: _VersionForm | None = None
    resolved: bool | None = None
    inline: _InlineForm = Field(default_factory=_InlineForm, alias="inlineCommentProperties")


class _SpaceForm(_Form):
    key: str
    name: str


class CloudChanges:
    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        pages, comments = CLOUD_API + "/{kind:pages|blogposts}", CLOUD_API + "/{where:footer|inline}-comments"
        return [
            web.post(pages, self._create),
            web.put(pages + "/{id}", self._update),
            web.put(CLOUD_API + "/pages/{id}/title", self._rename),
            web.delete(CLOUD_API + "/{kind:pages|blogposts|attachments}/{id}", self._delete),
            web.post(comments, self._comment),
            web.put(comments + "/{id}", self._edit_comment),
            web.delete(comments + "/{id}", self._delete_comment),
            web.post(CLOUD_API + "/spaces", self._create_space),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        """A page without ``parentId`` goes under the space's home page, unless ``root-level=true``."""
        caller, form = caller_of(self._site, request), _PageForm.model_validate_json(await request.read())
        kind = KINDS[request.match_info["kind"]]
        space = caller.space_by_id(form.space_id or "")
        if form.status == "current" and not form.title:
            raise InvalidError("title is required for content that is no draft")
        parent = caller.content(form.parent_id, "page").id if form.parent_id else None
        if kind == "page" and parent is None and request.query.get("root-level", "false").lower() != "true":
            parent = space.homepage
        new = changes.New(kind, space.id, form.title or "", _value(form.body) or "", form.status, parent if kind == "page" else None)
        return self._shown(changes.create(self._site, caller.id, new))

    async def _update(self, request: web.Request) -> web.Response:
        caller, form = caller_of(self._site, request), _PageForm.model_validate_json(await request.read())
        old = caller.editable(request.match_info["id"], KINDS[request.match_info["kind"]])
        if form.id not in {None, str(old.id)} or form.title is None or form.version is None:
            raise InvalidError("id, status, title, body and version are required, and the id is the path's")
        if form.space_id not in {None, str(old.space)}:
            raise InvalidError("Moving to a different space is not supported")
        parent = caller.content(form.parent_id, "page").id if form.parent_id else None
        edit = changes.Edit(form.version.number, form.title, _value(form.body), form.status, parent, form.version.message)
        return self._shown(changes.edit(self._site, caller.id, old, edit))

    async def _rename(self, request: web.Request) -> web.Response:
        """``PUT /pages/{id}/title`` {status, title}: a new version with the number that follows."""
        caller, form = caller_of(self._site, request), _PageForm.model_validate_json(await request.read())
        old = caller.editable(request.match_info["id"], "page")
        edit = changes.Edit(1 if old.status == "draft" else old.version.number + 1, form.title, status=old.status)
        return self._shown(changes.edit(self._site, caller.id, old, edit))

    async def _delete(self, request: web.Request) -> web.Response:
        """To the trash; out of it with ``purge=true``; a draft, for ever, with ``draft=true``."""
        caller = caller_of(self._site, request)
        old = caller.editable(request.match_info["id"], KINDS[request.match_info["kind"]])
        purge, draft = (request.query.get(name, "false").lower() == "true" for name in ("purge", "draft"))
        if purge != (old.status == "trashed") or draft != (old.status == "draft"):
            raise InvalidError(f"The content is {old.status}")
        if purge or draft:
            changes.purge(self._site, caller.id, old)
        else:
            changes.trash(self._site, caller.id, old)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _comment(self, request: web.Request) -> web.Response:
        caller, form = caller_of(self._site, request), _CommentForm.model_validate_json(await request.read())
        parent = caller.content(form.parent_id, "comment") if form.parent_id else None
        holder = self._holder(caller, form, parent)
        inline = request.match_info["where"] == "inline"
        new = changes.New(
            "comment", holder.space, f"Re: {holder.title}", _value(form.body) or "", parent=parent.id if parent else None, container=holder.id,
            inline=inline, selection=form.inline.selection if inline else "",
        )  # fmt: skip
        return self._shown(changes.create(self._site, caller.id, new), HTTPStatus.CREATED)

    def _holder(self, caller: Caller, form: _CommentForm, parent: Content | None) -> Content:
        if parent is not None:
            return caller.content(str(parent.container))
        if form.blogpost_id:
            return caller.content(form.blogpost_id, "blogpost")
        return caller.content(form.page_id or "", "page")

    async def _edit_comment(self, request: web.Request) -> web.Response:
        caller, form = caller_of(self._site, request), _CommentForm.model_validate_json(await request.read())
        comment = caller.editable(request.match_info["id"], "comment")
        if form.resolved is not None:
            comment = changes.resolve(self._site, comment, resolved=form.resolved)
        if form.body is not None:
            edit = changes.Edit(form.version.number if form.version else 0, body=_value(form.body), message=form.version.message if form.version else "")
            comment = changes.edit(self._site, caller.id, comment, edit)
        return self._shown(comment)

    async def _delete_comment(self, request: web.Request) -> web.Response:
        """For ever: «deletes a footer comment. This is a permanent deletion and cannot be reverted»."""
        caller = caller_of(self._site, request)
        changes.purge(self._site, caller.id, caller.editable(request.match_info["id"], "comment"))
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _create_space(self, request: web.Request) -> web.Response:
        caller, form = caller_of(self._site, request), _SpaceForm.model_validate_json(await request.read())
        space = administration.create_space(self._site, caller.id, form.key, form.name)
        return web.json_response(shapes.space(space), status=HTTPStatus.CREATED)

    def _shown(self, content: Content, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        return web.json_response(shape(self._site, content, "storage"), status=status)


def _value(body: _Body | _NestedBody | None) -> str | None:
    match body:
        case None:
            return None
        case _Body():
            return body.value
        case _NestedBody():
            return body.storage.value
