"""Whom a grant or a security level names, as Jira writes it, and which accounts that is.

Types: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permission-schemes/#about-permission-schemes-and-grants, and for Data Center
https://developer.atlassian.com/server/jira/platform/rest/ ("Resource for managing permission schemes"), which adds ``reporterWithCreatePermission`` and
``assigneeWithAssignablePermission``. What is not mapped here (those two, ``sd.customer.portal.only``, holders of apps) lets nobody in, and is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rest_sources.jira import audience
from rest_sources.jira.audience import EVERYBODY, LOGGED_IN, NOBODY, Audience
from rest_sources.jira.edition import Edition
from rest_sources.jira.shape import Shape
from rest_sources.readers import named_group

ROLE: Final = "projectRole"
APPLICATION: Final = "applicationRole"
LEAD: Final = "projectLead"
FIELDS: Final = frozenset({"userCustomField", "groupCustomField"})
OF_ISSUE: Final = FIELDS | {"reporter", "assignee"}
"""Only an issue says who these are."""


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """``id`` is a group's, a user's, a role's, an application's or a custom field's; empty where the type says all, or Jira does not say it."""

    kind: str
    id: str = ""


def holder_of(edition: Edition, shown: Shape) -> Holder:
    """Cloud has the group's name in ``parameter`` and its id in ``value``; Data Center has ``parameter`` alone, which for people is their key."""
    kind, parameter = shown.text("type"), shown.text("parameter", "")
    if kind == "group":
        return Holder(kind, shown.text("value", "") if edition.cloud else named_group(parameter))
    return Holder(kind, parameter or shown.text("value", ""))


Named = Callable[[Holder], Audience]
"""Whom the issue at hand names: its reporter, its assignee, the people or groups of a custom field."""


def anyone_named(holder: Holder) -> Audience:
    """Where no issue is at hand: an atom that stands for whoever one may name."""
    return audience.of(f"{'?group:' if holder.kind == 'groupCustomField' else '?user:'}{holder.kind}/{holder.id}")


@dataclass(frozen=True, slots=True)
class Project:
    """What a project's holders are read by. ``roles`` and ``applications`` have those that were asked for, by id and key; None for one that Jira does not show."""

    lead: Audience
    roles: Mapping[str, Audience | None]
    applications: Mapping[str, Audience | None]

    def audience(self, holders: tuple[Holder, ...], named: Named) -> tuple[Audience, tuple[str, ...]]:
        """Whom they let in, and what could not be told."""
        found = {holder: self._one(holder, named) for holder in holders}
        untold = tuple(sorted(f"a {holder.kind} that Jira does not say the members of" for holder, who in found.items() if who is None))
        return audience.any_of(who for who in found.values() if who is not None), untold

    def _one(self, holder: Holder, named: Named) -> Audience | None:
        found: Audience | None = None
        match holder:
            case Holder("anyone"):
                found = EVERYBODY
            case Holder("applicationRole", ""):
                found = LOGGED_IN
            case Holder("applicationRole", key):
                found = self.applications.get(key)
            case Holder("projectRole", role):
                found = self.roles.get(role)
            case Holder("projectLead"):
                found = self.lead
            case Holder("group", str(group)) if group:
                found = audience.of(audience.group(group))
            case Holder("user", str(user)) if user:
                found = audience.of(audience.user(user))
            case Holder(kind) if kind in OF_ISSUE:
                found = named(holder)
        return found


def people(edition: Edition, shown: tuple[Shape, ...]) -> Audience:
    return audience.of(*(audience.user(edition.user_id(person)) for person in shown)) if shown else NOBODY


def groups(edition: Edition, shown: tuple[Shape, ...]) -> Audience:
    return audience.of(*(audience.group(edition.group_id(group)) for group in shown)) if shown else NOBODY
