"""A project's permissions, read as Jira has them now: who is granted to browse, who is in a security level, who is in a role.

Our account needs the global permission Administer Jira: without it Jira tells nobody's permissions but our own. Pages:
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-project-permission-schemes/, .../api-group-project-roles/, .../api-group-issue-security-schemes/,
.../api-group-application-roles/. Data Center's reference (https://developer.atlassian.com/server/jira/platform/rest/) has the same but for the members of a security
level, which it does not list anywhere: there an issue with a level is readable for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from rest_sources.api import Api, Parameters
from rest_sources.jira import audience
from rest_sources.jira.audience import NOBODY, Audience
from rest_sources.jira.edition import Edition
from rest_sources.jira.holders import APPLICATION, LEAD, ROLE, Holder, Project, groups, holder_of, people
from rest_sources.jira.shape import Shape
from rest_sources.jira.together import Together
from rest_sources.readers import named_group

_BROWSE: Final = "BROWSE_PROJECTS"
_PAGE: Final = 50
Holders = tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class About:
    """A project as it introduces itself."""

    id: str
    key: str
    name: str
    lead: Audience


class Rules:
    def __init__(self, api: Api, edition: Edition) -> None:
        self._api = api
        self._edition = edition
        self._abouts: Together[About | None] = Together()
        self._holders: Together[Holders | None] = Together()
        self._audiences: Together[Audience | None] = Together()
        self._roles: Together[Mapping[str, str]] = Together()
        self._levels: Together[tuple[str, ...] | None] = Together()

    async def get(self, path: str, parameters: Parameters | None = None) -> Shape | None:
        """The answer's object, or None where there is no such thing."""
        answer = await self._api.get(self._edition.path(path), parameters)
        return None if answer is None else Shape(answer.body, path.partition("?")[0])

    async def pages(self, path: str, parameters: Parameters, name: str = "values") -> AsyncIterator[Shape]:
        """Everything in a paged list: https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#pagination. Ends early where the list is gone."""
        start = 0
        while (page := await self.get(path, {**parameters, "startAt": start, "maxResults": _PAGE})) is not None:
            found = page.each(name)
            for one in found:
                yield one
            start += len(found)
            if not found or start >= page.number("total"):
                return

    async def about(self, project: str) -> About | None:
        """By id or key."""
        return await self._abouts.ask(project, lambda: self._about(project))

    async def browsers(self, project: str) -> Holders | None:
        """Whom the permission scheme lets browse the project; None where Jira does not say."""
        return await self._holders.ask(("browse", project), lambda: self._browsers(project))

    async def members(self, level: str) -> Holders | None:
        """Who is in a security level; None where Jira does not say."""
        return await self._holders.ask(("level", level), lambda: self._members(level))

    async def levels(self, project: str) -> tuple[str, ...] | None:
        """Ids of the project's security levels; None where it has no security scheme."""
        return await self._levels.ask(project, lambda: self._level_ids(project))

    async def roles(self, project: str) -> Mapping[str, str]:
        """Role name → id. Every project has all roles."""
        return await self._roles.ask(project, lambda: self._role_ids(project))

    async def role(self, project: str, role: str) -> Audience | None:
        """A role's actors in this project."""
        return await self._audiences.ask(("role", project, role), lambda: self._actors(project, role))

    async def project(self, project: str, holders: Iterable[Holder]) -> Project:
        """What these holders are read by."""
        wanted = set(holders)
        roles = sorted(holder.id for holder in wanted if holder.kind == ROLE)
        applications = sorted(holder.id for holder in wanted if holder.kind == APPLICATION and holder.id)
        found = await asyncio.gather(
            *(self.role(project, role) for role in roles),
            *(self._audiences.ask(("application", key), lambda key=key: self._application(key)) for key in applications),  # type: ignore[misc]
        )
        about = await self.about(project) if any(holder.kind == LEAD for holder in wanted) else None
        return Project(about.lead if about else NOBODY, dict(zip(roles, found, strict=False)), dict(zip(applications, found[len(roles) :], strict=True)))

    async def _about(self, project: str) -> About | None:
        shown = await self.get(f"project/{project}")
        if shown is None:
            return None
        lead = shown.maybe("lead")
        return About(shown.identifier("id"), shown.text("key"), shown.text("name"), people(self._edition, (lead,) if lead else ()))

    async def _browsers(self, project: str) -> Holders | None:
        shown = await self.get(f"project/{project}/permissionscheme", {"expand": "permissions"})
        if shown is None or not shown.has("permissions"):
            return None
        return tuple(sorted(holder_of(self._edition, grant.inside("holder")) for grant in shown.each("permissions") if grant.text("permission") == _BROWSE))

    async def _members(self, level: str) -> Holders | None:
        if not self._edition.cloud:
            return None
        rows = self.pages("issuesecurityschemes/level/member", {"levelId": level})
        return tuple(sorted([holder_of(self._edition, row.inside("holder")) async for row in rows if row.text("issueSecurityLevelId") == level]))

    async def _level_ids(self, project: str) -> tuple[str, ...] | None:
        shown = await self.get(f"project/{project}/issuesecuritylevelscheme")
        return None if shown is None or not shown.has("id") else tuple(sorted(level.identifier("id") for level in shown.each("levels")))

    async def _role_ids(self, project: str) -> Mapping[str, str]:
        """``{"Developers": "https://…/project/10000/role/10002"}``: the id ends the URL."""
        shown = await self.get(f"project/{project}/role")
        return {} if shown is None else {name: shown.text(name).rpartition("/")[2] for name in sorted(shown.names())}

    async def _actors(self, project: str, role: str) -> Audience | None:
        shown = await self.get(f"project/{project}/role/{role}")
        if shown is None:
            return None
        return audience.any_of([await self._actor(actor) for actor in shown.each("actors")])

    async def _actor(self, actor: Shape) -> Audience:
        """A group or a person; an actor of an app is nobody whom we could name."""
        match actor.text("type"):
            case "atlassian-group-role-actor":
                group = actor.maybe("actorGroup") or actor
                return groups(self._edition, (group,))
            case "atlassian-user-role-actor":
                return await self._acting_user(actor)
        return NOBODY

    async def _acting_user(self, actor: Shape) -> Audience:
        """Data Center may name a person by the username alone, whose key has to be asked for."""
        person = actor.maybe("actorUser")
        if person is None and not self._edition.cloud:
            person = await self.get("user", {"username": actor.text("name")})
        return people(self._edition, (person,) if person else ())

    async def _application(self, key: str) -> Audience | None:
        shown = await self.get(f"applicationrole/{quote(key, safe='')}")
        if shown is None:
            return None
        if self._edition.cloud:
            return groups(self._edition, shown.each("groupDetails"))
        return audience.of(*(audience.group(named_group(name)) for name in shown.texts("groups")))
