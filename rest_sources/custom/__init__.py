"""Any API that answers GET with JSON, as sources.yaml declares it: paths to ids, stamps, texts and principals; webhooks as hints."""

from __future__ import annotations

from contracts.sources.custom import CustomSource
from contracts.sources.rest import RestSource
from rest_sources.custom.deliveries import custom_verifier
from rest_sources.custom.draft import draft
from rest_sources.custom.reader import CustomReader
from rest_sources.delivery import Verifier
from rest_sources.registry import SourceType

__all__ = ["TYPE"]


def _verifier(source: RestSource) -> Verifier:
    assert isinstance(source, CustomSource)  # noqa: S101  # the catalog pairs types
    assert source.webhook is not None  # noqa: S101  # only sources with webhooks are asked
    return custom_verifier(source.webhook, source.kind)


TYPE = SourceType(_verifier, CustomReader, draft)
