"""A Jira's memory: what there is, found by id, key or name, and the changes that a person makes. No HTTP, no permissions, no webhooks.

Every change of an issue, a comment or an attachment moves the issue's ``updated``, never back and never to the same millisecond twice for one issue. A
change of a group, a role, a scheme or a security level moves nothing: Jira keeps no time for these.
"""

from __future__ import annotations

import itertools
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from examples.vendors.jira.model import (
    Actor,
    Attachment,
    Change,
    ChangeItem,
    Comment,
    Edition,
    Grant,
    Group,
    Holder,
    Hook,
    Issue,
    Link,
    Markup,
    OAuthApp,
    PermissionScheme,
    Project,
    Role,
    SecurityScheme,
    User,
    Visibility,
)
from examples.vendors.jira.vocabulary import PERMISSIONS

FIRST_ID: Final = 10000
_GROUPS: Final = uuid.UUID("6f0f8f4e-6d5e-4c1a-9a7e-2a5b0b3f7c11")


def now() -> datetime:
    """The time in whole milliseconds, which is what Jira shows."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Jira:
    def __init__(self, edition: Edition, clock: Callable[[], datetime] = now) -> None:
        self.edition = edition
        self.clock = clock
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        """By name."""
        self.projects: dict[int, Project] = {}
        self.roles: dict[int, Role] = {}
        self.permission_schemes: dict[int, PermissionScheme] = {}
        self.security_schemes: dict[int, SecurityScheme] = {}
        self.issues: dict[int, Issue] = {}
        self.links: dict[int, Link] = {}
        self.hooks: dict[int, Hook] = {}
        self.apps: dict[str, OAuthApp] = {}
        self.fields: dict[str, str] = {}
        """Custom fields: id → name."""
        self.admin_groups: set[str] = {"jira-administrators"}
        self.search_lag_seconds = 0.0
        """How long a change takes to reach the index that searches ask."""
        self.applications: dict[str, set[str]] = {}
        """Application → names of the groups that have access to it."""
        self._ids: defaultdict[str, itertools.count[int]] = defaultdict(lambda: itertools.count(FIRST_ID))
        self._keys: dict[str, int] = {}
        self._default_scheme()

    def next_id(self, kind: str) -> int:
        return next(self._ids[kind])

    def _default_scheme(self) -> None:
        """The scheme of id 0: anyone who is logged in may do all but administer."""
        scheme = PermissionScheme(0, "Default Permission Scheme")
        self.permission_schemes[0] = scheme
        for permission in PERMISSIONS[1:]:
            self.add_grant(scheme, permission, Holder("applicationRole"))

    # Finding

    def user(self, wanted: str | None) -> User | None:
        """By id, and on Data Center by key too."""
        if wanted is None:
            return None
        return self.users.get(wanted) or next((user for user in self.users.values() if user.key and user.key == wanted), None)

    def group(self, wanted: str | None) -> Group | None:
        """By name or id."""
        if wanted is None:
            return None
        return self.groups.get(wanted) or next((group for group in self.groups.values() if group.id == wanted), None)

    def project(self, wanted: str) -> Project | None:
        """By id or key."""
        return next((project for project in self.projects.values() if wanted in {project.key, str(project.id)}), None)

    def issue(self, wanted: str) -> Issue | None:
        """By id or key; a key in any case."""
        return self.issues.get(int(wanted)) if wanted.isdigit() else self.issues.get(self._keys.get(wanted.upper(), 0))

    def role(self, wanted: str) -> Role | None:
        """By id or name."""
        return next((role for role in self.roles.values() if wanted in {str(role.id), role.name}), None)

    def links_of(self, issue: Issue) -> list[Link]:
        return [link for link in self.links.values() if issue.id in {link.source, link.target}]

    # People

    def add_user(self, name: str, mail: str, display_name: str, token: str = "") -> User:
        """``name`` is the accountId on Cloud, the username on Data Center."""
        key = f"JIRAUSER{self.next_id('user')}" if self.edition is Edition.DATACENTER else ""
        user = User(name, key, mail, display_name, token or f"{name}-token")
        self.users[name] = user
        return user

    def remove_user(self, user: User) -> None:
        del self.users[user.id]
        for group in self.groups.values():
            group.members.pop(user.id, None)

    def add_group(self, name: str, members: Iterable[str] = ()) -> Group:
        group = self.groups[name] = Group(str(uuid.uuid5(_GROUPS, name)), name, dict.fromkeys(members))
        return group

    # Projects and schemes

    def add_project(self, key: str, name: str, lead: str | None, permission_scheme: int = 0, security_scheme: int | None = None) -> Project:
        project = Project(self.next_id("project"), key, name, lead, permission_scheme, security_scheme)
        self.projects[project.id] = project
        return project

    def remove_project(self, project: Project) -> None:
        """With all its issues, each without an event of its own."""
        for issue in [issue for issue in self.issues.values() if issue.project == project.id]:
            self.remove_issue(issue)
        del self.projects[project.id]

    def add_role(self, name: str) -> Role:
        role = Role(self.next_id("role"), name)
        self.roles[role.id] = role
        return role

    def add_actor(self, project: Project, role: Role, kind: str, parameter: str) -> None:
        actors = project.actors.setdefault(role.id, [])
        if not any((actor.type, actor.parameter) == (kind, parameter) for actor in actors):
            actors.append(Actor(self.next_id("actor"), kind, parameter))

    def add_grant(self, scheme: PermissionScheme, permission: str, holder: Holder) -> Grant:
        grant = Grant(self.next_id("grant"), permission, holder)
        scheme.grants[grant.id] = grant
        return grant

    # Issues

    def add_issue(self, project: Project, summary: str, creator: str, kind: str, status: str, description: Markup | None = None) -> Issue:
        project.issues_made += 1
        moment = self.clock()
        key = f"{project.key}-{project.issues_made}"
        issue = Issue(self.next_id("issue"), key, project.id, summary, description, kind, status, "3", creator, creator, moment, moment)
        self.issues[issue.id] = issue
        self._keys[key] = issue.id
        return issue

    def remove_issue(self, issue: Issue) -> None:
        for link in self.links_of(issue):
            del self.links[link.id]
        del self.issues[issue.id]
        del self._keys[issue.key]

    def touch(self, issue: Issue) -> datetime:
        """Move ``updated`` on, and say to when."""
        issue.moves.append(issue.updated)
        issue.updated = max(self.clock(), issue.updated + timedelta(milliseconds=1))
        return issue.updated

    def indexed(self, issue: Issue) -> Issue | None:
        """As the search index knows it: None while it is too new, with an earlier ``updated`` while its last change is."""
        horizon = self.clock() - timedelta(seconds=self.search_lag_seconds)
        if not self.search_lag_seconds or issue.updated <= horizon:
            return issue
        earlier = [moment for moment in issue.moves if moment <= horizon]
        return replace(issue, updated=earlier[-1]) if earlier else None

    def record(self, issue: Issue, author: str, items: tuple[ChangeItem, ...]) -> Change:
        """An entry of the issue's history."""
        change = Change(self.next_id("change"), author, self.touch(issue), items)
        issue.changes.append(change)
        return change

    def add_comment(self, issue: Issue, author: str, body: Markup, visibility: Visibility | None = None) -> Comment:
        moment = self.touch(issue)
        comment = Comment(self.next_id("comment"), author, body, moment, moment, author, visibility)
        issue.comments[comment.id] = comment
        return comment

    def add_attachment(self, issue: Issue, author: str, filename: str, mime_type: str, content: bytes) -> Attachment:
        attachment = Attachment(self.next_id("attachment"), filename, mime_type, content, author, self.touch(issue))
        issue.attachments[attachment.id] = attachment
        return attachment

    def attachment(self, number: int) -> tuple[Issue, Attachment] | None:
        return next(((issue, issue.attachments[number]) for issue in self.issues.values() if number in issue.attachments), None)

    def add_link(self, kind: str, source: Issue, target: Issue) -> Link:
        link = Link(self.next_id("link"), kind, source.id, target.id)
        self.links[link.id] = link
        for issue in (source, target):
            self.touch(issue)
        return link
