"""``python -m connectors.collect``: collects and sweeps every source of sources.yaml that is fetched, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys

from connectors.collect.app import collect, declared_topics
from connectors.process import run_service
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.sources import Sources, environment
from contracts.topic_admin import ensure_topics


async def _serve(sources: Sources) -> None:
    kafka = read(KafkaSettings)
    await ensure_topics(kafka, declared_topics(sources.collected, kafka.partitions))
    await collect(sources.collected, kafka, read(TelemetrySettings), environment())


def main() -> int:
    argparse.ArgumentParser(prog="python -m connectors.collect", description="Fetch what hints tell of, and sweep. Settings: 'headrace settings'.").parse_args()
    return asyncio.run(run_service("headrace-collect", _serve))


if __name__ == "__main__":
    sys.exit(main())
