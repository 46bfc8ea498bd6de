"""Files, labels and moves over REST v1, which Cloud has no v2 route for and Data Center has nothing else for.

Attachments: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content---attachments/ (multipart «file», header ``X-Atlassian-Token:
nocheck``, 403 without it; ``POST`` makes, ``PUT`` makes or replaces by name; Cloud's download answers 302 to the file). Labels: …/api-group-content-labels/.
Moves: …/api-group-content---children-and-descendants/ (``PUT content/{id}/move/{position}/{targetId}``, position before, after or append).
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from examples.vendors.confluence import changes
from examples.vendors.confluence import content_shapes as shapes
from examples.vendors.confluence.access import caller_of
from examples.vendors.confluence.cloud_shapes import download_link, label
from examples.vendors.confluence.paging import start_page
from examples.vendors.confluence.refusals import ForbiddenError, InvalidError, NotFoundError
from examples.vendors.confluence.state import Content, Site


class _Label(BaseModel):
    name: str


_LABELS: TypeAdapter[list[_Label]] = TypeAdapter(list[_Label])


class FileRoutes:
    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        root = f"{self._site.context}/rest/api/content/{{id}}"
        files = root + "/child/attachment"
        return [
            web.get(files, self._list),
            web.post(files, self._upload),
            web.put(files, self._upload),
            web.post(files + "/{attachment}/data", self._new_data),
            web.get(files + "/{attachment}/download", self._redirect),
            web.get(f"{self._site.context}/download/attachments/{{id}}/{{name}}", self._download),
            web.get(root + "/label", self._labels),
            web.post(root + "/label", self._add_labels),
            web.delete(root + "/label", self._remove_label),
            web.delete(root + "/label/{label}", self._remove_label),
            web.put(root + "/move/{position:before|after|append}/{target}", self._move),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        holder = caller_of(self._site, request).content(request.match_info["id"])
        found = [held for held in self._site.held(holder.id) if held.kind == "attachment" and held.status == "current"]
        expand = request.query.get("expand", "")
        return web.json_response(start_page(request, self._site, found, lambda held: shapes.content(self._site, held, expand), 50))

    async def _upload(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        holder = caller.editable(request.match_info["id"], "page", "blogpost")
        upload, note = await _file_of(request)
        data, media_type = upload.file.read(), upload.content_type
        held = (known for known in self._site.held(holder.id) if known.kind == "attachment" and known.title == upload.filename and known.status == "current")
        old = next(held, None)
        if old is None:
            new = changes.New("attachment", holder.space, upload.filename, container=holder.id, media_type=media_type, note=note, data=data)
            made = changes.create(self._site, caller.id, new)
        elif request.method == "PUT":
            made = changes.replace_file(self._site, caller.id, old, data, media_type, note)
        else:
            raise InvalidError(f"Cannot add a new attachment with same file name as an existing attachment: {upload.filename}")
        return web.json_response({"results": [shapes.content(self._site, made, "version,container")], "size": 1})

    async def _new_data(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        old = caller.editable(request.match_info["attachment"], "attachment")
        upload, note = await _file_of(request)
        made = changes.replace_file(self._site, caller.id, old, upload.file.read(), upload.content_type, note)
        return web.json_response(shapes.content(self._site, made, "version,container"))

    async def _redirect(self, request: web.Request) -> web.Response:
        attachment = caller_of(self._site, request).content(request.match_info["attachment"], "attachment")
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": f"{self._site.base_url}{self._site.context}{download_link(attachment)}"})

    async def _download(self, request: web.Request) -> web.Response:
        """The file's bytes, by the container's id and the file's name. Old versions are not kept here."""
        caller = caller_of(self._site, request)
        holder = caller.content(request.match_info["id"])
        found = (held for held in self._site.held(holder.id) if held.kind == "attachment" and held.title == request.match_info["name"].replace("+", " "))
        attachment = next(iter(caller.seen(found)), None)
        if attachment is None:
            raise NotFoundError("attachment")
        return web.Response(body=self._site.files[attachment.id], content_type=attachment.media_type.partition(";")[0] or "application/octet-stream")

    async def _labels(self, request: web.Request) -> web.Response:
        return self._labelled(request, caller_of(self._site, request).content(request.match_info["id"]))

    async def _add_labels(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        content = caller.editable(request.match_info["id"])
        for given in _LABELS.validate_json(await request.read()):
            content = changes.label(self._site, caller.id, content, given.name, present=True)
        return self._labelled(request, content)

    async def _remove_label(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        content = caller.editable(request.match_info["id"])
        changes.label(self._site, caller.id, content, request.match_info.get("label") or request.query.get("name", ""), present=False)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _labelled(self, request: web.Request, content: Content) -> web.Response:
        return web.json_response(start_page(request, self._site, content.labels, lambda name: {**label(name), "label": name}, 200))

    async def _move(self, request: web.Request) -> web.Response:
        """Next to the target or under it; into the target's space, with all that is below. Data Center's route is not verified."""
        caller = caller_of(self._site, request)
        page, target = caller.editable(request.match_info["id"], "page"), caller.editable(request.match_info["target"], "page")
        if request.match_info["position"] == "append":
            changes.move(self._site, caller.id, page, target.id, target.space)
        else:
            position = target.position + (request.match_info["position"] == "after")
            changes.move(self._site, caller.id, page, target.parent, target.space, position)
        return web.json_response({"pageId": page.wire_id})


async def _file_of(request: web.Request) -> tuple[web.FileField, str]:
    if request.headers.get("X-Atlassian-Token", "").lower() not in {"nocheck", "no-check"}:
        raise ForbiddenError("XSRF check failed")
    form = await request.post()
    upload, note = form.get("file"), form.get("comment", "")
    if not isinstance(upload, web.FileField):
        raise InvalidError("The multipart form has no file")
    return upload, note if isinstance(note, str) else ""
