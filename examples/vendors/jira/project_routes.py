"""Projects, their roles' actors, and which schemes they have.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/, .../api-group-project-roles/, .../api-group-project-role-actors/,
.../api-group-project-permission-schemes/. Projects fire ``project_created``, ``project_updated``, ``project_deleted``, and on Cloud ``project_soft_deleted``
(a deletion puts a project into the recycle bin unless ``enableUndo=false``) and ``project_restored_deleted``. A project's issues go with it without an event of
their own (not verified). Actors and schemes fire nothing.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web

from examples.vendors.jira import issue_fields
from examples.vendors.jira.access import Call, Handler, Refused
from examples.vendors.jira.model import Edition, Project, Role
from examples.vendors.jira.people_routes import small
from examples.vendors.jira.scheme_shapes import SchemeShapes
from examples.vendors.jira.webhooks import Webhooks

_MOST: Final = 100


class ProjectRoutes:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def table(self, edition: Edition) -> list[tuple[str, str, Handler]]:
        shared: list[tuple[str, str, Handler]] = [
            ("GET", "project", self._all),
            ("POST", "project", self._create),
            ("GET", "project/{project}", self._get),
            ("PUT", "project/{project}", self._edit),
            ("DELETE", "project/{project}", self._delete),
            ("GET", "project/{project}/role", self._roles),
            ("GET", "project/{project}/role/{role}", self._role),
            ("POST", "project/{project}/role/{role}", self._add_actors),
            ("DELETE", "project/{project}/role/{role}", self._remove_actor),
            ("GET", "project/{project}/permissionscheme", self._permission_scheme),
            ("PUT", "project/{project}/permissionscheme", self._set_permission_scheme),
            ("GET", "project/{project}/issuesecuritylevelscheme", self._security_scheme),
            ("GET", "role", self._all_roles),
        ]
        cloud: list[tuple[str, str, Handler]] = [("GET", "project/search", self._search), ("POST", "project/{project}/restore", self._restore)]
        # "project/search" has to come before "project/{project}".
        return cloud + shared if edition is Edition.CLOUD else shared

    def _seen(self, call: Call) -> list[Project]:
        projects = [project for project in call.state.projects.values() if not project.trashed]
        return [project for project in projects if call.permissions.sees_project(call.viewer, project) or call.permissions.is_admin(call.viewer)]

    async def _all(self, call: Call) -> web.Response:
        return web.json_response([small(call).project(project) for project in self._seen(call)])

    async def _search(self, call: Call) -> web.Response:
        found = sorted(self._seen(call), key=lambda project: project.key)
        keys, ids = call.request.query.getall("keys", []), call.request.query.getall("id", [])
        wanted = [project for project in found if not (keys or ids) or project.key in keys or str(project.id) in ids]
        return web.json_response(call.page(wanted, small(call).project, most=_MOST, default=50))

    async def _get(self, call: Call) -> web.Response:
        return web.json_response(small(call).whole_project(call.project()))

    async def _create(self, call: Call) -> web.Response:
        call.admin()
        body = await call.body()
        key, lead = str(body.get("key") or ""), call.state.user(body.get("leadAccountId") or body.get("lead"))
        if not (key.isalnum() and key.isupper()) or call.state.project(key):
            raise issue_fields.wrong(
                "projectKey", "Project keys must start with an uppercase letter, followed by one or more uppercase alphanumeric characters."
            )
        permissions, security = int(body.get("permissionScheme") or 0), body.get("issueSecurityScheme")
        if permissions not in call.state.permission_schemes or (security is not None and int(security) not in call.state.security_schemes):
            raise Refused(HTTPStatus.BAD_REQUEST, "The scheme does not exist.")
        project = call.state.add_project(key, str(body.get("name") or key), lead.id if lead else None, permissions, int(security) if security else None)
        project.description = str(body.get("description") or "")
        self._webhooks.project(call, "project_created", project)
        made = {"self": f"{call.base}/rest/api/{call.version}/project/{project.id}", "id": project.id, "key": key}
        return web.json_response(made, status=HTTPStatus.CREATED)

    async def _edit(self, call: Call) -> web.Response:
        project, body = call.project(administer=True), await call.body()
        project.name = str(body.get("name") or project.name)
        project.description = str(body.get("description", project.description))
        lead = call.state.user(body.get("leadAccountId") or body.get("lead"))
        project.lead = lead.id if lead else project.lead
        self._webhooks.project(call, "project_updated", project)
        return web.json_response(small(call).whole_project(project))

    async def _delete(self, call: Call) -> web.Response:
        call.admin()
        project = call.project()
        if call.state.edition is Edition.CLOUD and call.request.query.get("enableUndo", "true") == "true":
            project.trashed = True
            self._webhooks.project(call, "project_soft_deleted", project)
        else:
            call.state.remove_project(project)
            self._webhooks.project(call, "project_deleted", project)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _restore(self, call: Call) -> web.Response:
        call.admin()
        project = call.state.project(call.part("project"))
        if project is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"No project could be found with key '{call.part('project')}'.")
        project.trashed = False
        self._webhooks.project(call, "project_restored_deleted", project)
        return web.json_response(small(call).whole_project(project))

    # Roles

    async def _all_roles(self, call: Call) -> web.Response:
        call.admin()
        return web.json_response([SchemeShapes(small(call)).role(role) for role in call.state.roles.values()])

    async def _roles(self, call: Call) -> web.Response:
        project = call.project(administer=True)
        return web.json_response({role.name: f"{call.base}/rest/api/{call.version}/project/{project.id}/role/{role.id}" for role in call.state.roles.values()})

    def _found(self, call: Call) -> tuple[Project, Role]:
        project, role = call.project(administer=True), call.state.roles.get(int(call.part("role"))) if call.part("role").isdigit() else None
        if role is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"Can not retrieve project role with id {call.part('role')}.")
        return project, role

    def _shown(self, call: Call, project: Project, role: Role) -> web.Response:
        """Actors sorted by display name, as documented."""
        made = SchemeShapes(small(call)).role(role, project, project.actors.get(role.id, ()))
        made["actors"].sort(key=lambda actor: actor["displayName"])
        return web.json_response(made)

    async def _role(self, call: Call) -> web.Response:
        return self._shown(call, *self._found(call))

    async def _add_actors(self, call: Call) -> web.Response:
        """{"user": [id, …], "group": [name, …], "groupId": [id, …]}."""
        (project, role), body = self._found(call), await call.body()
        users = [call.state.user(name) for name in body.get("user", [])]
        groups = [call.state.group(name) for name in [*body.get("group", []), *body.get("groupId", [])]]
        if None in users or None in groups:
            raise Refused(HTTPStatus.NOT_FOUND, "We can't find one of the users or groups.")
        for user in users:
            call.state.add_actor(project, role, "user", user.id if user else "")
        for group in groups:
            call.state.add_actor(project, role, "group", group.name if group else "")
        return self._shown(call, project, role)

    async def _remove_actor(self, call: Call) -> web.Response:
        project, role = self._found(call)
        query = call.request.query
        user, group = call.state.user(query.get("user")), call.state.group(query.get("group") or query.get("groupId"))
        gone = ("user", user.id) if user else ("group", group.name) if group else None
        project.actors[role.id] = [actor for actor in project.actors.get(role.id, []) if (actor.type, actor.parameter) != gone]
        return web.Response(status=HTTPStatus.NO_CONTENT)

    # Schemes

    async def _permission_scheme(self, call: Call) -> web.Response:
        scheme = call.state.permission_schemes[call.project(administer=True).permission_scheme]
        return web.json_response(SchemeShapes(small(call)).permission_scheme(scheme, call.words("expand")))

    async def _set_permission_scheme(self, call: Call) -> web.Response:
        call.admin()
        project, wanted = call.project(), (await call.body()).get("id")
        if not str(wanted).isdigit() or int(str(wanted)) not in call.state.permission_schemes:
            raise Refused(HTTPStatus.NOT_FOUND, f"The permission scheme with id {wanted} does not exist.")
        project.permission_scheme = int(str(wanted))
        return web.json_response(SchemeShapes(small(call)).permission_scheme(call.state.permission_schemes[project.permission_scheme]))

    async def _security_scheme(self, call: Call) -> web.Response:
        """404 where the project has none (not verified for Cloud)."""
        scheme = call.state.security_schemes.get(call.project(administer=True).security_scheme or -1)
        if scheme is None:
            raise Refused(HTTPStatus.NOT_FOUND, "The project does not have an issue security scheme.")
        return web.json_response(SchemeShapes(small(call)).security_scheme(scheme))
