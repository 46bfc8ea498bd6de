"""Who asks: a source's credentials as httpx sends them, and the secrets of its webhooks. References are resolved here, at the start and where a vendor refuses them, and kept nowhere else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Mapping
from typing import Final

import httpx
import structlog

from connectors.process import CannotStartError
from contracts.sources import CollectedSource, RestSource, SecretMissingError, resolve_secret

_LEAST_SECRET_CHARS: Final = 8
_log = structlog.get_logger()


class CredentialsError(CannotStartError):
    """A secret that is missing or cannot be one. The text names the source, the reference and the cure; never the secret."""


class SourceAuth(httpx.Auth):
    """``Authorization`` for a source. Where the vendor refuses it, the reference is resolved again: a token that was replaced in its file is in force with the next request, without a restart."""

    def __init__(self, user: str, resolved: Callable[[], str]) -> None:
        self._user = user
        self._resolved = resolved
        self._token = resolved()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        used = self._token
        request.headers["Authorization"] = self._header(used)
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and (token := self._now()) != used:
            request.headers["Authorization"] = self._header(token)
            yield request

    def _now(self) -> str:
        """The token as its reference gives it. One that cannot be read may be in the middle of being written: then the refusal stands."""
        try:
            self._token = self._resolved()
        except CredentialsError as error:
            _log.warning("credentials not read again", cause=str(error))
        return self._token

    def _header(self, token: str) -> str:
        return "Basic " + base64.b64encode(f"{self._user}:{token}".encode()).decode() if self._user else f"Bearer {token}"


def auth_of(source: RestSource, environ: Mapping[str, str]) -> httpx.Auth:
    """Basic authentication where there is a user, else a bearer token. Raises CredentialsError."""
    return SourceAuth(source.credentials.user, lambda: resolved(source, source.credentials.token, "credentials.token", environ))


def webhook_secrets(source: CollectedSource, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Those in force; none for a source without webhooks. Raises CredentialsError."""
    references = source.webhook.secret if source.webhook else ()
    secrets = tuple(resolved(source, reference, "webhook.secret", environ) for reference in references)
    for reference, secret in zip(references, secrets, strict=True):
        if len(secret) < _LEAST_SECRET_CHARS:
            raise CredentialsError(
                f"{source.name}: webhook.secret {reference} has {len(secret)} characters: anybody could guess it. "
                f"Make one with: openssl rand -hex 32, and give it to the sender too."
            )
    return tuple(secret.encode() for secret in secrets)


def resolved(source: CollectedSource, reference: str, place: str, environ: Mapping[str, str]) -> str:
    try:
        secret = resolve_secret(reference, environ)
    except SecretMissingError as error:
        raise CredentialsError(f"{source.name}: {place} {reference}: {error}") from error
    if not secret:
        raise CredentialsError(f"{source.name}: {place} {reference} is empty: write the secret there")
    return secret
