"""Every account with what it may read now: the vendor's rules for agents, customers and user segments, worked out from users, memberships, groups, organizations and roles.

- Admins see everything.
- An agent sees by role or restriction (``ticket_access`` of a custom role: …/account-configuration/custom_roles/#configuration; else ``ticket_restriction``: …/users/users/#json-format).
  A private group's tickets are for its members and admins, and for custom roles that may see all
  (https://support.zendesk.com/hc/en-us/articles/4767122732058, https://support.zendesk.com/hc/en-us/articles/4988173561370).
- A customer sees the organization's tickets where it shares them, or where the customer's own restriction is ``organization``: the more permissive wins
  (https://support.zendesk.com/hc/en-us/articles/4408893451290).
- Segments: https://developer.zendesk.com/api-reference/help_center/help-center-api/user_segments/#json-format; the user type, groups, organizations, all ``tags`` and one of ``or_tags`` must
  fit, where an empty list restricts nothing, or the user was added by hand.
- Suspended and deleted users hold nothing, and are not given at all. An unknown role, restriction, access or user type gives nothing either.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from rest_sources.api import Api, ForbiddenError
from rest_sources.source import PUBLIC, Account
from rest_sources.zendesk.answers import CustomRole, Group, GroupMembership, Organization, OrganizationMembership, User, UserSegment, each
from rest_sources.zendesk.paging import all_of
from rest_sources.zendesk.principals import Principals

Item = TypeVar("Item")
Access = Literal["everything", "open groups", "groups", "organizations", "assigned", "nothing"]
_BY_ROLE: Final[Mapping[str | None, Access]] = {
    "all": "everything",
    "within-groups-and-public-groups": "open groups",
    "within-groups": "groups",
    "within-organization": "organizations",
    "assigned-only": "assigned",
}
_BY_RESTRICTION: Final[Mapping[str | None, Access]] = {None: "open groups", "groups": "groups", "organization": "organizations", "assigned": "assigned"}
_WITHOUT_TICKETS: Final = frozenset({2, 3})
"""Chat agents and contributors, by ``role_type``: which tickets they see is not documented."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an account's rights depend on, besides the account itself."""

    groups: Mapping[int, Group] = field(default_factory=dict)
    organizations: Mapping[int, Organization] = field(default_factory=dict)
    roles: Mapping[int, CustomRole] = field(default_factory=dict)
    segments: tuple[UserSegment, ...] = ()
    group_ids: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """By user."""
    organization_ids: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """By user."""


async def read_accounts(api: Api, source: str, *, articles: bool) -> AsyncIterator[Account]:
    """All users that are neither suspended nor deleted, a hundred at a request."""
    rights = Rights(Principals(source), await _surroundings(api, articles=articles))
    async for user in all_of(api, "/api/v2/users", "users", User):
        if user.active and not user.suspended:
            yield Account(str(user.id), user.email or "", frozenset(rights.of(user)))


async def _surroundings(api: Api, *, articles: bool) -> Surroundings:
    groups, organizations, roles, segments, in_groups, in_organizations = await asyncio.gather(
        _listed(all_of(api, "/api/v2/groups", "groups", Group)),
        _listed(all_of(api, "/api/v2/organizations", "organizations", Organization)),
        _roles(api),
        _segments(api, wanted=articles),
        _joined((it.user_id, it.group_id) async for it in all_of(api, "/api/v2/group_memberships", "group_memberships", GroupMembership)),
        _joined(
            (it.user_id, it.organization_id) async for it in all_of(api, "/api/v2/organization_memberships", "organization_memberships", OrganizationMembership)
        ),
    )
    by_id = {it.id: it for it in organizations}
    return Surroundings({it.id: it for it in groups}, by_id, roles, segments, in_groups, in_organizations)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user holds in these surroundings. Pure."""

    principals: Principals
    surroundings: Surroundings

    def of(self, user: User) -> Iterator[str]:
        yield PUBLIC
        yield self.principals.user(user.id)
        yield self.principals.signed_in
        for segment in self.surroundings.segments:
            if self._is_in(user, segment):
                yield self.principals.segment(segment.id)
        match user.role:
            case "admin":
                yield self.principals.admins
            case "agent":
                yield self.principals.agent(user.id)
                yield from self._tickets(user, self._access(user))
            case "end-user":
                yield from self._shared(user)

    def _access(self, user: User) -> Access:
        if user.role_type in _WITHOUT_TICKETS:
            return "nothing"
        if user.custom_role_id is None:
            return _BY_RESTRICTION.get(user.ticket_restriction, "nothing")
        role = self.surroundings.roles.get(user.custom_role_id)
        return _BY_ROLE.get(role.configuration.ticket_access, "nothing") if role else "nothing"

    def _tickets(self, user: User, access: Access) -> Iterator[str]:
        own = self.surroundings.group_ids.get(user.id, frozenset())
        every: list[int | None] = [None, *self.surroundings.groups]
        # Beyond their own, private groups are closed to everyone but admins and roles that may see everything.
        opened = [number for number in every if number is None or number in own or self.surroundings.groups[number].is_public]
        match access:
            case "everything":
                yield from map(self.principals.group_tickets, every)
            case "open groups":
                yield from map(self.principals.group_tickets, opened)
            case "groups":
                yield from map(self.principals.group_tickets, own)
            case "organizations":
                for organization in self.surroundings.organization_ids.get(user.id, ()):
                    yield from (self.principals.organization_tickets(organization, group) for group in opened)
            case "assigned":
                yield from (self.principals.assigned_tickets(user.id, group) for group in opened)
            case "nothing":
                pass

    def _shared(self, user: User) -> Iterator[str]:
        for number in self.surroundings.organization_ids.get(user.id, ()):
            organization = self.surroundings.organizations.get(number)
            if user.ticket_restriction == "organization" or (organization and organization.shared_tickets):
                yield self.principals.customers(number)

    def _is_in(self, user: User, segment: UserSegment) -> bool:
        if user.id in segment.added_user_ids:
            return True
        if segment.user_type not in ("signed_in_users", "staff") or (segment.user_type == "staff" and user.role not in ("agent", "admin")):
            return False
        tags = frozenset(user.tags)
        any_of = (
            (segment.group_ids, self.surroundings.group_ids.get(user.id, frozenset())),
            (segment.organization_ids, self.surroundings.organization_ids.get(user.id, frozenset())),
            (segment.or_tags, tags),
        )
        return tags.issuperset(segment.tags) and all(not wanted or not had.isdisjoint(wanted) for wanted, had in any_of)


async def _listed(found: AsyncIterator[Item]) -> list[Item]:
    return [item async for item in found]


async def _joined(pairs: AsyncIterator[tuple[int, int]]) -> Mapping[int, frozenset[int]]:
    joined: defaultdict[int, set[int]] = defaultdict(set)
    async for user_id, to_id in pairs:
        joined[user_id].add(to_id)
    return {user_id: frozenset(ids) for user_id, ids in joined.items()}


async def _roles(api: Api) -> Mapping[int, CustomRole]:
    """All at once, as documented. None on plans without custom roles, which answer 403 or 404: no user has one there."""
    try:
        answer = await api.get("/api/v2/custom_roles")
    except ForbiddenError:
        return {}
    return {role.id: role for role in each(answer.body, "custom_roles", CustomRole)} if answer else {}


async def _segments(api: Api, *, wanted: bool) -> tuple[UserSegment, ...]:
    if not wanted:
        return ()
    return tuple([segment async for segment in all_of(api, "/api/v2/help_center/user_segments", "user_segments", UserSegment)])
