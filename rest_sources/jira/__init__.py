"""Jira Cloud and Data Center: issues with their comments, attachments, and comments that are for a role or a group; webhooks as hints."""

from __future__ import annotations

from rest_sources.jira.deliveries import verify
from rest_sources.jira.draft import draft
from rest_sources.jira.reader import JiraReader
from rest_sources.jira.webhooks import register, registered, remove
from rest_sources.registry import Registration, SourceType

__all__ = ["TYPE", "verify"]


TYPE = SourceType(lambda _: verify, JiraReader, draft, Registration(register, registered, remove))
