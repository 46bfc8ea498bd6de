"""Issues: create, read, edit, assign, transition, delete, link.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/ and .../api-group-issue-links/. Each change fires its webhooks. A link moves
``updated`` of both issues and fires ``issuelink_created`` alone (not verified).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from examples.vendors.jira import issue_fields
from examples.vendors.jira.access import Call, Handler, Json, Refused
from examples.vendors.jira.issue_shapes import IssueShapes
from examples.vendors.jira.model import ChangeItem, Edition, Issue, Link, Project
from examples.vendors.jira.shapes import Shapes
from examples.vendors.jira.vocabulary import DONE, FIRST_STATUS, LINK_TYPES, TRANSITIONS
from examples.vendors.jira.webhooks import Webhooks


def shapes(call: Call, most_comments: int | None = None) -> IssueShapes:
    """As the viewer sees them."""

    def sees(issue: Issue, comment: Any) -> bool:
        return call.permissions.sees_comment(call.viewer, issue, comment) if comment else call.permissions.sees_issue(call.viewer, issue)

    return IssueShapes(Shapes(call.state, call.base, call.version, call.zone), sees, most_comments)


class IssueRoutes:
    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def table(self, edition: Edition) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", "issue", self._create),
            ("GET", "issue/{issue}", self._get),
            ("PUT", "issue/{issue}", self._edit),
            ("DELETE", "issue/{issue}", self._delete),
            ("PUT", "issue/{issue}/assignee", self._assign),
            ("GET", "issue/{issue}/transitions", self._transitions),
            ("POST", "issue/{issue}/transitions", self._transition),
            ("POST", "issueLink", self._link),
            ("GET", "issueLink/{link}", self._get_link),
            ("DELETE", "issueLink/{link}", self._unlink),
            ("GET", "issueLinkType", self._link_types),
            *([("GET", "issue/{issue}/changelog", self._changelog)] if edition is Edition.CLOUD else []),
        ]

    async def _create(self, call: Call) -> web.Response:
        user, body = call.login(), await call.body()
        fields: Json = body.get("fields") or {}
        project = self._project(call, fields)
        if not str(fields.get("summary") or "").strip():
            raise issue_fields.wrong("summary", "You must specify a summary of the issue.")
        if not isinstance(fields.get("issuetype"), dict):
            raise issue_fields.wrong("issuetype", "Specify an issue type")
        issue = call.state.add_issue(project, fields["summary"], user.id, "10001", FIRST_STATUS)
        scheme = call.state.security_schemes.get(project.security_scheme or -1)
        issue.security = scheme.default_level if scheme else None
        try:
            issue_fields.apply(call, issue, body, ignored=frozenset({"project"}))
        except Refused:
            call.state.remove_issue(issue)
            raise
        self._webhooks.issue(call, "jira:issue_created", issue, "issue_created")
        made = {"id": str(issue.id), "key": issue.key, "self": f"{call.base}/rest/api/{call.version}/issue/{issue.id}"}
        return web.json_response(made, status=HTTPStatus.CREATED)

    def _project(self, call: Call, fields: Json) -> Project:
        wanted = fields.get("project") or {}
        project = call.state.project(str(wanted.get("id") or wanted.get("key") or ""))
        if project is None or not call.permissions.sees_project(call.viewer, project):
            raise issue_fields.wrong("project", "Specify a valid project ID or key")
        if not call.permissions.has(call.viewer, "CREATE_ISSUES", project):
            raise issue_fields.wrong("project", "You do not have permission to create issues in this project.")
        return project

    async def _get(self, call: Call) -> web.Response:
        return web.json_response(shapes(call).issue(call.issue(), call.words("fields") or ["*all"], call.words("expand")))

    async def _edit(self, call: Call) -> web.Response:
        issue, body = call.issue(permission="EDIT_ISSUES"), await call.body()
        self._changed(call, issue, issue_fields.apply(call, issue, body))
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _changed(self, call: Call, issue: Issue, items: tuple[ChangeItem, ...], kind: str = "") -> None:
        """Nothing changed, nothing fired (not verified)."""
        if not items:
            return
        change = call.state.record(issue, call.login().id, items)
        assigned = len(items) == 1 and items[0].field_id == "assignee"
        self._webhooks.issue(call, "jira:issue_updated", issue, kind or ("issue_assigned" if assigned else "issue_updated"), change)

    async def _assign(self, call: Call) -> web.Response:
        issue, body = call.issue(permission="ASSIGN_ISSUES"), await call.body()
        nobody = not (body.get("accountId") or body.get("name") or body.get("key"))
        self._changed(call, issue, issue_fields.apply(call, issue, {"fields": {"assignee": None if nobody else body}}))
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _delete(self, call: Call) -> web.Response:
        issue = call.issue(permission="DELETE_ISSUES")
        links = call.state.links_of(issue)
        call.state.remove_issue(issue)
        self._webhooks.removed(call, issue, links)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _transitions(self, call: Call) -> web.Response:
        call.issue()
        small = shapes(call).small
        flags = {"hasScreen": False, "isGlobal": True, "isInitial": False, "isAvailable": True, "isConditional": False}
        listed = [{"id": key, "name": name, "to": small.status(status), **flags} for key, (name, status) in TRANSITIONS.items()]
        return web.json_response({"expand": "transitions", "transitions": listed})

    async def _transition(self, call: Call) -> web.Response:
        issue, body = call.issue(permission="TRANSITION_ISSUES"), await call.body()
        key = str((body.get("transition") or {}).get("id", ""))
        if key not in TRANSITIONS:
            raise Refused(
                HTTPStatus.BAD_REQUEST, f"It seems that you have tried to perform a workflow operation ({key}) that is not valid for the current state."
            )
        items = issue_fields.apply(call, issue, body)
        before = issue_fields.shown(call.state, issue, "status")
        issue.status = TRANSITIONS[key][1]
        after = issue_fields.shown(call.state, issue, "status")
        was, issue.resolved = issue.resolved, call.state.clock() if issue.status == DONE else None
        if (was is None) is not (issue.resolved is None):
            ends: tuple[str | None, ...] = (None, None, "10000", "Done") if issue.resolved else ("10000", "Done", None, None)
            items = (*items, ChangeItem("resolution", "resolution", *ends))
        self._changed(call, issue, (*items, ChangeItem("status", "status", *before, *after)), kind="issue_generic")
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _changelog(self, call: Call) -> web.Response:
        issue = call.issue()
        return web.json_response(call.page(issue.changes, shapes(call).change, most=100))

    async def _link(self, call: Call) -> web.Response:
        body = await call.body()
        call.login()
        wanted = body.get("type") or {}
        kind = next((link for link in LINK_TYPES.values() if wanted.get("id") == link.id or wanted.get("name") == link.name), None)
        if kind is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"No issue link type with name '{wanted.get('name')}' found.")
        source, target = (self._end(call, body, name) for name in ("inwardIssue", "outwardIssue"))
        link = call.state.add_link(kind.id, source, target)
        self._webhooks.link(call, "issuelink_created", link)
        return web.Response(status=HTTPStatus.CREATED)

    def _end(self, call: Call, body: Json, name: str) -> Issue:
        told = body.get(name) or {}
        return call.issue_named(str(told.get("id") or told.get("key") or ""), permission="LINK_ISSUES")

    def _found(self, call: Call) -> Link:
        """A link is seen by who sees both ends."""
        link = call.state.links.get(int(call.part("link"))) if call.part("link").isdigit() else None
        if link is None or not all(call.permissions.sees_issue(call.viewer, call.state.issues[end]) for end in (link.source, link.target)):
            raise Refused(HTTPStatus.NOT_FOUND, f"No issue link with id '{call.part('link')}' exists.")
        return link

    async def _get_link(self, call: Call) -> web.Response:
        return web.json_response(shapes(call).link(self._found(call)))

    async def _unlink(self, call: Call) -> web.Response:
        call.login()
        link = self._found(call)
        source = call.issue_named(str(link.source), permission="LINK_ISSUES")
        del call.state.links[link.id]
        for issue in (source, call.state.issues[link.target]):
            call.state.touch(issue)
        self._webhooks.link(call, "issuelink_deleted", link)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _link_types(self, call: Call) -> web.Response:
        small = shapes(call).small
        return web.json_response({"issueLinkTypes": [small.link_type(key) for key in LINK_TYPES]})
