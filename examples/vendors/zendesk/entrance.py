"""Who asks. https://developer.zendesk.com/api-reference/introduction/security-and-auth/

An API token belongs to the account: ``mail/token:TOKEN`` acts for any user. An OAuth access token belongs to one user. Help Center reads also answer visitors.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from aiohttp import web

from examples.vendors.zendesk.errors import refusal
from examples.vendors.zendesk.permissions import Viewer, viewer
from examples.vendors.zendesk.records import User
from examples.vendors.zendesk.state import Desk


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    who: Viewer


class Entrance:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def visitor(self, request: web.Request) -> Viewer:
        """Anyone: without credentials a visitor, with wrong ones refused."""
        return self.person(request).who if "Authorization" in request.headers else Viewer(None)

    def person(self, request: web.Request) -> SignedIn:
        user_id = self._user_id(request.headers.get("Authorization", ""))
        who = viewer(self._desk, user_id)
        if who.user is None:
            raise refusal(401)
        return SignedIn(who.user, who)

    def staff(self, request: web.Request) -> SignedIn:
        """An agent or an admin; an end user may not use these routes."""
        person = self.person(request)
        if not person.who.is_staff:
            raise refusal(403)
        return person

    def admin(self, request: web.Request) -> SignedIn:
        person = self.person(request)
        if not person.who.is_admin:
            raise refusal(403)
        return person

    def _user_id(self, authorization: str) -> int | None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._desk.oauth_tokens.get(given)
        try:
            login, _, secret = base64.b64decode(given, validate=True).decode().rpartition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        mail, _, kind = login.rpartition("/")
        user = self._desk.people.by_email(mail)
        return user.id if scheme.lower() == "basic" and kind == "token" and secret in self._desk.api_tokens and user else None
