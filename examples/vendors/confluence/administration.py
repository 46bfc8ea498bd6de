"""What administrators do: restrictions, space permissions, spaces, groups. Each function changes the state and tells what the vendor's webhooks tell.

Membership of a group changes without any event: none is documented, neither at https://developer.atlassian.com/cloud/confluence/modules/webhook nor at
https://confluence.atlassian.com/doc/managing-webhooks-1021225606.html. A sync client has to look.
"""

from __future__ import annotations

from dataclasses import replace

from examples.vendors.confluence import changes
from examples.vendors.confluence.refusals import InvalidError
from examples.vendors.confluence.state import Content, Event, Group, Operation, Person, PrincipalKind, Principals, Site, Space, SpacePermission


def restrict(site: Site, actor: str, content: Content, wanted: dict[Operation, Principals]) -> None:
    """Put these restrictions in the place of all there are; tells only of a difference."""
    if content.kind not in {"page", "blogpost"}:
        raise InvalidError("Restrictions can be set for pages and blog posts only")
    named = {operation: principals for operation, principals in wanted.items() if principals}
    if named == site.restrictions.get(content.id, {}):
        return
    site.restrictions[content.id] = named
    site.tell(Event("content_permissions_updated", actor, site.tick(), content=content))


def name_in_restriction(site: Site, actor: str, content: Content, operation: Operation, who: Person | Group, *, present: bool) -> None:
    """Add one person or group to a restriction, or take one out of it."""
    now = site.restrictions.get(content.id, {}).get(operation, Principals())
    one = frozenset({who.id})
    if isinstance(who, Person):
        new = replace(now, users=now.users | one if present else now.users - one)
    else:
        new = replace(now, groups=now.groups | one if present else now.groups - one)
    restrict(site, actor, content, {**site.restrictions.get(content.id, {}), operation: new})


def grant(site: Site, actor: str | None, space: Space, kind: PrincipalKind, principal: str, operation: tuple[str, str] = ("read", "space")) -> SpacePermission:
    """Give an (operation, target); what is there already is given back. ``actor`` None: while the site is filled, without an event."""
    held = site.space_permissions.setdefault(space.id, {})
    same = (known for known in held.values() if (known.kind, known.principal, known.operation, known.target) == (kind, principal, *operation))
    if (known := next(same, None)) is not None:
        return known
    permission = SpacePermission(site.new_id(), kind, principal, *operation)
    held[permission.id] = permission
    if actor is not None:
        site.tell(Event("space_permissions_updated", actor, site.tick(), space=space))
    return permission


def revoke(site: Site, actor: str, space: Space, permission: SpacePermission) -> None:
    del site.space_permissions[space.id][permission.id]
    site.tell(Event("space_permissions_updated", actor, site.tick(), space=space))


def create_space(site: Site, actor: str, key: str, name: str) -> Space:
    """With a home page, and with all operations for whoever makes it."""
    if site.space_by_key(key) is not None:
        raise InvalidError(f"A space already exists with key {key}")
    space = Space(site.new_id(), key, name, "personal" if key.startswith("~") else "global", actor, site.tick())
    site.spaces[space.id] = space
    for operation in (("read", "space"), ("administer", "space"), ("create", "page")):
        grant(site, None, space, "user", actor, operation)
    home = changes.create(site, actor, changes.New("page", space.id, f"{name} Home"))
    space = site.spaces[space.id] = replace(space, homepage=home.id)
    site.tell(Event("space_created", actor, site.tick(), space=space))
    return space


def rename_space(site: Site, actor: str, space: Space, name: str) -> Space:
    space = site.spaces[space.id] = replace(space, name=name)
    site.tell(Event("space_updated", actor, site.tick(), space=space))
    return space


def remove_space(site: Site, actor: str, space: Space) -> None:
    """With all that is in it, of which nothing is told."""
    for number in [content.id for content in site.contents.values() if content.space == space.id]:
        site.drop(number)
    del site.spaces[space.id]
    site.space_permissions.pop(space.id, None)
    site.tell(Event("space_removed", actor, site.tick(), space=space))


def add_group(site: Site, actor: str | None, group: Group) -> Group:
    site.groups[group.id] = group
    site.members.setdefault(group.id, set())
    if actor is not None:
        site.tell(Event("group_created", actor, site.tick(), subject=group))
    return group


def remove_group(site: Site, actor: str, group: Group) -> None:
    """Its space permissions go with it; restrictions go on naming it, and admit nobody by it (not verified)."""
    del site.groups[group.id]
    site.members.pop(group.id, None)
    for held in site.space_permissions.values():
        for number in [known.id for known in held.values() if known.kind == "group" and known.principal == group.id]:
            del held[number]
    site.tell(Event("group_removed", actor, site.tick(), subject=group))


def set_active(site: Site, actor: str, person: Person, *, active: bool) -> None:
    site.people[person.id] = replace(person, active=active)
    site.tell(Event("user_reactivated" if active else "user_deactivated", actor, site.tick(), subject=person))
