"""``python -m connectors.clickhouse``: polls every ClickHouse table of sources.yaml, in the foreground, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Iterable

from connectors.clickhouse.errors import TakenOverError
from connectors.clickhouse.service import run
from contracts.settings import KafkaSettings, SourcesSettings, TelemetrySettings, read
from contracts.sources import SecretMissingError, SourcesError, environment, load_sources
from contracts.sources.clickhouse import ClickHouseSource
from contracts.topic_admin import KafkaUnavailableError, TopicMismatchError
from index.telemetry_setup import configure_logging

MISCONFIGURED = 2
TAKEN_OVER = 3


def clickhouse_sources(declared: Iterable[object]) -> list[ClickHouseSource]:
    return [source for source in declared if isinstance(source, ClickHouseSource)]


async def until_told(sources: list[ClickHouseSource]) -> None:
    """Polls until SIGTERM or SIGINT; an open transaction is given up, and read again by the next one."""
    polling = asyncio.ensure_future(run(sources, read(KafkaSettings), read(TelemetrySettings), environment()))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, polling.cancel)
    try:
        await polling
    except asyncio.CancelledError:
        return


def main() -> int:
    argparse.ArgumentParser(
        prog="python -m connectors.clickhouse", description="Poll the declared ClickHouse tables. Settings: 'headrace settings'."
    ).parse_args()
    configure_logging(read(TelemetrySettings))
    try:
        sources = clickhouse_sources(load_sources(read(SourcesSettings).sources).sources)
        if not sources:
            print("sources.yaml declares no source of type clickhouse: there is nothing to poll; see docs/clickhouse.md", file=sys.stderr)  # noqa: T201  # to whoever started it
            return MISCONFIGURED
        asyncio.run(until_told(sources))
    except (SourcesError, SecretMissingError, KafkaUnavailableError, TopicMismatchError) as error:
        print(error, file=sys.stderr)  # noqa: T201  # as above
        return MISCONFIGURED
    except TakenOverError as error:
        print(error, file=sys.stderr)  # noqa: T201  # as above
        return TAKEN_OVER
    return 0


if __name__ == "__main__":
    sys.exit(main())
