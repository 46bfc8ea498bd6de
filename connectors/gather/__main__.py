"""``python -m connectors.gather``: gathers the documents of every table of sources.yaml that has related ones, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys

from connectors.gather.app import declared_topics, gather
from connectors.process import run_service
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.sources import Sources
from contracts.topic_admin import ensure_topics


async def _serve(sources: Sources) -> None:
    kafka = read(KafkaSettings)
    await ensure_topics(kafka, declared_topics(sources.postgres, kafka.partitions))
    await gather(sources.postgres, kafka, read(TelemetrySettings))


def main() -> int:
    argparse.ArgumentParser(
        prog="python -m connectors.gather", description="Gather documents whose rows stand in several tables. Settings: 'headrace settings'."
    ).parse_args()
    return asyncio.run(run_service("headrace-gather", _serve))


if __name__ == "__main__":
    sys.exit(main())
