"""Users, groups, organizations and who belongs where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from examples.vendors.zendesk.records import CustomRole, Group, Membership, Organization, Role, User


class People:
    def __init__(self, tick: Callable[[], float], new_id: Callable[[], int]) -> None:
        self.users: dict[int, User] = {}
        self.groups: dict[int, Group] = {}
        self.organizations: dict[int, Organization] = {}
        self.custom_roles: dict[int, CustomRole] = {}
        self.group_memberships: dict[int, Membership] = {}
        self.organization_memberships: dict[int, Membership] = {}
        self._tick = tick
        self._new_id = new_id
        self._by_email: dict[str, int] = {}

    def create_user(self, name: str, email: str, role: Role) -> User:
        now = self._tick()
        return self.put_user(User(self._new_id(), name, email, now, now, role))

    def put_user(self, user: User) -> User:
        """As it is: a seed keeps its times."""
        self.users[user.id] = user
        self._by_email[user.email.lower()] = user.id
        return user

    def save_user(self, user: User) -> User:
        return self.put_user(replace(user, updated_at=self._tick()))

    def delete_user(self, user_id: int) -> User:
        """Soft: the user stays readable, inactive, and belongs nowhere any more."""
        for kind in (self.group_memberships, self.organization_memberships):
            for membership in _of_user(kind.values(), user_id):
                del kind[membership.id]
        return self.save_user(replace(self.users[user_id], active=False))

    def by_email(self, email: str) -> User | None:
        return self.users.get(self._by_email.get(email.lower(), 0))

    def create_group(self, name: str, *, is_public: bool) -> Group:
        now = self._tick()
        group = Group(self._new_id(), name, now, now, is_public)
        self.groups[group.id] = group
        return group

    def save_group(self, group: Group) -> Group:
        saved = replace(group, updated_at=self._tick())
        self.groups[group.id] = saved
        return saved

    def create_organization(self, name: str) -> Organization:
        now = self._tick()
        organization = Organization(self._new_id(), name, now, now)
        self.organizations[organization.id] = organization
        return organization

    def save_organization(self, organization: Organization) -> Organization:
        saved = replace(organization, updated_at=self._tick())
        self.organizations[organization.id] = saved
        return saved

    def join_group(self, user_id: int, group_id: int) -> Membership:
        return self._join(self.group_memberships, user_id, group_id)

    def join_organization(self, user_id: int, organization_id: int) -> Membership:
        return self._join(self.organization_memberships, user_id, organization_id)

    def group_ids(self, user_id: int) -> frozenset[int]:
        return frozenset(membership.to_id for membership in _of_user(self.group_memberships.values(), user_id))

    def organization_ids(self, user_id: int) -> frozenset[int]:
        return frozenset(membership.to_id for membership in _of_user(self.organization_memberships.values(), user_id))

    def default_organization_id(self, user_id: int) -> int | None:
        return _default(self.organization_memberships.values(), user_id)

    def default_group_id(self, user_id: int) -> int | None:
        return _default(self.group_memberships.values(), user_id)

    def _join(self, kind: dict[int, Membership], user_id: int, to_id: int) -> Membership:
        """The one there is, or a new one; the first is the default."""
        theirs = _of_user(kind.values(), user_id)
        for membership in theirs:
            if membership.to_id == to_id:
                return membership
        made = Membership(self._new_id(), user_id, to_id, self._tick(), default=not theirs)
        kind[made.id] = made
        return made


def _of_user(memberships: Iterable[Membership], user_id: int) -> list[Membership]:
    return [membership for membership in memberships if membership.user_id == user_id]


def _default(memberships: Iterable[Membership], user_id: int) -> int | None:
    theirs = _of_user(memberships, user_id)
    return next((membership.to_id for membership in theirs if membership.default), theirs[0].to_id if theirs else None)
