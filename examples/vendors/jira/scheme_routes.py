"""Permission schemes, issue security schemes, and the check of a person's permissions. No change here fires a webhook or moves an issue's ``updated``.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permission-schemes/, .../api-group-issue-security-schemes/, .../api-group-issue-security-level/,
.../api-group-permissions/, .../api-group-application-roles/. Data Center (https://developer.atlassian.com/server/jira/platform/rest/) reads schemes and levels and changes permission
schemes; it has no route that lists a level's members.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from examples.vendors.jira.access import NOT_ADMIN, Call, Handler, Json, Refused
from examples.vendors.jira.model import Edition, Grant, Holder, PermissionScheme, SecurityLevel, SecurityScheme, User
from examples.vendors.jira.people_routes import small
from examples.vendors.jira.scheme_shapes import SchemeShapes
from examples.vendors.jira.vocabulary import PERMISSIONS

_MOST_CHECKED: Final = 1000
_HOLDERS: Final = frozenset({"anyone", "applicationRole", "assignee", "group", "groupCustomField", "projectLead", "projectRole", "reporter", "user"}) | {
    "sd.customer.portal.only",
    "userCustomField",
}


def made(call: Call) -> SchemeShapes:
    return SchemeShapes(small(call))


def holder(call: Call, told: Json) -> Holder:
    """A holder of a request, with its group, role and user found; 400 where there is none such."""
    kind, wanted = str(told.get("type", "")), told.get("value") or told.get("parameter")
    found: str | None = str(wanted) if wanted is not None else None
    if kind == "group":
        group = call.state.group(found)
        found = group.name if group else None
    elif kind == "projectRole":
        role = call.state.role(found or "")
        found = str(role.id) if role else None
    elif kind == "user":
        user = call.state.user(found)
        found = user.id if user else None
    if kind not in _HOLDERS or (wanted is not None and found is None):
        raise Refused(HTTPStatus.BAD_REQUEST, f"The holder {kind} {wanted} does not exist.")
    return Holder(kind, found)


class SchemeRoutes:
    def table(self, edition: Edition) -> list[tuple[str, str, Handler]]:
        shared: list[tuple[str, str, Handler]] = [
            ("GET", "permissionscheme", self._schemes),
            ("POST", "permissionscheme", self._create),
            ("GET", "permissionscheme/{scheme}", self._scheme),
            ("GET", "permissionscheme/{scheme}/permission", self._grants),
            ("POST", "permissionscheme/{scheme}/permission", self._grant),
            ("GET", "permissionscheme/{scheme}/permission/{grant}", self._one_grant),
            ("DELETE", "permissionscheme/{scheme}/permission/{grant}", self._revoke),
            ("GET", "issuesecurityschemes", self._security_schemes),
            ("GET", "applicationrole/{application}", self._application),
        ]
        cloud: list[tuple[str, str, Handler]] = [
            ("POST", "permissions/check", self._check),
            ("GET", "issuesecurityschemes/level", self._levels),
            ("GET", "issuesecurityschemes/level/member", self._level_members),
            ("GET", "issuesecurityschemes/project", self._projects),
            ("PUT", "issuesecurityschemes/{scheme}/level/{level}/member", self._add_members),
            ("DELETE", "issuesecurityschemes/{scheme}/level/{level}/member/{member}", self._remove_member),
        ]
        # After the paths above, which begin alike.
        named: list[tuple[str, str, Handler]] = [("GET", "issuesecurityschemes/{scheme}", self._security_scheme)]
        members: list[tuple[str, str, Handler]] = [("GET", "issuesecurityschemes/{scheme}/members", self._members)]
        return shared + named if edition is Edition.DATACENTER else shared + cloud + named + members

    # Permission schemes

    def _found(self, call: Call) -> PermissionScheme:
        call.login()
        wanted = call.part("scheme")
        scheme = call.state.permission_schemes.get(int(wanted)) if wanted.isdigit() else None
        if scheme is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"The permission scheme with id {wanted} does not exist.")
        return scheme

    async def _schemes(self, call: Call) -> web.Response:
        call.login()
        schemes = [made(call).permission_scheme(scheme, call.words("expand")) for scheme in call.state.permission_schemes.values()]
        return web.json_response({"permissionSchemes": schemes})

    async def _create(self, call: Call) -> web.Response:
        call.admin()
        body = await call.body()
        grants = [(self._permission(grant), holder(call, grant.get("holder") or {})) for grant in body.get("permissions") or []]
        scheme = PermissionScheme(call.state.next_id("permission scheme"), str(body.get("name") or ""), str(body.get("description") or ""))
        call.state.permission_schemes[scheme.id] = scheme
        for permission, whom in grants:
            call.state.add_grant(scheme, permission, whom)
        return web.json_response(made(call).permission_scheme(scheme, ["permissions"]), status=HTTPStatus.CREATED)

    async def _scheme(self, call: Call) -> web.Response:
        return web.json_response(made(call).permission_scheme(self._found(call), call.words("expand")))

    async def _grants(self, call: Call) -> web.Response:
        """{"permissions": […], "expand": …}, all at once."""
        scheme, expand = self._found(call), call.words("expand")
        grants = [made(call).grant(grant, expand) for grant in scheme.grants.values()]
        return web.json_response({"permissions": grants, "expand": "user,group,projectRole,field,all"})

    def _permission(self, told: Json) -> str:
        permission = str(told.get("permission", ""))
        if permission not in PERMISSIONS:
            raise Refused(HTTPStatus.BAD_REQUEST, permission=f"The permission '{permission}' does not exist.")
        return permission

    async def _grant(self, call: Call) -> web.Response:
        call.admin()
        scheme, body = self._found(call), await call.body()
        grant = call.state.add_grant(scheme, self._permission(body), holder(call, body.get("holder") or {}))
        return web.json_response(made(call).grant(grant, call.words("expand")), status=HTTPStatus.CREATED)

    def _found_grant(self, call: Call) -> tuple[PermissionScheme, Grant]:
        scheme, wanted = self._found(call), call.part("grant")
        grant = scheme.grants.get(int(wanted)) if wanted.isdigit() else None
        if grant is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"The permission grant with id {wanted} does not exist.")
        return scheme, grant

    async def _one_grant(self, call: Call) -> web.Response:
        return web.json_response(made(call).grant(self._found_grant(call)[1], call.words("expand")))

    async def _revoke(self, call: Call) -> web.Response:
        call.admin()
        scheme, grant = self._found_grant(call)
        del scheme.grants[grant.id]
        return web.Response(status=HTTPStatus.NO_CONTENT)

    # Security schemes

    def _found_security(self, call: Call) -> SecurityScheme:
        call.admin()
        wanted = call.part("scheme")
        scheme = call.state.security_schemes.get(int(wanted)) if wanted.isdigit() else None
        if scheme is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"Issue security scheme with ID {wanted} not found.")
        return scheme

    async def _security_schemes(self, call: Call) -> web.Response:
        call.admin()
        schemes = [made(call).security_scheme(scheme, levels=False) for scheme in call.state.security_schemes.values()]
        return web.json_response({"issueSecuritySchemes": schemes})

    async def _security_scheme(self, call: Call) -> web.Response:
        return web.json_response(made(call).security_scheme(self._found_security(call)))

    async def _members(self, call: Call) -> web.Response:
        scheme, wanted, expand = self._found_security(call), call.request.query.getall("issueSecurityLevelId", []), call.words("expand")
        rows = [row for row in _rows(scheme) if not wanted or str(row[1].id) in wanted]
        return web.json_response(call.page(rows, lambda row: made(call).member(row[0], row[1], row[2], expand), most=100, default=50))

    async def _levels(self, call: Call) -> web.Response:
        call.admin()
        chosen = _filter(call, "schemeId", "id")
        rows = [(scheme, level) for scheme in call.state.security_schemes.values() for level in scheme.levels.values() if chosen(scheme.id, level.id)]
        return web.json_response(call.page(rows, lambda row: made(call).level_of_scheme(*row)))

    async def _level_members(self, call: Call) -> web.Response:
        """As ``_members``, with numbers as strings and the scheme's id."""
        call.admin()
        chosen, expand = _filter(call, "schemeId", "levelId"), call.words("expand")
        rows = [(scheme, *row) for scheme in call.state.security_schemes.values() for row in _rows(scheme) if chosen(scheme.id, row[1].id)]

        def shape(row: tuple[SecurityScheme, int, SecurityLevel, Holder]) -> Json:
            scheme, number, level, whom = row
            ids = {"id": str(number), "issueSecurityLevelId": str(level.id), "issueSecuritySchemeId": str(scheme.id)}
            return {**ids, "holder": made(call).holder(whom, expand)}

        return web.json_response(call.page(rows, shape))

    async def _projects(self, call: Call) -> web.Response:
        call.admin()
        chosen = _filter(call, "issueSecuritySchemeId", "projectId")
        pairs = [(project.security_scheme, project.id) for project in call.state.projects.values() if project.security_scheme]
        rows = [{"issueSecuritySchemeId": str(scheme), "projectId": str(project)} for scheme, project in pairs if chosen(scheme, project)]
        return web.json_response(call.page(rows, lambda row: row))

    def _level(self, call: Call) -> SecurityLevel:
        scheme, wanted = self._found_security(call), call.part("level")
        level = scheme.levels.get(int(wanted)) if wanted.isdigit() else None
        if level is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"Issue security level with ID {wanted} not found.")
        return level

    async def _add_members(self, call: Call) -> web.Response:
        level = self._level(call)
        holders = [holder(call, told) for told in (await call.body()).get("members") or []]
        level.members |= {call.state.next_id("security member"): whom for whom in holders if whom not in level.members.values()}
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _remove_member(self, call: Call) -> web.Response:
        level, wanted = self._level(call), call.part("member")
        if not wanted.isdigit() or level.members.pop(int(wanted), None) is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"Issue security level member with ID {wanted} not found.")
        return web.Response(status=HTTPStatus.NO_CONTENT)

    # Application roles

    async def _application(self, call: Call) -> web.Response:
        """Who has access to an application: groups' names, on Cloud with their ids in ``groupDetails`` too."""
        call.admin()
        key = call.part("application")
        if key not in call.state.applications:
            raise Refused(HTTPStatus.NOT_FOUND, f"The application role with key '{key}' was not found.")
        groups = [group for name in sorted(call.state.applications[key]) if (group := call.state.group(name))]
        details = {"groupDetails": [small(call).group(group) for group in groups]} if call.state.edition is Edition.CLOUD else {}
        names = [group.name for group in groups]
        return web.json_response({"key": key, "name": key.replace("-", " ").title(), "groups": names, "defaultGroups": names[:1], **details})

    # Permissions

    async def _check(self, call: Call) -> web.Response:
        """Which of the named projects and issues a person has a permission for; what does not exist is left out."""
        body = await call.body()
        user = self._whom(call, body)
        globally = ["ADMINISTER"] if "ADMINISTER" in (body.get("globalPermissions") or []) and call.permissions.is_admin(user) else []
        rows = [self._checked(call, user, permission, asked) for asked in body.get("projectPermissions") or [] for permission in asked.get("permissions") or []]
        return web.json_response({"projectPermissions": rows, "globalPermissions": globally})

    def _whom(self, call: Call, body: Json) -> User | None:
        wanted = body.get("accountId")
        if not wanted or (call.viewer and wanted == call.viewer.id):
            return call.viewer
        if not call.permissions.is_admin(call.viewer):
            raise Refused(HTTPStatus.FORBIDDEN, NOT_ADMIN)
        return call.state.user(str(wanted)) or User(str(wanted), "", "", "", "", active=False)

    def _checked(self, call: Call, user: User | None, permission: str, asked: Json) -> Json:
        if permission not in PERMISSIONS:
            raise Refused(HTTPStatus.BAD_REQUEST, **{permission: "Unrecognized permission"})
        projects = [call.state.projects.get(_id(number)) for number in (asked.get("projects") or [])[:_MOST_CHECKED]]
        issues = [call.state.issues.get(_id(number)) for number in (asked.get("issues") or [])[:_MOST_CHECKED]]
        return {
            "permission": permission,
            "projects": [project.id for project in projects if project and call.permissions.has(user, permission, project)],
            "issues": [issue.id for issue in issues if issue and call.permissions.may(user, permission, issue)],
        }


def _id(number: Any) -> int:
    return int(number) if str(number).isdigit() else -1


def _rows(scheme: SecurityScheme) -> list[tuple[int, SecurityLevel, Holder]]:
    return [(number, level, whom) for level in scheme.levels.values() for number, whom in level.members.items()]


def _filter(call: Call, first: str, second: str) -> Callable[[int | None, int], bool]:
    """Two parameters that choose inclusively, as documented; neither chooses all."""
    firsts, seconds = call.request.query.getall(first, []), call.request.query.getall(second, [])
    return lambda one, other: not (firsts or seconds) or str(one) in firsts or str(other) in seconds
