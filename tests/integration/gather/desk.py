"""A help desk whose tickets are gathered from three tables, the gatherer as a process, and what its records amount to."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.debezium.database import connected
from contracts.envelope import decode_envelope
from contracts.events import DeleteRecord, DocumentRecord, FloorRecord
from contracts.identity import Version
from contracts.topics import gathered_kind, source_backfill_topic, source_topic
from operations.verify.source_rows import PostgresRows, prepare
from streams.mapping import Record, TableMapping
from tests.integration.debezium.conftest import Trial, _text

ROOT: Final = Path(__file__).parents[3]
DDL: Final = """
CREATE TABLE projects (id int PRIMARY KEY, name text);
CREATE TABLE tickets (id int PRIMARY KEY, tenant text NOT NULL, project_id int, subject text, description text);
CREATE TABLE comments (id int PRIMARY KEY, ticket_id int, author text, body text, hidden boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE memberships (project_id int, mail text, PRIMARY KEY (project_id, mail));
ALTER TABLE tickets REPLICA IDENTITY FULL;
ALTER TABLE comments REPLICA IDENTITY FULL;
CREATE INDEX ON tickets (project_id); CREATE INDEX ON comments (ticket_id);
"""
YAML: Final = """
    tables:
      - name: public.tickets
        key: id
        title: subject
        body: "{description}\\n\\n{comments}"
        tenant: "{tenant}"
        allowed: members
        related:
          comments:
            table: public.comments
            on: {ticket_id: id}
            text: "**{author}**: {body}"
            order_by: [created_at, id]
            where: {hidden: false}
          members:
            table: public.memberships
            on: {project_id: project_id}
            values: "user:{mail}"
"""
Name = tuple[str, str]
State = dict[Name, tuple[str, str, tuple[str, ...]]]
"""By tenant and key: title, body, and who may read it."""


@dataclass
class Desk:
    """``start`` runs the gatherer of the trial's source; ``close`` ends what still runs."""

    trial: Trial
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def mapping(self) -> TableMapping:
        return TableMapping(self.trial.source, self.trial.source.tables[0])

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        path = self.folder / "sources.yaml"
        path.write_text(_text(self.trial.yaml, self.trial.source.name, self.trial.source.connection.database))
        settings = {"HEADRACE_SOURCES": str(path), "HEADRACE_KAFKA_BOOTSTRAP_SERVERS": self.trial.kafka.bootstrap_servers, "PYTHONPATH": str(ROOT)}
        with (self.folder / f"gather-{len(self.processes)}.log").open("wb") as log:
            command = [sys.executable, "-m", "connectors.gather"]
            self.processes.append(subprocess.Popen(command, env={**os.environ, **settings, **environment}, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT))
        return self.processes[-1]

    @contextmanager
    def database_closed(self) -> Iterator[None]:
        """The gatherer is thrown out and does not get in again; whoever else is connected stays."""
        name = self.trial.source.connection.database
        with psycopg.connect(os.environ["TRIAL_DSN"], autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND application_name = 'headrace'", (name,))
            yield
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    def told(self, text: str, seconds: float = 60.0) -> None:
        """Returns once the log says so."""
        deadline = time.monotonic() + seconds
        while text not in self.log():
            assert time.monotonic() < deadline, f"{text!r} was not logged:\n{self.log()[-3000:]}"
            time.sleep(0.2)

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("gather-*.log")))

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)

    def records(self) -> list[Record]:
        """What the mapping makes of everything that was gathered, topic by topic."""
        kind = gathered_kind(self.trial.source.tables[0].name)
        topics = [topic(self.trial.source.name, kind) for topic in (source_topic, source_backfill_topic)]
        mapping = self.mapping
        return [
            record
            for key, value in asyncio.run(_whole(self.trial.kafka.bootstrap_servers, topics, self.trial.kafka.partitions))
            for record in mapping.records(decode_envelope(key, value))
        ]

    def database(self) -> State:
        """What the tables say, by the way that verify takes."""
        mapping = self.mapping
        with connected(self.trial.source) as connection:
            prepare(connection)
            rows = PostgresRows(mapping, connection).by_key([(str(number),) for (number,) in self.trial.sql.execute("SELECT id FROM tickets")])
        found = [mapping.expected(row, Version(0, 0, 0, 0), 0) for row in rows.values()]
        return {named(record): shown(record) for record in found if record is not None}

    def settled(self, seconds: float = 40.0) -> State:
        """Once what was gathered is what the tables say; fails with both where it never is."""
        deadline = time.monotonic() + seconds
        while True:
            expected, found = self.database(), fold(self.records())
            if found == expected:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"gathered {found}\nin the tables {expected}\n{self.log()[-3000:]}")
            time.sleep(0.3)


def named(record: DocumentRecord | DeleteRecord) -> Name:
    return record.tenant, record.doc_id.rpartition("/")[2]


def shown(record: DocumentRecord) -> tuple[str, str, tuple[str, ...]]:
    return record.title, record.body, record.allowed


def fold(records: Iterable[Record]) -> State:
    """As the index does: the highest version of each document counts, and what is below a floor is gone. Two records of one version must say the same."""
    newest: dict[Name, DocumentRecord | DeleteRecord] = {}
    floor = Version(0, 0, 0, 0)
    for record in records:
        if isinstance(record, FloorRecord):
            floor = max(floor, record.version)
            continue
        held = newest.get(named(record))
        if held is not None and held.version == record.version:
            assert type(held) is type(record), f"two states of {named(record)} at {record.version}"
            if isinstance(held, DocumentRecord) and isinstance(record, DocumentRecord):
                assert shown(held) == shown(record), f"two states of {named(record)} at {record.version}"
        if held is None or record.version >= held.version:
            newest[named(record)] = record
    return {name: shown(record) for name, record in newest.items() if isinstance(record, DocumentRecord) and record.version >= floor}


async def _whole(servers: str, topics: list[str], partitions: int) -> list[tuple[bytes | None, bytes | None]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest", isolation_level="read_committed")
    await consumer.start()
    found: list[tuple[bytes | None, bytes | None]] = []
    try:
        known = await consumer.topics()
        places = [TopicPartition(topic, number) for topic in topics if topic in known for number in range(partitions)]
        if not places:
            return found
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += [(record.key, record.value) for record in records]
    finally:
        await consumer.stop()
    return found
