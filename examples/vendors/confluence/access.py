"""Who calls, and what of the site that caller may use.

Cloud: basic authentication with mail and API token, https://developer.atlassian.com/cloud/confluence/basic-auth-for-rest-apis/. Data Center: a personal
access token as bearer, https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html, or basic with user name and password (here
the token). No ``Authorization`` is the anonymous caller; a wrong one is 401.

Administrators see everything; where the seed says ``admin_key``, Cloud's do so only with the header ``Atl-Confluence-With-Admin-Key: true``
(https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-admin-key/; that the key must first be made is not modelled).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from examples.vendors.confluence import permissions
from examples.vendors.confluence.refusals import ForbiddenError, NotFoundError, UnauthorizedError
from examples.vendors.confluence.state import Content, Kind, Person, Site, Space


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's view of the site. What the caller may not see is not there."""

    site: Site
    person: Person | None
    sees_all: bool

    @property
    def id(self) -> str:
        """The account that a change is made by; the anonymous caller changes nothing."""
        if self.person is None:
            raise UnauthorizedError
        return self.person.id

    def administrator(self) -> Person:
        if self.person is None or not self.person.admin:
            raise ForbiddenError("Administrators only")
        return self.person

    def sees(self, content: Content) -> bool:
        return permissions.may_read(self.site, self.person, content, sees_all=self.sees_all)

    def sees_space(self, space: Space) -> bool:
        return self.sees_all or permissions.may_read_space(self.site, self.person, space.id)

    def content(self, wire_id: str, *kinds: Kind) -> Content:
        """By id, in any state; what is in the trash is there for administrators and for its author."""
        number = wire_id.removeprefix("att")
        content = self.site.contents.get(int(number)) if number.isascii() and number.isdigit() else None
        if content is None or (kinds and content.kind not in kinds) or not (self.sees(content) or self._sees_trashed(content)):
            raise NotFoundError(kinds[0] if kinds else "content")
        return content

    def editable(self, wire_id: str, *kinds: Kind) -> Content:
        """What the caller may change: seen, and not kept by an edit restriction for others."""
        content = self.content(wire_id, *kinds)
        account = self.id
        keepers = self.site.restrictions.get(content.container or content.id, {}).get("update")
        if not keepers or self.sees_all or account in keepers.users or any(account in self.site.members.get(group, ()) for group in keepers.groups):
            return content
        raise ForbiddenError("An edit restriction does not name the caller")

    def seen(self, contents: Iterable[Content]) -> list[Content]:
        return [content for content in contents if self.sees(content)]

    def seen_in(self, contents: Iterable[Content], statuses: Iterable[str]) -> list[Content]:
        """Listings by status. Drafts are in none; the trash is for administrators."""
        wanted = set(statuses) - {"draft"}
        return [content for content in contents if content.status in wanted and (self.sees(content) or self._sees_trashed(content))]

    def space_by_id(self, number: str) -> Space:
        return self._space(self.site.spaces.get(int(number)) if number.isascii() and number.isdigit() else None)

    def space_by_key(self, key: str) -> Space:
        return self._space(self.site.space_by_key(key))

    def _space(self, space: Space | None) -> Space:
        if space is None or not self.sees_space(space):
            raise NotFoundError("space")
        return space

    def _sees_trashed(self, content: Content) -> bool:
        return content.status == "trashed" and self.person is not None and (self.sees_all or content.author == self.person.id)


def caller_of(site: Site, request: web.Request) -> Caller:
    """Raises UnauthorizedError for credentials that nobody has."""
    header = request.headers.get("Authorization")
    if header is None:
        return Caller(site, None, sees_all=False)
    person = _bearer(site, header) if site.edition == "datacenter" and header.startswith("Bearer ") else _basic(site, header)
    if person is None or not person.active:
        raise UnauthorizedError
    with_key = not site.admin_key_required or request.headers.get("Atl-Confluence-With-Admin-Key", "").lower() == "true"
    return Caller(site, person, sees_all=person.admin and (with_key or site.edition == "datacenter"))


def _bearer(site: Site, header: str) -> Person | None:
    token = header.removeprefix("Bearer ")
    return next((person for person in site.people.values() if person.token == token), None)


def _basic(site: Site, header: str) -> Person | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    mine = (person for person in site.people.values() if person.token == token)
    return next((person for person in mine if name == (person.email if site.edition == "cloud" else person.name)), None)
