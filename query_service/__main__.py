"""``python -m query_service``: settings from the environment, one line that says what is wrong where it cannot start."""

from __future__ import annotations

import asyncio
import signal
import sys

from pydantic import ValidationError

from contracts.events import describe_validation
from contracts.settings import EmbeddingSettings, QuerySettings, TelemetrySettings, WeaviateSettings, read
from index.collections import EmbeddingSpaceMismatchError
from index.embedding import EmbeddingUnavailableError, ModelNotFoundError
from index.store import StoreUnavailableError
from index.telemetry_setup import configure_logging, configure_tracing
from query_service.access.keys import KeyFileError
from query_service.app import Configuration, serve

CANNOT_START = 2
_EXPECTED = (KeyFileError, ModelNotFoundError, EmbeddingUnavailableError, EmbeddingSpaceMismatchError, StoreUnavailableError)


def main() -> int:
    try:
        telemetry = read(TelemetrySettings)
        configuration = Configuration(read(QuerySettings), read(WeaviateSettings), read(EmbeddingSettings))
    except ValidationError as error:
        return _refuse(f"wrong setting: {error.title}: {describe_validation(error)}; see 'headrace settings'")
    configure_logging(telemetry)
    configure_tracing(telemetry, "query-service")
    try:
        asyncio.run(_run(configuration))
    except _EXPECTED as error:
        return _refuse(str(error))
    except OSError as error:
        address = f"{configuration.query.host}:{configuration.query.port}"
        return _refuse(f"cannot listen on {address}: {error.strerror or error}; stop what uses it, or set HEADRACE_QUERY_PORT")
    return 0


async def _run(configuration: Configuration) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(configuration, stop)


def _refuse(reason: str) -> int:
    sys.stderr.write(f"query_service: {reason}\n")
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
