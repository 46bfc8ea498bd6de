"""A poller in a process of its own, to be killed and frozen: ``python -m tests.integration.clickhouse.poller_process SOURCE_AS_JSON``."""

from __future__ import annotations

import asyncio
import sys

from connectors.clickhouse.__main__ import TAKEN_OVER, until_told
from connectors.clickhouse.errors import TakenOverError
from contracts.settings import TelemetrySettings, read
from contracts.sources.clickhouse import ClickHouseSource
from index.telemetry_setup import configure_logging


def main() -> int:
    configure_logging(read(TelemetrySettings))
    try:
        asyncio.run(until_told([ClickHouseSource.model_validate_json(sys.argv[1])]))
    except TakenOverError:
        return TAKEN_OVER
    return 0


if __name__ == "__main__":
    sys.exit(main())
