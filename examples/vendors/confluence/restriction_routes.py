"""Read and edit restrictions of a page or blog post over REST v1, in both editions.

Cloud: https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-content-restrictions/. Data Center:
https://developer.atlassian.com/server/confluence/rest/v1000/api-group-content-restrictions, with ``PUT restriction`` as ContentRestrictionResource has it
(https://docs.atlassian.com/ConfluenceServer/javadoc/9.0.0-m07/…/ContentRestrictionResource.html). What is above a page is not in its answers: each page
says only its own.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from examples.vendors.confluence import administration
from examples.vendors.confluence import content_shapes as shapes
from examples.vendors.confluence.access import Caller, caller_of
from examples.vendors.confluence.paging import number
from examples.vendors.confluence.refusals import InvalidError, NotFoundError
from examples.vendors.confluence.state import Content, Group, Operation, Person, Principals, Site


class _Named(BaseModel):
    """A person by account id (Cloud), user key or user name (Data Center); a group by id or name."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    id: str | None = None
    name: str | None = None
    account_id: str | None = Field(default=None, alias="accountId")
    user_key: str | None = Field(default=None, alias="userKey")
    username: str | None = None


class _Page(BaseModel):
    results: list[_Named] = []


class _Lists(BaseModel):
    user: list[_Named] | _Page = []
    group: list[_Named] | _Page = []


class _Restriction(BaseModel):
    model_config = ConfigDict(extra="ignore")

    operation: Operation
    restrictions: _Lists


class _Results(BaseModel):
    results: list[_Restriction]


_REQUEST: TypeAdapter[list[_Restriction] | _Results] = TypeAdapter(list[_Restriction] | _Results)


class RestrictionRoutes:
    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[web.RouteDef]:
        root = f"{self._site.context}/rest/api/content/{{id}}/restriction"
        by_operation = root + "/byOperation/{operation:read|update}"
        both = [web.get(root + "/byOperation", self._by_operation), web.get(by_operation, self._one), web.put(root, self._replace)]
        if self._site.edition == "datacenter":
            return both
        return [
            *both,
            web.get(root, self._all),
            web.post(root, self._add),
            web.delete(root, self._clear),
            web.put(by_operation + "/user", self._name),
            web.delete(by_operation + "/user", self._name),
            web.get(by_operation + "/user", self._is_named),
            web.put(by_operation + "/byGroupId/{group}", self._name),
            web.delete(by_operation + "/byGroupId/{group}", self._name),
            web.get(by_operation + "/byGroupId/{group}", self._is_named),
        ]

    async def _by_operation(self, request: web.Request) -> web.Response:
        content = self._content(caller_of(self._site, request), request)
        return web.json_response(shapes.restrictions(self._site, content, request.query.get("expand", "")))

    async def _one(self, request: web.Request) -> web.Response:
        content = self._content(caller_of(self._site, request), request)
        start, limit = number(request, "start", 0), number(request, "limit", shapes.RESTRICTION_LIMIT, 200)
        return web.json_response(shapes.restriction(self._site, content, _operation(request), request.query.get("expand", ""), start, limit))

    async def _all(self, request: web.Request) -> web.Response:
        return web.json_response(self._listed(self._content(caller_of(self._site, request), request)))

    async def _replace(self, request: web.Request) -> web.Response:
        """Replaces all restrictions there are."""
        caller = caller_of(self._site, request)
        content = caller.editable(request.match_info["id"])
        administration.restrict(self._site, caller.id, content, self._wanted(await request.read()))
        return web.json_response(self._listed(content))

    async def _add(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        content = caller.editable(request.match_info["id"])
        now = dict(self._site.restrictions.get(content.id, {}))
        for operation, named in self._wanted(await request.read()).items():
            held = now.get(operation, Principals())
            now[operation] = Principals(held.users | named.users, held.groups | named.groups)
        administration.restrict(self._site, caller.id, content, now)
        return web.json_response(self._listed(content))

    async def _clear(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        content = caller.editable(request.match_info["id"])
        administration.restrict(self._site, caller.id, content, {})
        return web.json_response(self._listed(content))

    async def _name(self, request: web.Request) -> web.Response:
        caller = caller_of(self._site, request)
        content = caller.editable(request.match_info["id"])
        present = request.method == "PUT"
        administration.name_in_restriction(self._site, caller.id, content, _operation(request), self._subject(request), present=present)
        return web.Response(status=HTTPStatus.OK if present else HTTPStatus.NO_CONTENT)

    async def _is_named(self, request: web.Request) -> web.Response:
        """200 or 404, without a body. Says nothing of what is inherited."""
        content, subject = self._content(caller_of(self._site, request), request), self._subject(request)
        named = self._site.restrictions.get(content.id, {}).get(_operation(request), Principals())
        if subject.id not in (named.users if isinstance(subject, Person) else named.groups):
            raise NotFoundError("restriction")
        return web.Response()

    def _content(self, caller: Caller, request: web.Request) -> Content:
        return caller.content(request.match_info["id"])

    def _listed(self, content: Content) -> dict[str, Any]:
        both: tuple[Operation, ...] = ("read", "update")
        results = [shapes.restriction(self._site, content, operation, "restrictions.user,restrictions.group") for operation in both]
        return {"results": results, "start": 0, "limit": shapes.RESTRICTION_LIMIT, "size": len(results), "_links": {"base": self._site.base_url}}

    def _wanted(self, body: bytes) -> dict[Operation, Principals]:
        """Of ``[{"operation", "restrictions": {"user": [{"accountId"}], "group": [{"name"}]}}]``, or the same within ``results``."""
        given = _REQUEST.validate_json(body)
        wanted: dict[Operation, Principals] = {}
        for one in given.results if isinstance(given, _Results) else given:
            users = frozenset(self._person(named).id for named in _flat(one.restrictions.user))
            wanted[one.operation] = Principals(users, frozenset(self._group(named).id for named in _flat(one.restrictions.group)))
        return wanted

    def _person(self, named: _Named) -> Person:
        known = self._site.people.get(named.account_id or named.user_key or "")
        known = known or next((person for person in self._site.people.values() if named.username == person.name), None)
        if known is None:
            raise InvalidError("No such user")
        return known

    def _group(self, named: _Named) -> Group:
        known = self._site.groups.get(named.id or "") or self._site.group_by_name(named.name or "")
        if known is None:
            raise InvalidError("No such group")
        return known

    def _subject(self, request: web.Request) -> Person | Group:
        group = request.match_info.get("group")
        if group is not None:
            return self._group(_Named(id=group))
        return self._person(_Named(account_id=request.query.get("accountId")))


def _operation(request: web.Request) -> Operation:
    return "read" if request.match_info["operation"] == "read" else "update"


def _flat(named: list[_Named] | _Page) -> list[_Named]:
    return named.results if isinstance(named, _Page) else named
