"""Groups, their members and people over REST v1.

Cloud: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-group/ and …/api-group-users/ (groups and members by up to 200, start/limit). Data
Center: https://developer.atlassian.com/server/confluence/rest/v923/api-group-group/ (groups by name), …/api-group-user-group/ and …/api-group-admin-user/.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from examples.vendors.confluence import administration
from examples.vendors.confluence import content_shapes as shapes
from examples.vendors.confluence.access import caller_of
from examples.vendors.confluence.paging import start_page
from examples.vendors.confluence.refusals import ForbiddenError, InvalidError, NotFoundError
from examples.vendors.confluence.state import Group, Person, Site

_LIMIT: Final = 200
"""Default and largest: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-group/ (that it is the largest is not verified)."""


class _GroupForm(BaseModel):
    name: str


class _MemberForm(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    account_id: str = Field(alias="accountId")


class DirectoryRoutes:
    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        root = f"{self._site.context}/rest/api"
        both = [
            web.get(root + "/group", self._groups),
            web.get(root + "/user", self._user),
            web.get(root + "/user/current", self._current),
            web.get(root + "/user/memberof", self._groups_of),
        ]
        if self._site.edition == "datacenter":
            return [
                *both,
                web.get(root + "/user/list", self._everybody),
                web.get(root + "/group/{name}", self._group_by_name),
                web.get(root + "/group/{name}/member", self._members),
                web.put(root + "/user/{user}/group/{name}", self._membership),
                web.delete(root + "/user/{user}/group/{name}", self._membership),
                web.post(root + "/admin/group", self._create_group),
                web.delete(root + "/admin/group/{name}", self._delete_group),
                web.put(root + "/admin/user/{user}/{state:enable|disable}", self._activate),
            ]
        return [
            *both,
            web.get(root + "/user/bulk", self._bulk),
            web.get(root + "/search/user", self._search),
            web.get(root + "/group/by-id", self._group_by_id),
            web.get(root + "/group/{group}/membersByGroupId", self._members),
            web.post(root + "/group", self._create_group),
            web.delete(root + "/group/by-id", self._delete_group),
            web.post(root + "/group/userByGroupId", self._membership),
            web.delete(root + "/group/userByGroupId", self._membership),
        ]

    async def _groups(self, request: web.Request) -> web.Response:
        """In the order of their names."""
        self._known(request)
        found = sorted(self._site.groups.values(), key=lambda group: group.name)
        return web.json_response(start_page(request, self._site, found, lambda group: shapes.group(self._site, group.id), _LIMIT, _LIMIT))

    async def _group_by_id(self, request: web.Request) -> web.Response:
        self._known(request)
        return web.json_response(shapes.group(self._site, self._group(request).id))

    async def _group_by_name(self, request: web.Request) -> web.Response:
        return await self._group_by_id(request)

    async def _members(self, request: web.Request) -> web.Response:
        self._known(request)
        found = sorted(self._site.members.get(self._group(request).id, ()))
        return web.json_response(start_page(request, self._site, found, lambda user: shapes.person(self._site, user), _LIMIT, _LIMIT))

    async def _groups_of(self, request: web.Request) -> web.Response:
        self._known(request)
        person = self._person(request)
        found = sorted((group for group in self._site.groups.values() if person.id in self._site.members[group.id]), key=lambda group: group.name)
        return web.json_response(start_page(request, self._site, found, lambda group: shapes.group(self._site, group.id), _LIMIT, _LIMIT))

    async def _user(self, request: web.Request) -> web.Response:
        self._known(request)
        return web.json_response(shapes.person(self._site, self._person(request).id))

    async def _bulk(self, request: web.Request) -> web.Response:
        """At most 200, those that there are: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-users/#api-wiki-rest-api-user-bulk-get."""
        self._known(request)
        asked = request.query.getall("accountId", [])[:_LIMIT]
        found = [account for account in dict.fromkeys(asked) if account in self._site.people]
        return web.json_response(start_page(request, self._site, found, lambda account: shapes.person(self._site, account), _LIMIT, _LIMIT))

    async def _search(self, request: web.Request) -> web.Response:
        """``cql=type=user`` alone: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-search/#api-wiki-rest-api-search-user-get. Who is active it
        does not say: https://jira.atlassian.com/browse/CONFCLOUD-83983.
        """
        self._known(request)
        if "".join(request.query.get("cql", "").split()) not in {"type=user", 'type="user"'}:
            raise InvalidError("This server searches users by type=user alone")

        def result(account: str) -> dict[str, Any]:
            user = shapes.person(self._site, account)
            return {"user": user, "title": user["displayName"], "excerpt": "", "url": f"/people/{account}", "entityType": "user", "score": 0.0}

        return web.json_response(start_page(request, self._site, sorted(self._site.people), result))

    async def _everybody(self, request: web.Request) -> web.Response:
        """The inactive among them: https://developer.atlassian.com/server/confluence/rest/v1000/api-group-user/#api-rest-api-user-list-get; ``expand=status``."""
        self._known(request)
        expanded = "status" in request.query.get("expand", "").split(",")

        def shown(account: str) -> dict[str, Any]:
            user = shapes.person(self._site, account)
            return {**user, "status": "active" if self._site.people[account].active else "deactivated"} if expanded else {**user, "_expandable": {"status": ""}}

        return web.json_response(start_page(request, self._site, sorted(self._site.people), shown))

    async def _current(self, request: web.Request) -> web.Response:
        return web.json_response(shapes.person(self._site, caller_of(self._site, request).id))

    async def _membership(self, request: web.Request) -> web.Response:
        """A member more or less. No event: see ``administration``."""
        caller_of(self._site, request).administrator()
        group = self._group(request)
        posted = request.method == "POST"
        account = _MemberForm.model_validate_json(await request.read()).account_id if posted else self._person(request).id
        if account not in self._site.people:
            raise NotFoundError("user")
        members = self._site.members[group.id]
        (members.discard if request.method == "DELETE" else members.add)(account)
        return web.Response(status=HTTPStatus.CREATED if posted else HTTPStatus.NO_CONTENT)

    async def _create_group(self, request: web.Request) -> web.Response:
        actor = caller_of(self._site, request).administrator()
        name = _GroupForm.model_validate_json(await request.read()).name
        group = administration.add_group(self._site, actor.id, Group(f"group-{self._site.new_id()}", name))
        return web.json_response(shapes.group(self._site, group.id), status=HTTPStatus.CREATED)

    async def _delete_group(self, request: web.Request) -> web.Response:
        actor = caller_of(self._site, request).administrator()
        administration.remove_group(self._site, actor.id, self._group(request))
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _activate(self, request: web.Request) -> web.Response:
        actor = caller_of(self._site, request).administrator()
        administration.set_active(self._site, actor.id, self._person(request), active=request.match_info["state"] == "enable")
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _known(self, request: web.Request) -> None:
        """«Permission to access the Confluence site»: the anonymous caller has none here."""
        if caller_of(self._site, request).person is None:
            raise ForbiddenError

    def _group(self, request: web.Request) -> Group:
        number = request.match_info.get("group") or request.query.get("groupId") or request.query.get("id")
        group = self._site.groups.get(number) if number else self._site.group_by_name(request.match_info.get("name", ""))
        if group is None:
            raise NotFoundError("group")
        return group

    def _person(self, request: web.Request) -> Person:
        number = request.query.get("accountId") or request.query.get("key")
        name = request.match_info.get("user") or request.query.get("username")
        person = self._site.people.get(number) if number else next((known for known in self._site.people.values() if known.name == name), None)
        if person is None:
            raise NotFoundError("user")
        return person
