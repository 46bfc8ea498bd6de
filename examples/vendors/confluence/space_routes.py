"""Spaces and who has which permission in them, over REST v1.

Cloud (what v2 cannot): https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-space-permissions (``POST space/{key}/permission`` {subject:
{type, identifier}, operation: {key, target}}, where identifier is an account id, a group id or «anonymous»; ``DELETE …/{id}``) and …/api-group-space/.
Data Center: https://developer.atlassian.com/server/confluence/rest/v1000/api-group-space-permissions (``GET`` and ``POST space/{key}/permissions``: a subject
that is named gets exactly these operations, one that is not named keeps its own).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from examples.vendors.confluence import administration
from examples.vendors.confluence import content_shapes as shapes
from examples.vendors.confluence.access import caller_of
from examples.vendors.confluence.paging import start_page
from examples.vendors.confluence.refusals import InvalidError, NotFoundError
from examples.vendors.confluence.state import PrincipalKind, Site, Space


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class _SpaceForm(_Form):
    key: str = ""
    name: str


class _SubjectForm(_Form):
    type: Literal["user", "group"]
    identifier: str


class _OperationForm(_Form):
    key: str
    target: str


class _PermissionForm(_Form):
    subject: _SubjectForm
    operation: _OperationForm


class _AllowedForm(_Form):
    operation_key: str = Field(alias="operationKey")
    target_type: str = Field(alias="targetType")


class _SubjectPermissions(_Form):
    """Of a person, of a group, or, with neither, of anonymous."""

    user_key: str | None = Field(default=None, alias="userKey")
    group_name: str | None = Field(default=None, alias="groupName")
    operations: list[_AllowedForm]


_SUBJECTS: TypeAdapter[list[_SubjectPermissions]] = TypeAdapter(list[_SubjectPermissions])


class SpaceRoutes:
    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        root = f"{self._site.context}/rest/api/space"
        changed = [web.put(root + "/{key}", self._rename), web.delete(root + "/{key}", self._remove)]
        if self._site.edition == "cloud":
            return [*changed, web.post(root + "/{key}/permission", self._add_permission), web.delete(root + "/{key}/permission/{id}", self._drop_permission)]
        return [
            *changed,
            web.get(root, self._spaces),
            web.post(root, self._create),
            web.get(root + "/{key}", self._space),
            web.get(root + "/{key}/permissions", self._permissions),
            web.post(root + "/{key}/permissions", self._set_permissions),
        ]

    async def _spaces(self, request: web.Request) -> web.Response:
        caller, keys = caller_of(self._site, request), request.query.getall("spaceKey", [])
        found = [space for space in self._site.spaces.values() if caller.sees_space(space) and (not keys or space.key in keys)]
        return web.json_response(start_page(request, self._site, found, lambda space: shapes.space(self._site, space)))

    async def _space(self, request: web.Request) -> web.Response:
        return web.json_response(shapes.space(self._site, caller_of(self._site, request).space_by_key(request.match_info["key"])))

    async def _create(self, request: web.Request) -> web.Response:
        caller, form = caller_of(self._site, request), _SpaceForm.model_validate_json(await request.read())
        return web.json_response(shapes.space(self._site, administration.create_space(self._site, caller.id, form.key, form.name)))

    async def _rename(self, request: web.Request) -> web.Response:
        actor, space = self._administered(request)
        form = _SpaceForm.model_validate_json(await request.read())
        return web.json_response(shapes.space(self._site, administration.rename_space(self._site, actor, space, form.name)))

    async def _remove(self, request: web.Request) -> web.Response:
        """202 and a long task, which here has ended by then."""
        actor, space = self._administered(request)
        administration.remove_space(self._site, actor, space)
        task = f"task-{space.id}"
        return web.json_response({"id": task, "links": {"status": f"{self._site.context}/rest/api/longtask/{task}"}}, status=HTTPStatus.ACCEPTED)

    async def _permissions(self, request: web.Request) -> web.Response:
        space = caller_of(self._site, request).space_by_key(request.match_info["key"])
        held = self._site.space_permissions.get(space.id, {}).values()
        return web.json_response([shapes.space_permission(self._site, space, permission) for permission in held])

    async def _set_permissions(self, request: web.Request) -> web.Response:
        actor, space = self._administered(request)
        for given in _SUBJECTS.validate_json(await request.read()):
            kind, principal = self._principal(given)
            wanted = [(allowed.operation_key, allowed.target_type) for allowed in given.operations]
            for held in list(self._site.space_permissions.get(space.id, {}).values()):
                if (held.kind, held.principal) == (kind, principal) and (held.operation, held.target) not in wanted:
                    administration.revoke(self._site, actor, space, held)
            for operation in wanted:
                administration.grant(self._site, actor, space, kind, principal, operation)
        return web.json_response({})

    async def _add_permission(self, request: web.Request) -> web.Response:
        actor, space = self._administered(request)
        form = _PermissionForm.model_validate_json(await request.read())
        known = self._site.people if form.subject.type == "user" else self._site.groups
        anonymous = form.subject.type == "user" and form.subject.identifier == "anonymous"
        group = self._site.group_by_name(form.subject.identifier) if form.subject.type == "group" else None
        principal = "" if anonymous else group.id if group else form.subject.identifier
        if not anonymous and principal not in known:
            raise InvalidError(f"No such {form.subject.type}")
        operation = (form.operation.key, form.operation.target)
        permission = administration.grant(self._site, actor, space, "anonymous" if anonymous else form.subject.type, principal, operation)
        shown: dict[str, Any] = {"id": permission.id, "subject": form.subject.model_dump(), "operation": form.operation.model_dump(), "_links": {}}
        return web.json_response(shown)

    async def _drop_permission(self, request: web.Request) -> web.Response:
        actor, space = self._administered(request)
        number = request.match_info["id"]
        permission = self._site.space_permissions.get(space.id, {}).get(int(number)) if number.isascii() and number.isdigit() else None
        if permission is None:
            raise NotFoundError("permission")
        administration.revoke(self._site, actor, space, permission)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _administered(self, request: web.Request) -> tuple[str, Space]:
        caller = caller_of(self._site, request)
        return caller.administrator().id, caller.space_by_key(request.match_info["key"])

    def _principal(self, given: _SubjectPermissions) -> tuple[PrincipalKind, str]:
        if given.user_key is not None:
            return "user", given.user_key
        if given.group_name is None:
            return "anonymous", ""
        group = self._site.group_by_name(given.group_name)
        if group is None:
            raise InvalidError(f"No group {given.group_name}")
        return "group", group.id
