"""The types of collected sources: what sources.yaml calls them, and who does their work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from contracts.sources.files import FileSource, S3Source
from contracts.sources.rest import CollectedSource, RestSource
from rest_sources import confluence, custom, files, jira, zendesk
from rest_sources.delivery import Verifier
from rest_sources.registry import SourceType
from rest_sources.source import Draft, Record

TYPES: Final[Mapping[str, SourceType]] = MappingProxyType({"confluence": confluence.TYPE, "custom": custom.TYPE, "jira": jira.TYPE, "zendesk": zendesk.TYPE})


class UnlistedTypeError(LookupError):
    """sources.yaml may declare the type, and nobody does its work."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name
        super().__init__(f"the type {type_name!r} of sources is not listed: add {type_name!r}: {type_name}.TYPE to TYPES in rest_sources/catalog.py")


def type_of(source: RestSource) -> SourceType:
    """Who does the work of a source behind a REST API. Raises UnlistedTypeError."""
    if source.type not in TYPES:
        raise UnlistedTypeError(source.type)
    return TYPES[source.type]


def draft_of(source: CollectedSource) -> Callable[[str, Record], Draft]:
    """The document of one record; it raises MalformedRecordError."""
    match source:
        case FileSource():
            return partial(files.draft, source)
        case RestSource():
            return partial(type_of(source).draft, source)
        case _:
            raise KeyError(source.type)


def verifier_of(source: CollectedSource) -> Verifier:
    """How the source's deliveries are believed. KeyError for a source that has none."""
    match source:
        case S3Source():
            return files.s3_verifier(source)
        case RestSource():
            return type_of(source).verifier(source)
        case _:
            raise KeyError(source.type)
