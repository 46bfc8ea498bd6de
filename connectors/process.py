"""How a connector's process lives: logs, signals, one line for what it cannot start with, an end in good order when sources.yaml says something else."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

import structlog
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from contracts.events import describe_validation
from contracts.failures import frames_of
from contracts.settings import SourcesSettings, TelemetrySettings, read
from contracts.sources import Sources, SourcesError
from contracts.sources.changes import SourcesFile
from contracts.topic_admin import KafkaUnavailableError, TopicMismatchError
from index.telemetry_setup import configure_logging, configure_tracing

CANNOT_START: Final = 2
BEGIN_ANEW: Final = 70
"""Exit status after an error that ends the process (EX_SOFTWARE): whoever keeps it running starts it again, at the committed offsets."""
LOOK_SECONDS: Final = 2.0
_log = structlog.get_logger()


class CannotStartError(Exception):
    """Something that a person must change first; the text says what. ``status`` is the process's."""

    status: ClassVar[int] = CANNOT_START


_EXPECTED: Final = (CannotStartError, SourcesError, KafkaUnavailableError, TopicMismatchError)


async def run_service(name: str, serve: Callable[[Sources], Awaitable[None]]) -> int:
    """The exit status. ``serve`` runs until it is cancelled."""
    try:
        telemetry = read(TelemetrySettings)
        file = SourcesFile(read(SourcesSettings).sources)
    except (SourcesError, ValidationError) as error:
        return _refuse(name, error)
    configure_logging(telemetry)
    configure_tracing(telemetry, name)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await _until_ended(name, asyncio.ensure_future(serve(file.sources)), [asyncio.ensure_future(_stopped(stop)), asyncio.ensure_future(_changed(file))])


async def _until_ended(name: str, serving: asyncio.Future[None], ends: list[asyncio.Future[None]]) -> int:
    await asyncio.wait([serving, *ends], return_when=asyncio.FIRST_COMPLETED)
    for one in (serving, *ends):
        one.cancel()
    await asyncio.gather(serving, *ends, return_exceptions=True)
    if serving.cancelled() or (error := serving.exception()) is None:
        return 0
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, _EXPECTED):
        return _refuse(name, error)
    _log.critical("ended", error=type(error).__name__, reason=str(error)[:300] if isinstance(error, KafkaError) else "", frames=frames_of(error))
    return BEGIN_ANEW


async def _stopped(stop: asyncio.Event) -> None:
    await stop.wait()


async def _changed(file: SourcesFile) -> None:
    """Returns once sources.yaml says something else that is valid."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if file.changed():
                _log.info("sources_changed")
                return
        except SourcesError as error:
            _log.warning("sources_invalid", error=str(error), kept="what was read before")


def _refuse(name: str, error: Exception) -> int:
    text = f"wrong setting: {error.title}: {describe_validation(error)}; see 'headrace settings'" if isinstance(error, ValidationError) else str(error)
    sys.stderr.write(f"{name}: {text}\n")
    return error.status if isinstance(error, CannotStartError) else CANNOT_START
