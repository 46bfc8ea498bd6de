"""Who asks: a source's credentials as httpx sends them, and the secrets of its webhooks. References are resolved here, once, and kept nowhere else."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Final

import httpx

from contracts.sources import RestSource, SecretMissingError, resolve_secret

_LEAST_SECRET_CHARS: Final = 8


class CredentialsError(Exception):
    """A secret that is missing or cannot be one. The text names the source, the reference and the cure; never the secret."""


class BearerAuth(httpx.Auth):
    """``Authorization: Bearer <token>``."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def auth_of(source: RestSource, environ: Mapping[str, str]) -> httpx.Auth:
    """Basic authentication where there is a user, else a bearer token. Raises CredentialsError."""
    token = _resolved(source, source.credentials.token, "credentials.token", environ)
    return httpx.BasicAuth(source.credentials.user, token) if source.credentials.user else BearerAuth(token)


def webhook_secrets(source: RestSource, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Those in force; none for a source without webhooks. Raises CredentialsError."""
    references = source.webhook.secret if source.webhook else ()
    secrets = tuple(_resolved(source, reference, "webhook.secret", environ) for reference in references)
    for reference, secret in zip(references, secrets, strict=True):
        if len(secret) < _LEAST_SECRET_CHARS:
            raise CredentialsError(
                f"{source.name}: webhook.secret {reference} has {len(secret)} characters: anybody could guess it. "
                f"Make one with: openssl rand -hex 32, and give it to the sender too."
            )
    return tuple(secret.encode() for secret in secrets)


def _resolved(source: RestSource, reference: str, place: str, environ: Mapping[str, str]) -> str:
    try:
        secret = resolve_secret(reference, environ)
    except SecretMissingError as error:
        raise CredentialsError(f"{source.name}: {place} {reference}: {error}") from error
    if not secret:
        raise CredentialsError(f"{source.name}: {place} {reference} is empty: write the secret there")
    return secret
