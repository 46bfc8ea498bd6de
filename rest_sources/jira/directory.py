"""Every account with its principals: itself, its groups, and the combinations of them that documents may ask for (see ``audience``).

Which combinations those are follows from the projects' permissions alone: for each project, security level and kind of restriction the audience is worked out as for an issue, with atoms
that stand for whomever an issue may name. An account holds a combination that it fills: its own id where a person is named, any of its groups where a group is. So an account's
combinations are about as many as its groups times the groups that browse permissions and levels name.

Accounts are the active members of groups: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-groups/. Access to a product comes with a group ("Default groups and
permissions", https://support.atlassian.com/user-management/docs/default-groups-and-permissions/), so who is in none reads nothing. On Cloud, customers of a service desk and apps hold nothing either:
customers read through the portal, by other rules. Who is not listed any more holds nothing any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from rest_sources.api import UnexpectedAnswerError
from rest_sources.jira import audience
from rest_sources.jira.audience import ANY_ACCOUNT, PUBLIC, Audience, Clause
from rest_sources.jira.edition import Edition
from rest_sources.jira.holders import Holder, anyone_named
from rest_sources.jira.rules import Rules
from rest_sources.source import Account

_PERSON: Final = "atlassian"
_ANY_USER: Final = "?user:"
_ANY_GROUP: Final = "?group:"
_MOST_PICKED: Final = 10_000
_COMMENT_GROUP: Final = audience.of(f"{_ANY_GROUP}comment")


@dataclass(slots=True)
class _Person:
    mail: str
    groups: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class ProjectReaders:
    """Who browses a project, who is in its levels, who has its roles; atoms stand for what an issue names. ``levels`` is without those that Jira does not tell."""

    browse: Audience
    levels: dict[str, Audience]
    roles: dict[str, Audience]

    def combinations(self) -> Iterator[Clause]:
        """All that a document below may ask for at once."""
        for readers in (self.browse, *(audience.all_of([self.browse, level]) for level in self.levels.values())):
            yield from readers
            for further in (_COMMENT_GROUP, *self.roles.values()):
                yield from audience.all_of([readers, further])


async def project_readers(rules: Rules, project: str) -> ProjectReaders:
    browsers, levels, roles = await asyncio.gather(rules.browsers(project), rules.levels(project), rules.roles(project))
    members = dict(zip(levels or (), await asyncio.gather(*(rules.members(level) for level in levels or ())), strict=True))
    actors = dict(zip(roles.values(), await asyncio.gather(*(rules.role(project, role) for role in roles.values())), strict=True))
    named: set[Holder] = {holder for holders in (browsers, *members.values()) for holder in holders or ()}
    known = await rules.project(project, named)

    def who(holders: tuple[Holder, ...] | None) -> Audience:
        return known.audience(holders or (), anyone_named)[0]

    told = {level: who(holders) for level, holders in members.items() if holders is not None}
    return ProjectReaders(who(browsers), told, {role: acting for role, acting in actors.items() if acting is not None})


class Directory:
    def __init__(self, rules: Rules, edition: Edition, source: str) -> None:
        self._rules = rules
        self._edition = edition
        self._source = source

    async def accounts(self, projects: Iterable[str]) -> AsyncIterator[Account]:
        found = [await project_readers(self._rules, project) for project in projects]
        asked = {clause for readers in found for clause in readers.combinations() if len(clause) > 1}
        people = await self._people()
        for identifier in sorted(people):
            yield Account(identifier, people[identifier].mail, frozenset(self._held(identifier, people[identifier], asked)))

    def _held(self, identifier: str, person: _Person, asked: Iterable[Clause]) -> Iterator[str]:
        own = audience.user(identifier)
        groups = {audience.group(group) for group in person.groups}
        held = {own, ANY_ACCOUNT, *groups}
        yield PUBLIC
        for atom in held:
            yield audience.principal(self._source, frozenset({atom}))
        for clause in asked:
            for filled in _filled(clause, own, groups, held):
                yield audience.principal(self._source, filled)

    async def _people(self) -> dict[str, _Person]:
        people: dict[str, _Person] = {}
        for group, parameters in await self._groups():
            async for member in self._rules.pages("group/member", parameters):
                if not member.flag("active", default=True) or (self._edition.cloud and member.text("accountType", _PERSON) != _PERSON):
                    continue
                person = people.setdefault(self._edition.user_id(member), _Person(member.text("emailAddress", "")))
                person.groups.add(group)
        return people

    async def _groups(self) -> list[tuple[str, dict[str, str | int]]]:
        """Each group's id, and what asks for its members."""
        if self._edition.cloud:
            found = [self._edition.group_id(group) async for group in self._rules.pages("group/bulk", {})]
            return [(group, {"groupId": group}) for group in found]
        shown = await self._rules.get("groups/picker", {"query": "", "maxResults": _MOST_PICKED})
        picked = shown.each("groups") if shown else ()
        if shown and len(picked) < shown.number("total"):
            raise UnexpectedAnswerError(
                f"Jira names {len(picked)} of {shown.number('total')} groups.",
                "Raise jira.ajax.autocomplete.limit in jira-config.properties above the number of groups.",
            )
        return [(self._edition.group_id(group), {"groupname": group.text("name")}) for group in picked]


def _filled(clause: Clause, own: str, groups: set[str], held: set[str]) -> Iterator[Clause]:
    """The clause with this account in place of whomever an issue names, in each way in which the account holds all of it. Those of one atom it holds anyway."""
    fixed = {atom for atom in clause if not atom.startswith("?")}
    if not fixed <= held:
        return
    if any(atom.startswith(_ANY_USER) for atom in clause):
        fixed.add(own)
    open_groups = sum(atom.startswith(_ANY_GROUP) for atom in clause)
    for chosen in product(sorted(groups), repeat=open_groups):
        for filled in audience.all_of([frozenset({frozenset(fixed | set(chosen))})]):
            if len(filled) > 1:
                yield filled
