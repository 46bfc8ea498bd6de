"""Keeps connectors going: Kafka Connect never restarts a task that has failed, so a passing fault of a broker or a database would stop a source for good.

A failed connector is restarted after a pause that doubles up to a bound with each failure, and starts over once it has run through a bound.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import structlog

from connectors.debezium import names
from connectors.debezium.connect_api import ConnectApi
from connectors.debezium.errors import ConnectorError
from contracts.settings import ConnectSettings
from contracts.sources import PostgresSource

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS: Final = 2.0
LAST_PAUSE_SECONDS: Final = 300.0
HEALTHY_SECONDS: Final = 600.0


@dataclass(slots=True)
class Patience:
    """When a connector may be restarted next. Times are seconds of any clock that only goes forward."""

    pause_seconds: float = FIRST_PAUSE_SECONDS
    not_before: float = 0.0
    last_restart: float | None = None

    def may_restart(self, now: float) -> bool:
        return now >= self.not_before

    def restarted(self, now: float) -> None:
        if self.last_restart is not None and now - self.last_restart > HEALTHY_SECONDS:
            self.pause_seconds = FIRST_PAUSE_SECONDS
        self.last_restart = now
        self.not_before = now + self.pause_seconds
        self.pause_seconds = min(2 * self.pause_seconds, LAST_PAUSE_SECONDS)


def watch(sources: Callable[[], tuple[PostgresSource, ...]], connect: ConnectSettings, interval_seconds: float) -> Iterator[str]:
    """Looks at every source's connector once per interval, for ever; yields the name of each that was restarted. ``sources`` is asked at each look."""
    patience: dict[str, Patience] = defaultdict(Patience)
    while True:
        for source in sources():
            if _restarted_if_failed(source, connect, patience[source.name]):
                yield source.name
        time.sleep(interval_seconds)


def _restarted_if_failed(source: PostgresSource, connect: ConnectSettings, patience: Patience) -> bool:
    name = names.connector_name(source)
    try:
        with ConnectApi(connect) as api:
            status = api.status(name)
            if status is None or status.failure is None or not patience.may_restart(time.monotonic()):
                return False
            api.restart(name)
    except ConnectorError as error:
        log.warning("connector_watch_failed", source=source.name, cause=error.cause)
        return False
    patience.restarted(time.monotonic())
    log.warning("connector_restarted", source=source.name, failure=status.failure, next_pause_seconds=patience.pause_seconds)
    return True
