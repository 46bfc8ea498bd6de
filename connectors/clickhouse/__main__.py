"""``python -m connectors.clickhouse``: polls every ClickHouse table of sources.yaml, in the foreground, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import sys

from connectors.clickhouse.service import run
from connectors.process import run_service
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.sources import Sources, environment


async def _serve(sources: Sources) -> None:
    await run(sources.clickhouse, read(KafkaSettings), read(TelemetrySettings), environment())


def main() -> int:
    argparse.ArgumentParser(
        prog="python -m connectors.clickhouse", description="Poll the declared ClickHouse tables. Settings: 'headrace settings'."
    ).parse_args()
    return asyncio.run(run_service("headrace-poll", _serve))


if __name__ == "__main__":
    sys.exit(main())
