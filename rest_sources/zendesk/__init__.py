"""Zendesk Support and Guide: tickets, their internal comments apart, and Help Center articles; webhooks as hints."""

from __future__ import annotations

from rest_sources.registry import Registration, SourceType
from rest_sources.zendesk.deliveries import verify
from rest_sources.zendesk.draft import draft
from rest_sources.zendesk.reader import ZendeskReader
from rest_sources.zendesk.webhooks import register, registered, remove

__all__ = ["TYPE", "verify"]


TYPE = SourceType(lambda _: verify, ZendeskReader, draft, Registration(register, registered, remove, vendor_chooses_secret=True))
