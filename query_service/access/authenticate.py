"""From a request's headers to its caller: a bearer token or ``X-API-Key``, exactly one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from query_service.access.caller import Caller
from query_service.problems import Problem

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="headrace"'}
_LONGEST_KEY: Final = 512


class Credentials(Protocol):
    """Something that knows keys (query_service.access.keys.KeyRing)."""

    def caller(self, key: str) -> Caller | None: ...


def authenticate(headers: Mapping[str, str], credentials: Credentials) -> Caller:
    """Raises Problem 401 that says which header is missing or wrong."""
    key = _key(headers)
    caller = credentials.caller(key) if len(key) <= _LONGEST_KEY else None
    if caller is None:
        raise _refused("The API key is not known here. Check it, or have its SHA-256 added to the file of HEADRACE_QUERY_API_KEYS_FILE.")
    return caller


def _key(headers: Mapping[str, str]) -> str:
    bearer, plain = headers.get("Authorization", ""), headers.get("X-API-Key", "").strip()
    scheme, _, token = bearer.strip().partition(" ")
    if bearer and plain:
        raise _refused("Both Authorization and X-API-Key were sent; send one of them.")
    if bearer and (scheme.lower() != "bearer" or not token.strip()):
        raise _refused("The header Authorization is not of the form 'Bearer <API key>'.")
    key = token.strip() or plain
    if not key:
        raise _refused("No API key was sent. Add the header 'Authorization: Bearer <API key>' or 'X-API-Key: <API key>'.")
    return key


def _refused(detail: str) -> Problem:
    return Problem(401, "unauthenticated", "Not authenticated", detail, headers=_CHALLENGE)
