"""A worker that acknowledges every record at once but those whose value is ``hold``: ``python acking_worker.py GROUP TOPIC``."""

from __future__ import annotations

import sys

import faust

from contracts.topics import TopicSpec
from streams.records import InRecord
from streams.worker import Step, worker_app


async def take(record: InRecord) -> None:
    if record.value != b"hold":
        record.ack()


async def wire() -> Step:
    return Step(take)


if __name__ == "__main__":
    group, topic = sys.argv[1:]
    app = worker_app(group, [topic], [TopicSpec(topic, 1, compacted=False, retention_ms=None)], wire)
    faust.Worker(app, loglevel="WARNING", redirect_stdouts=False, quiet=True).execute_from_commandline()
