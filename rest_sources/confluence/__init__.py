"""Confluence Cloud and Data Center: pages and blog posts with their comments, and attachments; webhooks as hints."""

from __future__ import annotations

from contracts.sources.rest import RestSource
from rest_sources.api import Api
from rest_sources.confluence.deliveries import verify
from rest_sources.confluence.draft import draft
from rest_sources.confluence.reader import ConfluenceReader
from rest_sources.confluence.webhooks import register, registered, remove
from rest_sources.delivery import Verifier
from rest_sources.registry import Registration, SourceType
from rest_sources.source import Files, Reader

__all__ = ["TYPE", "verify"]


def _verifier(_source: RestSource) -> Verifier:
    return verify


def _reader(source: RestSource, api: Api, files: Files) -> Reader:
    return ConfluenceReader(source, api, files)


TYPE = SourceType(_verifier, _reader, draft, Registration(register, registered, remove))
