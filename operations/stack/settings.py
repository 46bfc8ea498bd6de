"""Settings of the local stack, and the ports that follow from one number.

Each server's port is ``port_base`` plus a fixed offset, so that two stacks side by side need two bases and nothing else.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PORT_OFFSETS: Final = MappingProxyType(
    {
        "query": 0,
        "webhooks": 1,
        "demo-zendesk": 10,
        "postgres": 32,
        "weaviate-grpc": 51,
        "weaviate-gossip": 52,
        "weaviate-data": 53,
        "weaviate-raft": 54,
        "weaviate-raft-rpc": 55,
        "query-metrics": 60,
        "normalize-metrics": 61,
        "normalize-backfill-metrics": 62,
        "index-metrics": 63,
        "index-backfill-metrics": 64,
        "collect-metrics": 65,
        "poll-metrics": 66,
        "gather-metrics": 67,
        "weaviate-http": 80,
        "connect": 83,
        "kafka": 92,
        "kafka-controller": 93,
    }
)
SPAN: Final = 100
"""Ports that one stack may take, from its base on."""


class StackSettings(BaseSettings):
    """The local stack."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_STACK_", extra="ignore", frozen=True)

    port_base: int = Field(
        17000, ge=1024, le=65535 - SPAN, description="first of the hundred ports that the stack may use; query service +0, Kafka +92 and so on"
    )
    ready_seconds: float = Field(180.0, gt=0, description="how long one program may take to become ready before `up` gives up")
    wal_keep_mib: int = Field(2048, ge=64, description="most WAL that Postgres keeps for a replication slot nobody reads (max_slot_wal_keep_size)")

    def port(self, name: str) -> int:
        return self.port_base + PORT_OFFSETS[name]
