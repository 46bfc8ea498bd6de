"""Kafka Connect, distributed with one worker, with the Debezium plugins: exactly-once sources, secrets by reference, no wait before a rebalance.

A connector names a secret as ``${env:NAME}`` (a variable of whoever ran ``headrace up``), as ``${file:<home>/stack.env:HEADRACE_DEMO_PASSWORD}``
or as ``${directory:<home>/secrets:name}``; the file providers read nothing outside the home.
"""

from __future__ import annotations

from collections.abc import Mapping

from contracts.topics import MAX_RECORD_BYTES
from operations.stack.probes import answers_ok
from operations.stack.servers.jvm import java_command, properties, write_logging
from operations.stack.site import LOOPBACK, Site, stack_environment

HEAP_MIB = 640
"""Taken as it is needed: the largest record of a source (99 MiB) is there as text, as JSON and in the producer's buffer at once."""
_PROVIDERS = "org.apache.kafka.common.config.provider"


def prepare(site: Site) -> None:
    write_logging(site)
    (site.home / "secrets").mkdir(mode=0o700, exist_ok=True)
    site.config("connect.properties").write_text(properties(_settings(site)))


def command(site: Site) -> list[str]:
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    return java_command(site, "connect", HEAP_MIB, main, str(site.config("connect.properties")))


def environment(site: Site) -> Mapping[str, str]:
    """What ``${env:…}`` may name, besides the environment that supervisord was started with."""
    return stack_environment(site)


def probe(site: Site) -> None:
    answers_ok(f"http://{site.address('connect')}/connectors")


def _settings(site: Site) -> dict[str, str]:
    return (
        {
            "bootstrap.servers": site.address("kafka"),
            "group.id": "headrace-connect",
            "listeners": f"http://{site.address('connect')}",
            "rest.advertised.host.name": LOOPBACK,
            "rest.advertised.port": str(site.port("connect")),
            "plugin.path": str(site.binaries.connect_plugins),
            "plugin.discovery": "service_load",
            "exactly.once.source.support": "enabled",
            "topic.creation.enable": "true",
            "connector.client.config.override.policy": "All",
            "scheduled.rebalance.max.delay.ms": "0",
            # The least that the broker allows: after a kill the group waits this long for the member that is gone.
            "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "2000",
        }
        | _storage()
        | _records()
        | _secrets(site)
    )


def _storage() -> dict[str, str]:
    return {
        "config.storage.topic": "connect.configs",
        "config.storage.replication.factor": "1",
        "offset.storage.topic": "connect.offsets",
        "offset.storage.replication.factor": "1",
        "offset.storage.partitions": "1",
        "status.storage.topic": "connect.status",
        "status.storage.replication.factor": "1",
        "status.storage.partitions": "1",
    }


def _records() -> dict[str, str]:
    return {
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": "false",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
        "producer.max.request.size": str(MAX_RECORD_BYTES),
        "consumer.max.partition.fetch.bytes": str(MAX_RECORD_BYTES),
        "consumer.fetch.max.bytes": str(MAX_RECORD_BYTES),
    }


def _secrets(site: Site) -> dict[str, str]:
    return {
        "config.providers": "env,file,directory",
        "config.providers.env.class": f"{_PROVIDERS}.EnvVarConfigProvider",
        "config.providers.file.class": f"{_PROVIDERS}.FileConfigProvider",
        "config.providers.file.param.allowed.paths": str(site.home),
        "config.providers.directory.class": f"{_PROVIDERS}.DirectoryConfigProvider",
        "config.providers.directory.param.allowed.paths": str(site.home),
    }
