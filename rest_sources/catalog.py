"""The types of REST sources: what sources.yaml calls them, and who does their work."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from contracts.sources.rest import RestSource
from rest_sources import confluence, custom, jira, zendesk
from rest_sources.registry import SourceType

TYPES: Final[Mapping[str, SourceType]] = MappingProxyType({"confluence": confluence.TYPE, "custom": custom.TYPE, "jira": jira.TYPE, "zendesk": zendesk.TYPE})


def type_of(source: RestSource) -> SourceType:
    """Who does this source's work."""
    return TYPES[source.type]
