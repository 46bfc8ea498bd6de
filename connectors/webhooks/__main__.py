"""``python -m connectors.webhooks``: takes the deliveries of every source in sources.yaml that has webhooks, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Mapping
from typing import Final

import structlog
from aiohttp import web

from connectors.collect.app import declared_topics
from connectors.process import LOOK_SECONDS, CannotStartError, run_service
from connectors.webhooks.app import application, opened
from connectors.webhooks.believed import believed
from contracts.problem_json import BrokenRequests
from contracts.settings import KafkaSettings, WebhookSettings, read
from contracts.sources import Sources, environment
from contracts.topic_admin import ensure_topics

SHUTDOWN_SECONDS: Final = 10.0
"""For what is under way when the end comes: as long as senders wait."""
_log = structlog.get_logger()


async def _until_found(sources: Sources, missing: Mapping[str, str]) -> None:
    """Returns once a secret that was missing is there: the receiver begins anew with it."""
    if not missing:
        await asyncio.Event().wait()
    while believed(sources.collected, environment()).without_secret == missing:  # noqa: ASYNC110  # files and variables tell nobody
        await asyncio.sleep(LOOK_SECONDS)
    _log.info("secret found")


async def _serve(sources: Sources) -> None:
    kafka, settings = read(KafkaSettings), read(WebhookSettings)
    taken = believed(sources.collected, environment())
    for name, reason in taken.without_secret.items():
        _log.error("deliveries not taken", source=name, reason=reason)
    await ensure_topics(kafka, declared_topics(sources.collected, kafka.partitions))
    async with opened(
        taken.sources,
        kafka.bootstrap_servers,
        kafka_seconds=settings.kafka_seconds,
        known_deliveries=settings.known_deliveries,
        limits_url=settings.limits_url,
        without_secret=taken.without_secret,
    ) as service:
        logging.getLogger("aiohttp.server").addFilter(BrokenRequests())
        runner = web.AppRunner(application(service), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
            _log.info("listening", host=settings.host, port=settings.port, sources=[source.name for source in taken.sources])
            await _until_found(sources, taken.without_secret)
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
