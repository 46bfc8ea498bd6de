"""Jira Cloud and Data Center: issues with their comments, attachments, and comments that are for a role or a group; webhooks as hints."""

from __future__ import annotations

from contracts.sources.rest import RestSource
from rest_sources.api import Api
from rest_sources.delivery import Verifier
from rest_sources.jira.deliveries import verify
from rest_sources.jira.draft import draft
from rest_sources.jira.reader import JiraReader
from rest_sources.jira.webhooks import register, registered, remove
from rest_sources.registry import Registration, SourceType
from rest_sources.source import Files, Reader

__all__ = ["TYPE", "verify"]


def _verifier(_source: RestSource) -> Verifier:
    return verify


def _reader(source: RestSource, api: Api, files: Files) -> Reader:
    return JiraReader(source, api, files)


TYPE = SourceType(_verifier, _reader, draft, Registration(register, registered, remove))
