"""Zendesk Support and Guide: tickets, their internal comments apart, and Help Center articles; webhooks as hints."""

from __future__ import annotations

from contracts.sources.rest import RestSource
from rest_sources.api import Api
from rest_sources.delivery import Verifier
from rest_sources.registry import Registration, SourceType
from rest_sources.source import Files, Reader
from rest_sources.zendesk.deliveries import verify
from rest_sources.zendesk.draft import draft
from rest_sources.zendesk.reader import ZendeskReader
from rest_sources.zendesk.webhooks import register, registered, remove

__all__ = ["TYPE", "verify"]


def _verifier(_source: RestSource) -> Verifier:
    return verify


def _reader(source: RestSource, api: Api, files: Files) -> Reader:
    return ZendeskReader(source, api, files)


TYPE = SourceType(_verifier, _reader, draft, Registration(register, registered, remove))
