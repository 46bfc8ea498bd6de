"""Who sees what: Jira's own rules, worked out from the state for one person and one object at a time.

What routes refuse by, and the oracle of tests (``/_control/visible``). It shares no code with what lists grants, roles and members over REST, which is what
a connector reads to reach the same answer.

- An issue is seen by whom BROWSE_PROJECTS is granted to for it, and, where it has a security level, who also is a member of that level. Administrators
  are no exception: https://support.atlassian.com/jira-cloud-administration/docs/configure-issue-security-schemes/
- Grants to reporter, assignee or a custom field let a person see the issues that name him; the project is then listed for everyone who is logged in (not
  verified for Cloud; "Managing project permissions" warns of it for Data Center).
- A comment restricted to a role or group is seen by that role's or group's members alone.
- Inactive people see nothing; people without login see what is granted to "anyone".
"""

from __future__ import annotations

from typing import Final

from examples.vendors.jira.model import Comment, Holder, Issue, Project, User
from examples.vendors.jira.state import Jira
from examples.vendors.jira.vocabulary import BROWSE

_OF_THE_ISSUE: Final = frozenset({"reporter", "assignee", "userCustomField", "groupCustomField"})


class Permissions:
    def __init__(self, state: Jira) -> None:
        self._state = state

    def is_admin(self, user: User | None) -> bool:
        """Whether the person has the global permission Administer Jira."""
        return user is not None and user.active and any(self._in_group(user, name) for name in self._state.admin_groups)

    def has(self, user: User | None, permission: str, project: Project, issue: Issue | None = None) -> bool:
        """One project permission. Without an issue: for the project as a whole."""
        if project.trashed or (user is not None and not user.active):
            return False
        scheme = self._state.permission_schemes[project.permission_scheme]
        return any(self._holds(user, grant.holder, project, issue) for grant in scheme.grants.values() if grant.permission == permission)

    def sees_project(self, user: User | None, project: Project) -> bool:
        return self.has(user, BROWSE, project) or self.has(user, "ADMINISTER_PROJECTS", project)

    def sees_issue(self, user: User | None, issue: Issue) -> bool:
        project = self._state.projects[issue.project]
        return self.has(user, BROWSE, project, issue) and self._passes_level(user, project, issue)

    def may(self, user: User | None, permission: str, issue: Issue) -> bool:
        """A permission on an issue that the person sees."""
        return self.sees_issue(user, issue) and self.has(user, permission, self._state.projects[issue.project], issue)

    def sees_comment(self, user: User | None, issue: Issue, comment: Comment) -> bool:
        told = comment.visibility
        if told is None:
            return self.sees_issue(user, issue)
        if user is None or not self.sees_issue(user, issue):
            return False
        if told.type == "group":
            return self._in_group(user, told.value)
        role = self._state.role(told.value)
        return role is not None and self._in_role(user, self._state.projects[issue.project], role.id)

    def visible_issues(self, user: User | None) -> list[int]:
        """Ids of all issues that the person sees."""
        return [issue.id for issue in self._state.issues.values() if self.sees_issue(user, issue)]

    def _passes_level(self, user: User | None, project: Project, issue: Issue) -> bool:
        if issue.security is None or project.security_scheme is None:
            return True
        level = self._state.security_schemes[project.security_scheme].levels.get(issue.security)
        return level is None or any(self._holds(user, holder, project, issue) for holder in level.members.values())

    def _holds(self, user: User | None, holder: Holder, project: Project, issue: Issue | None) -> bool:
        if user is None or holder.type == "anyone":
            return holder.type == "anyone"
        if holder.type in _OF_THE_ISSUE:
            return issue is None or self._named_by(user, holder, issue)
        held = False
        match holder.type, holder.parameter:
            case "user", wanted:
                held = user.id == wanted
            case "group", str(name):
                held = self._in_group(user, name)
            case "projectRole", str(role):
                held = self._in_role(user, project, int(role))
            case "projectLead", _:
                held = user.id == project.lead
            case "applicationRole", None:
                held = True
            case "applicationRole", str(application):
                held = any(self._in_group(user, name) for name in self._state.applications.get(application, ()))
        return held

    def _named_by(self, user: User, holder: Holder, issue: Issue) -> bool:
        if holder.type in {"reporter", "assignee"}:
            return user.id == (issue.reporter if holder.type == "reporter" else issue.assignee)
        kind, _, names = str(issue.custom.get(holder.parameter or "", "")).partition(":")
        if holder.type == "userCustomField":
            return kind == "user" and names == user.id
        return kind == "groups" and any(self._in_group(user, name) for name in names.split(","))

    def _in_group(self, user: User, name: str) -> bool:
        group = self._state.groups.get(name)
        return group is not None and user.id in group.members

    def _in_role(self, user: User, project: Project, role: int) -> bool:
        return any(user.id == actor.parameter if actor.type == "user" else self._in_group(user, actor.parameter) for actor in project.actors.get(role, ()))
