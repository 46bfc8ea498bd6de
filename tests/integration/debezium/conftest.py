"""A fresh database and source per test on the real Postgres, Kafka and Connect, and a reader of what the connector wrote."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.debezium import ConnectorError, apply_source, delete_source, topics_of
from contracts.envelope import Envelope, Heartbeat, Tombstone, decode_envelope
from contracts.settings import ConnectSettings, KafkaSettings, read
from contracts.sources import PostgresSource, parse_sources
from streams.mapping import Record, mappings_by_topic
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401 - a fixture

Change = Envelope | Tombstone | Heartbeat


@dataclass(frozen=True)
class Seen:
    """One record of a topic, decoded."""

    topic: str
    partition: int
    offset: int
    change: Change

    @property
    def lane(self) -> str:
        return "backfill" if self.topic.endswith(".backfill") else "live"


@dataclass
class Trial:
    """One source on one database."""

    yaml: str
    source: PostgresSource
    sql: psycopg.Connection[tuple[object, ...]]
    connect: ConnectSettings
    kafka: KafkaSettings

    def declare(self, yaml: str) -> None:
        self.yaml = yaml
        self.source = parse(yaml, self.source.name, self.source.connection.database)

    def apply(self) -> list[str]:
        return [str(action) for action in apply_source(self.source, self.connect, self.kafka)]

    def seen(self, enough: Callable[[list[Seen]], bool], seconds: float = 60.0) -> list[Seen]:
        """All records of the source's topics, by topic and offset, once they are enough; fails with what there is where they never are."""
        topics = [spec.name for spec in topics_of(self.source, self.kafka.partitions) if not spec.name.startswith("headrace.")]
        found = asyncio.run(_read(self.kafka.bootstrap_servers, topics, self.kafka.partitions, enough, seconds))
        shown = [(item.lane, getattr(item.change, "op", "tombstone")) for item in found[:40]]
        assert enough(found), f"not within {seconds} s: {len(found)} records, {shown}"
        return found

    def records(self, seen: list[Seen]) -> list[Record]:
        mappings = mappings_by_topic(parse_sources_of(self))
        return [record for item in seen for record in mappings[item.topic].records(item.change)]


def parse_sources_of(trial: Trial) -> object:
    return parse_sources(_text(trial.yaml, trial.source.name, trial.source.connection.database), Path("sources.yaml"), os.environ)


def parse(yaml: str, name: str, database: str) -> PostgresSource:
    return parse_sources(_text(yaml, name, database), Path("sources.yaml"), os.environ).postgres[0]


def _text(tables: str, name: str, database: str) -> str:
    return f"""
sources:
  - name: {name}
    connection:
      host: env:TRIAL_HOST
      port: env:TRIAL_PORT
      database: {database}
      user: postgres
      password: env:HEADRACE_DEMO_PASSWORD
{tables}"""


async def _read(servers: str, topics: list[str], partitions: int, enough: Callable[[list[Seen]], bool], seconds: float) -> list[Seen]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest", max_partition_fetch_bytes=2**25
    )
    await consumer.start()
    found: list[Seen] = []
    deadline = time.monotonic() + seconds
    try:
        consumer.assign([TopicPartition(topic, number) for topic in topics for number in range(partitions)])
        while not enough(found) and time.monotonic() < deadline:
            for place, records in (await consumer.getmany(timeout_ms=300)).items():
                found += [Seen(place.topic, place.partition, record.offset, decode_envelope(record.key, record.value)) for record in records]
    finally:
        await consumer.stop()
    return sorted(found, key=lambda item: (item.topic, item.partition, item.offset))


@pytest.fixture(scope="module")
def servers(stack_factory: StackSession) -> Iterator[None]:  # noqa: F811 - the imported fixture
    stack = stack_factory("postgres", "kafka", "connect")
    with pytest.MonkeyPatch.context() as patch:  # another package's stack has another password
        patch.setenv("TRIAL_HOST", "127.0.0.1")
        patch.setenv("TRIAL_PORT", str(stack.site.port("postgres")))
        patch.setenv("TRIAL_DSN", stack.site.dsn("postgres"))
        patch.setenv("HEADRACE_DEMO_PASSWORD", stack.site.secrets.postgres_password)
        yield


@pytest.fixture
def trial(servers: None) -> Iterator[Callable[[str, str], Trial]]:
    """``trial(ddl, tables_yaml)``: a new database with that DDL and a source that declares those tables; nothing is left of either afterwards."""
    made: list[Trial] = []

    def make(ddl: str, yaml: str) -> Trial:
        name = f"t{uuid.uuid4().hex[:8]}"
        with psycopg.connect(os.environ["TRIAL_DSN"], autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        sql = psycopg.connect(os.environ["TRIAL_DSN"], dbname=name, autocommit=True)
        sql.execute(ddl)
        made.append(Trial(yaml, parse(yaml, name, name), sql, read(ConnectSettings), read(KafkaSettings)))
        return made[-1]

    yield make
    for item in made:
        with suppress(ConnectorError):
            list(delete_source(item.source, item.connect))
        item.sql.close()
        with psycopg.connect(os.environ["TRIAL_DSN"], autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {item.source.connection.database} WITH (FORCE)")
