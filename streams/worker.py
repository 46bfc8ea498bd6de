"""A Faust worker with one agent: with ``transport`` the only places that know Faust.

Faust loses data by default; the way it is used here loses none (docs/decisions/0004): raw topics decoded in our own code, events read singly without
automatic acknowledgement, each acknowledged after the sink is durable, one reader a stream, and a process that ends on any unforeseen error, because an
agent that Faust restarts in the worker has already lost what it had drained.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import faust
import structlog

from contracts.health import serve_health
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.topic_admin import ensure_topics
from contracts.topics import MAX_RECORD_BYTES, TopicSpec
from streams.records import InRecord
from streams.transport import ReadCommittedTransport

Lane = Literal["live", "backfill"]
UNFORESEEN: Final = 70
"""Exit status after an error that nobody foresaw (EX_SOFTWARE)."""
COLLECT_AFTER: Final = 20_000
"""Allocations between two collections: a worker makes many short-lived objects and few cycles."""

_log = structlog.get_logger()


class ConfigurationError(Exception):
    """A setting that must be changed before the worker can start."""


@dataclass(slots=True)
class Step:
    """What a worker does with a record once it is wired, and what it runs beside."""

    take: Callable[[InRecord], Awaitable[None]]
    background: Callable[[], Awaitable[None]] | None = None


def die(error: BaseException) -> None:
    """End the process at once: what was drained and not acknowledged comes again to the next one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    _log.critical("unforeseen", error=type(error).__name__, place="".join(traceback.format_tb(error.__traceback__)[-3:]).strip())
    sys.stderr.flush()
    os._exit(UNFORESEEN)


def worker_app(name: str, topics: list[str], declared: Sequence[TopicSpec], wire: Callable[[], Awaitable[Step]]) -> faust.App:
    """A Faust app with one agent over ``topics``; ``wire`` is awaited once on its loop, before the first record is taken.

    The ``declared`` topics are made here, before there is a consumer: one that joins its group while a topic is missing ignores that topic from then on, so
    a worker on a new cluster would read nothing. Raises KafkaUnavailableError and TopicMismatchError.
    """
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:  # given a factory it leaves the thread's own loop, Faust's, alone
        runner.run(ensure_topics(read(KafkaSettings), declared))
    app = _faust_app(name)
    worker = _Worker(app, name, wire)
    app.task(worker.start)
    topic = app.topic(*topics, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    app.agent(topic, concurrency=1, name=f"{name}-agent")(worker.read)
    return app


def _faust_app(name: str) -> faust.App:
    kafka = read(KafkaSettings)
    app = faust.App(
        name,
        broker="kafka://" + kafka.bootstrap_servers.replace(",", ";kafka://"),
        datadir=Path(tempfile.gettempdir()) / "headrace-faust",  # for tables, which we have none of; by default it is made where the worker was started
        key_serializer="raw",
        value_serializer="raw",
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_RECORD_BYTES,
        producer_max_request_size=MAX_RECORD_BYTES,
        broker_session_timeout=kafka.session_timeout_seconds,
        broker_heartbeat_interval=kafka.session_timeout_seconds / 5,
        consumer_group_instance_id=f"{name}-{kafka.instance_id}" if kafka.instance_id else None,
        stream_buffer_maxsize=64,
        stream_wait_empty=True,
        broker_commit_interval=1.0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.transport = ReadCommittedTransport(app.conf.broker, app, app.loop)
    return app


class _Worker:
    """The agent and the task of one worker; the first of them to run does the wiring, the other waits for it."""

    def __init__(self, app: faust.App, name: str, wire: Callable[[], Awaitable[Step]]) -> None:
        self._app = app
        self._name = name
        self._wire = wire
        self._wired: asyncio.Future[Step] | None = None

    async def start(self) -> None:
        try:
            await serve_health(read(TelemetrySettings), self._is_ready)
            step = await self._step()
            gc.freeze()  # what is there now stays: models, schemas, modules
            gc.set_threshold(COLLECT_AFTER)
            _log.info("wired", worker=self._name)
            if step.background is not None:
                await step.background()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # an unforeseen error: the process ends, redelivery does the rest
            die(error)
            raise

    async def read(self, stream: Any) -> None:
        try:
            take = (await self._step()).take
            async for event in stream.noack().events():
                await take(_in_record(event))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # as above
            die(error)
            raise

    async def _step(self) -> Step:
        if self._wired is None:
            self._wired = asyncio.ensure_future(self._wire())
        return await asyncio.shield(self._wired)

    def _is_ready(self) -> bool:
        return self._wired is not None and self._wired.done() and bool(self._app.consumer.assignment())


def _in_record(event: Any) -> InRecord:
    message = event.message
    headers = list(message.headers.items()) if isinstance(message.headers, dict) else list(message.headers or ())
    return InRecord(message.topic, message.partition, message.offset, message.key, message.value, headers, event.ack)
