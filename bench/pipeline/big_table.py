"""A large table's way into Kafka, with Connect killed meanwhile: ``python -m bench.pipeline.big_table --rows 10000000 --kills 3``.

Only up to the source's topics: what comes after is the embedder's pace, which ``bench.pipeline.load`` measures. Every key must arrive, whatever is killed; live changes go on
meanwhile and are measured from their commit to a reader of committed records. Rows read again are those that the topic holds beyond one a key: of transactions that a kill
left open, which nobody sees, and repeated ones. The stack is removed afterwards, for ten million rows take some gigabytes.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.pipeline.live_probe import probe
from bench.pipeline.measure import machine, milliseconds, write
from bench.pipeline.site import PORT_BASE, temporary_home
from connectors.debezium import apply_source
from contracts.settings import ConnectSettings, KafkaSettings, read
from contracts.sources import environment, parse_sources
from contracts.topics import source_backfill_topic, source_topic
from operations.stack import Stack, StackSettings
from operations.stack.errors import NotRunningError

TABLE: Final = "public.notes"
BUFFERED_SECONDS: Final = 2.0
"""What Connect committed just before a kill may be read so much later."""
QUIET_SECONDS: Final = 180.0
"""Nothing new for so long: what is missing will not come."""
_SCHEMA: Final = """
CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
INSERT INTO notes SELECT g, 'note ' || g || ': the parcel of order ' || g * 7 || ' was handed over at the counter' FROM generate_series(1, {rows}) g;
ANALYZE notes;
"""
_SOURCES: Final = f"""
sources:
  - name: big
    connection: {{host: env:HEADRACE_DEMO_HOST, port: env:HEADRACE_DEMO_PORT, database: env:HEADRACE_DEMO_DATABASE, user: env:HEADRACE_DEMO_USER, password: env:HEADRACE_DEMO_PASSWORD}}
    tables:
      - {{name: {TABLE}, key: id, body: body, tenant: bench, allowed: [public]}}
"""


@dataclass(slots=True)
class Progress:
    """What a reader of committed records has seen: bits by key, of the load alone and of both lanes."""

    loaded: np.ndarray
    arrived: np.ndarray
    committed: int = 0
    """Rows of the load."""
    last_new: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, rows: int) -> Progress:
        return cls(np.zeros(rows + 1, dtype=bool), np.zeros(rows + 1, dtype=bool))

    @property
    def keys(self) -> int:
        return int(np.count_nonzero(self.arrived))

    def take(self, keys: list[int], *, load: bool) -> None:
        found = np.array(keys, dtype=np.int64)
        if not self.arrived[found].all():
            self.last_new = time.monotonic()
        self.arrived[found] = True
        if load:
            self.loaded[found] = True
            self.committed += len(keys)


@dataclass(frozen=True, slots=True)
class Kill:
    at: float
    at_keys: int
    seconds_until_next: float = 0.0


class Killer:
    """Ends Connect with signal 9 at even shares of the load, and sees when it goes on."""

    def __init__(self, stack: Stack, rows: int, kills: int) -> None:
        self._stack = stack
        self._due = [rows * number // (kills + 1) for number in range(1, kills + 1)]
        self._waiting = False
        self.done: list[Kill] = []

    def look(self, keys: int) -> None:
        if self._waiting and keys > self.done[-1].at_keys and time.time() - self.done[-1].at > BUFFERED_SECONDS:
            self.done[-1] = replace(self.done[-1], seconds_until_next=round(time.time() - self.done[-1].at, 1))
            self._waiting = False
        if not self._waiting and len(self.done) < len(self._due) and keys >= self._due[len(self.done)]:
            self._stack.kill("connect")
            self.done.append(Kill(time.time(), keys))
            self._waiting = True
        elif self._waiting and time.time() - self.done[-1].at <= BUFFERED_SECONDS:
            self.done[-1] = replace(self.done[-1], at_keys=keys)  # what was committed before it died


async def consumer(topics: list[str], isolation: str) -> AIOKafkaConsumer:
    kafka = read(KafkaSettings)
    made = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, isolation_level=isolation, enable_auto_commit=False, max_poll_records=20_000)
    await made.start()
    places = [TopicPartition(topic, number) for topic in topics for number in range(kafka.partitions)]
    made.assign(places)
    await made.seek_to_beginning(*places)
    return made


async def load(stack: Stack, rows: int, kills: int) -> tuple[Progress, list[Kill], float, int]:
    """Read until every key was seen in either lane: a row that changes while its chunk is read comes by the live one alone."""
    progress, killer, memory, began = Progress.of(rows), Killer(stack, rows, kills), 0, time.monotonic()
    loaded = source_backfill_topic("big", TABLE)
    reader = await consumer([loaded, source_topic("big", TABLE)], "read_committed")
    try:
        while (keys := progress.keys) < rows:
            for place, records in (await reader.getmany(timeout_ms=500)).items():
                progress.take([int(record.key[len(b'{"id":') : -1]) for record in records], load=place.topic == loaded)
            killer.look(keys)
            memory = max(memory, resident(stack))
            if time.monotonic() - progress.last_new > QUIET_SECONDS:
                raise TimeoutError(f"{keys:,} of {rows:,} keys, then nothing for {QUIET_SECONDS:.0f} s")
    finally:
        await reader.stop()
    return progress, killer.done, time.monotonic() - began, memory


def resident(stack: Stack) -> int:
    """Bytes that Connect holds now; 0 while it is away."""
    try:
        return int(psutil.Process(stack.pid("connect")).memory_info().rss)
    except (psutil.NoSuchProcess, NotRunningError):
        return 0


async def written() -> int:
    """Rows that the backfill topic holds, those of transactions that were left open included."""
    reader = await consumer([source_backfill_topic("big", TABLE)], "read_uncommitted")
    ends = await reader.end_offsets(reader.assignment())
    count = 0
    try:
        while any([await reader.position(place) < end for place, end in ends.items()]):
            count += sum(len(records) for records in (await reader.getmany(timeout_ms=500)).values())
    finally:
        await reader.stop()
    return count


def live_times(kills: list[Kill], seen: list[tuple[float, float]]) -> dict[str, Any]:
    """From commit to reader, of all changes and of those committed while Connect was there."""
    away = [(kill.at - 5, kill.at + kill.seconds_until_next + 5) for kill in kills]
    undisturbed = [seconds for at, seconds in seen if not any(begin <= at <= end for begin, end in away)]
    return {"all": milliseconds([seconds for _, seconds in seen]), "while_connect_runs": milliseconds(undisturbed)}


def run(stack: Stack, rows: int, kills: int) -> dict[str, Any]:
    """Fill the table, load it, count."""
    with psycopg.connect(stack.site.dsn(), autocommit=True) as connection:
        connection.execute(_SCHEMA.format(rows=rows).encode())
    list(apply_source(parse_sources(_SOURCES, Path("sources.yaml"), environment()).postgres[0], read(ConnectSettings), read(KafkaSettings)))
    context = multiprocessing.get_context("spawn")
    stop, (answer, theirs) = context.Event(), context.Pipe(duplex=False)
    prober = context.Process(target=probe, args=(stack.site.dsn(), source_topic("big", TABLE), rows, stop, theirs))
    prober.start()
    try:
        progress, killed, seconds, memory = asyncio.run(load(stack, rows, kills))
    finally:
        stop.set()
    live, lost = answer.recv()
    prober.join()
    loaded = int(np.count_nonzero(progress.loaded))
    return {
        "rows": rows,
        "keys_arrived": progress.keys,
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds),
        "kills": [{"at_keys": kill.at_keys, "seconds_until_next_row": kill.seconds_until_next} for kill in killed],
        "rows_read_again": asyncio.run(written()) - loaded,
        "of_these_seen_twice": progress.committed - loaded,
        "connect_resident_mib_most": round(memory / 2**20),
        "live_commit_to_topic_ms": live_times(killed, live),
        "live_changes_lost": lost,
    }


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--kills", type=int, default=0, help="how often Connect is ended with signal 9")
    parser.add_argument("--port-base", type=int, default=PORT_BASE)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = parse()
    before = machine()
    with temporary_home() as home:
        servers = Stack(home, StackSettings(port_base=chosen.port_base), ("postgres", "kafka", "connect"))
        try:
            servers.up()
            found = run(servers, chosen.rows, chosen.kills)
        finally:
            servers.down()
    command = f"python -m bench.pipeline.big_table --rows {chosen.rows} --kills {chosen.kills}"
    print(write(f"big-table-{chosen.rows}", command, before, found).read_text())
