"""People and groups: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users/, .../api-group-groups/, .../api-group-myself/.

A group's members come in pages of at most 50, inactive people only when asked for. Changes of groups and members fire no webhook; changes of people fire
``user_created``, ``user_updated`` and ``user_deleted``. Cloud has no route that changes a person; Data Center has ``PUT user``.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web

from examples.vendors.jira.access import Call, Handler, Refused
from examples.vendors.jira.model import Edition, Group, User
from examples.vendors.jira.shapes import Shapes
from examples.vendors.jira.webhooks import Webhooks

_MOST_MEMBERS: Final = 50
_MOST_USERS: Final = 1000
_MOST_GROUPS: Final = 50


def small(call: Call) -> Shapes:
    return Shapes(call.state, call.base, call.version, call.zone)


class PeopleRoutes:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def table(self, edition: Edition) -> list[tuple[str, str, Handler]]:
        shared: list[tuple[str, str, Handler]] = [
            ("GET", "myself", self._myself),
            ("GET", "user", self._get),
            ("POST", "user", self._create),
            ("DELETE", "user", self._delete),
            ("GET", "user/search", self._search),
            ("GET", "serverInfo", self._server),
            ("GET", "groups/picker", self._pick),
            ("GET", "group/member", self._members),
            ("POST", "group", self._create_group),
            ("DELETE", "group", self._delete_group),
            ("POST", "group/user", self._join),
            ("DELETE", "group/user", self._leave),
        ]
        cloud: list[tuple[str, str, Handler]] = [
            ("GET", "users/search", self._search),
            ("GET", "group/bulk", self._groups),
            ("GET", "user/groups", self._groups_of),
        ]
        return shared + (cloud if edition is Edition.CLOUD else [("PUT", "user", self._edit)])

    async def _myself(self, call: Call) -> web.Response:
        user = call.login()
        groups = {"size": sum(user.id in group.members for group in call.state.groups.values()), "items": []}
        return web.json_response({**small(call).person(user), "locale": "en_US", "groups": groups, "applicationRoles": {"size": 1, "items": []}})

    def _wanted(self, call: Call) -> User:
        """By accountId on Cloud; by username or key on Data Center."""
        call.login()
        query = call.request.query
        wanted = query.get("accountId") if call.state.edition is Edition.CLOUD else query.get("username") or query.get("key")
        user = call.state.user(wanted)
        if user is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Specified user does not exist or you do not have required permissions")
        return user

    async def _get(self, call: Call) -> web.Response:
        user = self._wanted(call)
        shown = small(call).person(user)
        if "groups" in call.words("expand"):
            groups = [small(call).group(group) for group in call.state.groups.values() if user.id in group.members]
            shown["groups"] = {"size": len(groups), "items": groups}
        return web.json_response(shown)

    async def _search(self, call: Call) -> web.Response:
        """A list, without total. Cloud's ``users/search`` gives all, ``user/search`` those that the query begins or names."""
        call.login()
        wanted = (call.request.query.get("query") or call.request.query.get("username") or "").lower().strip(".")
        users = [user for user in call.state.users.values() if wanted in f"{user.id} {user.display_name} {user.mail}".lower()]
        start, size = call.number("startAt", 0), min(_MOST_USERS, call.number("maxResults", 50))
        return web.json_response([small(call).person(user) for user in users[start : start + size]])

    async def _create(self, call: Call) -> web.Response:
        call.admin()
        body = await call.body()
        mail = str(body.get("emailAddress") or "")
        if not mail:
            raise Refused(HTTPStatus.BAD_REQUEST, emailAddress="You must specify an email address.")
        cloud = call.state.edition is Edition.CLOUD
        name = f"557058:{call.state.next_id('account')}" if cloud else str(body.get("name") or mail.partition("@")[0])
        user = call.state.add_user(name, mail, str(body.get("displayName") or mail.partition("@")[0]))
        self._webhooks.person(call, "user_created", user)
        return web.json_response(small(call).person(user), status=HTTPStatus.CREATED)

    async def _edit(self, call: Call) -> web.Response:
        call.admin()
        user, body = self._wanted(call), await call.body()
        user.display_name = str(body.get("displayName") or user.display_name)
        user.mail = str(body.get("emailAddress") or user.mail)
        user.active = bool(body.get("active", user.active))
        self._webhooks.person(call, "user_updated", user)
        return web.json_response(small(call).person(user))

    async def _delete(self, call: Call) -> web.Response:
        call.admin()
        user = self._wanted(call)
        call.state.remove_user(user)
        self._webhooks.person(call, "user_deleted", user)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _server(self, call: Call) -> web.Response:
        """``deploymentType`` tells the editions apart."""
        cloud = call.state.edition is Edition.CLOUD
        version = "1001.0.0-SNAPSHOT" if cloud else "10.3.0"
        numbers = [int(part) for part in version.partition("-")[0].split(".")]
        about = {"baseUrl": call.base, "version": version, "versionNumbers": numbers, "deploymentType": "Cloud" if cloud else "Server"}
        return web.json_response({**about, "buildNumber": 100291, "serverTime": small(call).time(call.state.clock()), "serverTitle": "Jira"})

    # Groups

    def _group(self, call: Call) -> Group:
        query = call.request.query
        wanted = query.get("groupId") or query.get("groupname")
        if not wanted:
            raise Refused(HTTPStatus.BAD_REQUEST, "Either 'groupname' or 'groupId' must be provided.")
        group = call.state.group(wanted)
        if group is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"Group '{wanted}' does not exist.")
        return group

    async def _members(self, call: Call) -> web.Response:
        call.admin()
        group = self._group(call)
        inactive = call.request.query.get("includeInactiveUsers") == "true"
        users = [call.state.users[name] for name in group.members if name in call.state.users]
        shown = [user for user in users if user.active or inactive]
        return web.json_response(call.page(shown, small(call).person, most=_MOST_MEMBERS))

    async def _groups(self, call: Call) -> web.Response:
        """``group/bulk``: all groups in pages, each {name, groupId}."""
        call.login()
        ids, names = call.request.query.getall("groupId", []), call.request.query.getall("groupName", [])
        groups = [group for group in call.state.groups.values() if not (ids or names) or group.id in ids or group.name in names]
        return web.json_response(call.page(groups, lambda group: {"name": group.name, "groupId": group.id}, most=_MOST_GROUPS))

    async def _groups_of(self, call: Call) -> web.Response:
        user = self._wanted(call)
        return web.json_response([small(call).group(group) for group in call.state.groups.values() if user.id in group.members])

    async def _pick(self, call: Call) -> web.Response:
        call.login()
        wanted, size = call.request.query.get("query", "").lower(), call.number("maxResults", 20)
        found = sorted((group for group in call.state.groups.values() if wanted in group.name.lower()), key=lambda group: group.name)
        ids = call.state.edition is Edition.CLOUD
        groups = [{"name": group.name, "html": group.name, **({"groupId": group.id} if ids else {"labels": []})} for group in found[:size]]
        return web.json_response({"header": f"Showing {len(groups)} of {len(found)} matching groups", "total": len(found), "groups": groups})

    async def _create_group(self, call: Call) -> web.Response:
        call.admin()
        name = str((await call.body()).get("name") or "")
        if not name or call.state.group(name):
            raise Refused(HTTPStatus.BAD_REQUEST, "A group with this name already exists." if name else "A name is needed.")
        return web.json_response(small(call).group(call.state.add_group(name)), status=HTTPStatus.CREATED)

    async def _delete_group(self, call: Call) -> web.Response:
        call.admin()
        del call.state.groups[self._group(call).name]
        return web.Response()

    async def _join(self, call: Call) -> web.Response:
        call.admin()
        group, body = self._group(call), await call.body()
        user = call.state.user(body.get("accountId") if call.state.edition is Edition.CLOUD else body.get("name"))
        if user is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Cannot add user. User does not exist.")
        group.members[user.id] = None
        return web.json_response(small(call).group(group), status=HTTPStatus.CREATED)

    async def _leave(self, call: Call) -> web.Response:
        call.admin()
        self._group(call).members.pop(self._wanted(call).id, None)
        return web.Response()
