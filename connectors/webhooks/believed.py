"""Whose deliveries the receiver takes, by their secrets. A source whose secret is missing keeps no other from being heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.rest.credentials import CredentialsError, webhook_secrets
from connectors.webhooks.receiver import WebhookSource
from contracts.sources import CollectedSource, RestSource
from rest_sources.catalog import type_of, verifier_of


@dataclass(frozen=True, slots=True)
class Believed:
    """``without_secret``: the others that have webhooks, and what is missing with its cure."""

    sources: tuple[WebhookSource, ...]
    without_secret: Mapping[str, str]


def believed(sources: Iterable[CollectedSource], environ: Mapping[str, str]) -> Believed:
    found: list[WebhookSource] = []
    missing: dict[str, str] = {}
    for source in sources:
        if source.webhook is None:
            continue
        try:
            secrets = webhook_secrets(source, environ)
        except CredentialsError as error:
            missing[source.name] = f"{error}{_cure(source)}"
            continue
        found.append(WebhookSource(source.name, verifier_of(source), secrets, source.webhook.max_body_bytes, source.webhook.per_second))
    return Believed(tuple(found), missing)


def _cure(source: CollectedSource) -> str:
    registration = type_of(source).registration if isinstance(source, RestSource) else None
    return f". The vendor makes it: headrace webhooks register {source.name}" if registration and registration.vendor_chooses_secret else ""
