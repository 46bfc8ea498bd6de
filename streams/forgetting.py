"""Deletes are remembered as long as a late record could bring a document back, and no longer."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog

from contracts.telemetry import RETRIES
from index.store import StoreUnavailableError, WeaviateStore

EVERY_SECONDS: Final = 3600
_DAY_SECONDS: Final = 24 * 3600
_log = structlog.get_logger()


async def forget_old_deletes(store: WeaviateStore, days: int) -> None:
    """For ever, once an hour; the next hour makes good what an outage prevented."""
    while True:
        try:
            forgotten = await store.forget_deletes(int((time.time() - days * _DAY_SECONDS) * 1e6))
            _log.info("forgot_deletes", documents=forgotten, older_than_days=days)
        except StoreUnavailableError as error:
            RETRIES.labels("forget", type(error).__name__).inc()
            _log.warning("waiting", reason=str(error), next_try_seconds=EVERY_SECONDS)
        await asyncio.sleep(EVERY_SECONDS)
