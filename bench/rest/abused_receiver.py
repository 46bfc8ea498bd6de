"""``python -m connectors.webhooks`` with one source more, of an unknown sender, which sources.yaml has no type for yet. The port and all else come from the environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from bench.rest.genuine import CUSTOM, SECRET
from connectors.webhooks import __main__ as receiver
from connectors.webhooks.receiver import WebhookSource
from contracts.sources import Sources
from contracts.sources.webhook import CustomWebhook
from rest_sources.custom import custom_verifier

_declared = receiver.believed


def believed(sources: Sources, environ: Mapping[str, str]) -> list[WebhookSource]:
    """Those of sources.yaml, and the unknown sender."""
    custom = WebhookSource("custom", custom_verifier(CustomWebhook.model_validate(CUSTOM)), (SECRET.encode(),), per_second=100_000)
    return [*_declared(sources, environ), custom]


if __name__ == "__main__":
    receiver.believed = believed
    sys.exit(receiver.main())
