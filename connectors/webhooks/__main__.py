"""``python -m connectors.webhooks``: takes the deliveries of every source in sources.yaml that has webhooks, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Mapping

import structlog
from aiohttp import web

from connectors.collect.app import declared_topics
from connectors.process import CannotStartError, run_service
from connectors.rest.credentials import webhook_secrets
from connectors.webhooks.app import application, opened
from connectors.webhooks.receiver import WebhookSource
from contracts.problem_json import BrokenRequests
from contracts.settings import KafkaSettings, WebhookSettings, read
from contracts.sources import Sources, environment
from contracts.topic_admin import ensure_topics
from rest_sources.catalog import verifier_of

_log = structlog.get_logger()


def believed(sources: Sources, environ: Mapping[str, str]) -> list[WebhookSource]:
    """Whom to believe. Raises CredentialsError."""
    return [
        WebhookSource(source.name, verifier_of(source), webhook_secrets(source, environ), source.webhook.max_body_bytes, source.webhook.per_second)
        for source in sources.collected
        if source.webhook is not None
    ]


async def _serve(sources: Sources) -> None:
    kafka, settings = read(KafkaSettings), read(WebhookSettings)
    taken = believed(sources, environment())
    await ensure_topics(kafka, declared_topics(sources.collected, kafka.partitions))
    async with opened(
        taken, kafka.bootstrap_servers, kafka_seconds=settings.kafka_seconds, known_deliveries=settings.known_deliveries, limits_url=settings.limits_url
    ) as service:
        logging.getLogger("aiohttp.server").addFilter(BrokenRequests())
        runner = web.AppRunner(application(service), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
            _log.info("listening", host=settings.host, port=settings.port, sources=[source.name for source in taken])
            await asyncio.Event().wait()
        except OSError as error:
            address = f"{settings.host}:{settings.port}"
            raise CannotStartError(f"cannot listen on {address}: {error.strerror or error}; stop what uses it, or set HEADRACE_WEBHOOKS_PORT") from error
        finally:
            await runner.cleanup()


def main() -> int:
    argparse.ArgumentParser(
        prog="python -m connectors.webhooks", description="Take signed webhook deliveries at POST /webhooks/<source>. Settings: 'headrace settings'."
    ).parse_args()
    return asyncio.run(run_service("headrace-webhooks", _serve))


if __name__ == "__main__":
    sys.exit(main())
