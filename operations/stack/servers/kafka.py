"""Kafka as one KRaft node that is broker and controller, sized for a laptop: replication factor 1, small caches, no wait before a group's first rebalance."""

from __future__ import annotations

import subprocess

from contracts.topics import MAX_RECORD_BYTES
from operations.stack.errors import StackError
from operations.stack.probes import describes_cluster
from operations.stack.servers.jvm import java_command, properties, write_logging
from operations.stack.site import Site

HEAP_MIB = 384
"""A 32 MiB record is copied a few times on its way: 256 MiB is enough until one comes."""

_SINGLE = (
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "transaction.state.log.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "share.coordinator.state.topic.min.isr",
    "share.coordinator.state.topic.num.partitions",
)


def prepare(site: Site) -> None:
    write_logging(site)
    site.config("kafka.properties").write_text(properties(_settings(site)))
    data = site.data("kafka")
    if not (data / "meta.properties").is_file():
        data.mkdir(exist_ok=True)
        _format(site)


def command(site: Site) -> list[str]:
    return java_command(site, "kafka", HEAP_MIB, "kafka.Kafka", str(site.config("kafka.properties")))


def probe(site: Site) -> None:
    describes_cluster(site.address("kafka"))


def _settings(site: Site) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{site.address('kafka-controller')}",
        "listeners": f"PLAINTEXT://{site.address('kafka')},CONTROLLER://{site.address('kafka-controller')}",
        "advertised.listeners": f"PLAINTEXT://{site.address('kafka')}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(site.data("kafka")),
        # A worker whose topic is missing waits for ever, so topics are created by name before any worker starts, never by chance.
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
        # A broker killed with -9 may register again only when its old session has expired: the default of 9 s would be most of the outage.
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "1000",
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        "message.max.bytes": str(MAX_RECORD_BYTES),
        "replica.fetch.max.bytes": str(MAX_RECORD_BYTES),
        "log.cleaner.dedupe.buffer.size": "2097152",
        "log.segment.bytes": str(128 * 1024 * 1024),
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
    } | dict.fromkeys(_SINGLE, "1")


def _format(site: Site) -> None:
    """Give the data folder its cluster id, once."""
    # One word: an id may begin with "-", and would be taken for an option.
    arguments = ("format", f"--cluster-id={site.secrets.kafka_cluster_id}", f"--config={site.config('kafka.properties')}")
    result = subprocess.run(java_command(site, "kafka", HEAP_MIB, "kafka.tools.StorageTool", *arguments), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackError(
            f"Kafka's data folder could not be formatted: {(result.stderr or result.stdout).strip()[-400:]}", f"Remove {site.data('kafka')} and try again."
        )
