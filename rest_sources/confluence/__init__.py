"""Confluence Cloud and Data Center: pages and blog posts with their comments, and attachments; webhooks as hints."""

from __future__ import annotations

from rest_sources.confluence.deliveries import verify
from rest_sources.confluence.draft import draft
from rest_sources.confluence.reader import ConfluenceReader
from rest_sources.confluence.webhooks import register, registered, remove
from rest_sources.registry import Registration, SourceType

__all__ = ["TYPE", "verify"]


TYPE = SourceType(lambda _: verify, ConfluenceReader, draft, Registration(register, registered, remove))
