"""The topics of a source, made before its connector writes the first record: records of up to 99 MiB, seven days, live and backfill apart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from connectors.debezium import names
from connectors.debezium.errors import KafkaUnavailableError
from contracts.settings import KafkaSettings
from contracts.sources import PostgresSource
from contracts.topics import TopicSpec, source_topics

_Answer = TypeVar("_Answer")


def topics_of(source: PostgresSource, partitions: int) -> tuple[TopicSpec, ...]:
    """Every topic that the source's connector writes to."""
    heartbeats = TopicSpec(names.heartbeat_topic(source), 1, compacted=False, retention_ms=3_600_000)
    return (*source_topics(source.name, (table.name for table in source.captured), partitions), heartbeats)


def existing_topics(settings: KafkaSettings) -> frozenset[str]:
    return frozenset(_with_admin(settings, lambda admin: admin.list_topics()))


def create_topics(specs: tuple[TopicSpec, ...], settings: KafkaSettings) -> None:
    """Makes what is missing; a topic that another made meanwhile is as good."""

    async def create(admin: AIOKafkaAdminClient) -> None:
        wanted = [NewTopic(spec.name, spec.partitions, settings.replication, topic_configs=spec.configs()) for spec in specs]
        answer = await admin.create_topics(wanted)
        for name, code, *message in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise KafkaUnavailableError(f"Kafka refuses topic {name}: {next(iter(message), None) or for_code(code).__name__}", "Mend what it names.")

    if specs:
        _with_admin(settings, create)


def _with_admin(settings: KafkaSettings, work: Callable[[AIOKafkaAdminClient], Awaitable[_Answer]]) -> _Answer:
    async def session() -> _Answer:
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=15_000)
        try:
            await admin.start()
            return await work(admin)
        finally:
            await admin.close()

    try:
        return asyncio.run(session())
    except (KafkaError, OSError) as error:
        cure = "Start it ('headrace up' for the local stack), or set HEADRACE_KAFKA_BOOTSTRAP_SERVERS."
        raise KafkaUnavailableError(f"Kafka does not answer at {settings.bootstrap_servers} ({type(error).__name__}).", cure) from error
