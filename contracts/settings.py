"""Settings of every service, read once at the start from ``HEADRACE_…`` and printed by ``headrace settings``.

The local stack writes the addresses it chose to ``<home>/stack.env``; the environment wins over that file. Each group is small, and each
field says its unit, default and reason in its description.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

HOME_VARIABLE = "HEADRACE_HOME"
STACK_ENV = "stack.env"


def home() -> Path:
    """The one folder with everything a local stack writes: data, logs, the supervisor's socket, stack.env."""
    return Path(os.environ.get(HOME_VARIABLE, ".headrace")).absolute()


class KafkaSettings(BaseSettings):
    """Where Kafka is and how wide the topics are."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_KAFKA_", extra="ignore", frozen=True)

    bootstrap_servers: str = Field("127.0.0.1:17092", description="comma-separated host:port of the brokers")
    partitions: int = Field(4, ge=1, le=1024, description="partitions of documents, index.changes and source topics; the most workers that can share a lane")
    replication: int = Field(1, ge=1, description="replicas of each topic: 1 on a laptop, 3 on a cluster")
    session_timeout_seconds: float = Field(10.0, ge=6, description="after so long without a heartbeat a worker's partitions go to another one")
    instance_id: str = Field(
        "", description="a name that this worker keeps over restarts and shares with none (a StatefulSet pod's): it then gets its partitions back at once"
    )


class WeaviateSettings(BaseSettings):
    """The vector store that holds the index."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_WEAVIATE_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="host of REST and gRPC")
    http_port: int = Field(17080, ge=1, le=65535, description="REST port")
    grpc_port: int = Field(17051, ge=1, le=65535, description="gRPC port")
    secure: bool = Field(False, description="TLS on both ports")
    api_key: SecretStr | None = Field(None, description="API key, where the server asks for one")
    replication: int = Field(1, ge=1, description="replicas of each shard; writes go to ALL, so that a read sees every acknowledged write")
    timeout_seconds: float = Field(10.0, gt=0, description="limit of one call")


class ConnectSettings(BaseSettings):
    """Kafka Connect, which runs the Debezium connectors."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_CONNECT_", extra="ignore", frozen=True)

    url: str = Field("http://127.0.0.1:17083", description="REST address of a Connect worker")
    timeout_seconds: float = Field(15.0, gt=0, description="limit of one call")


class EmbeddingSettings(BaseSettings):
    """The model that turns text into vectors; the same for the index and for questions."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_EMBEDDING_", extra="ignore", frozen=True)

    backend: Literal["openvino", "torch", "tei"] = Field(
        "openvino", description="openvino: in process on CPU; torch: in process, on a GPU where there is one; tei: a text-embeddings-inference server"
    )
    model: str = Field("", description="name or folder of a sentence-transformers model; empty: the packaged all-MiniLM-L6-v2")
    revision: str = Field("", description="revision of a named model; part of the embedding space")
    url: str = Field("", description="address of the text-embeddings-inference server, for backend tei")
    threads: int = Field(0, ge=0, description="threads of one inference, 0: as many as cores")
    batch_chunks: int = Field(4, ge=1, le=1024, description="most chunks in one inference: a live edit waits for no more than one such call")


class IndexerSettings(BaseSettings):
    """How much the index worker takes on at once."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_INDEXER_", extra="ignore", frozen=True)

    batch_documents: int = Field(64, ge=1, le=512, description="most documents in one round of writes")
    batches_in_flight: int = Field(2, ge=1, le=16, description="rounds of writes under way at once, on different documents; fewer make larger ones under load")
    buffer_documents: int = Field(8192, ge=1, description="records read ahead of the writes, those that wait for vectors included")
    buffer_mib: int = Field(64, ge=1, description="bytes read ahead of the writes; bounds the worker's memory")
    expire_per_second: float = Field(
        20, gt=0, le=10_000, description="most expired documents removed a second; nobody finds them meanwhile, and edits go before"
    )
    tombstone_days: int = Field(30, ge=8, description="how long a delete keeps its version; longer than any topic keeps a late record")


class RedactionSettings(BaseSettings):
    """What makes replacements deterministic without being guessable."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_REDACTION_", extra="ignore", frozen=True)

    key: SecretStr = Field(SecretStr(""), description="key of the replacement tokens' hash; the same for all workers, at least 16 characters")
    memory_paragraphs: int = Field(50_000, ge=0, description="redacted paragraphs remembered, so that an edit costs what it changed")


class QuerySettings(BaseSettings):
    """The query service."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_QUERY_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(17000, ge=1, le=65535, description="port to listen on")
    api_keys_file: Path | None = Field(None, description="YAML of API keys (hashed) with tenant and principals")
    model_url: str = Field("", description="address of an OpenAI-compatible server (TGI, vLLM, NIM), without /v1; empty: extractive answers")
    model_name: str = Field("", description="model to ask for at that server")
    model_api_key: SecretStr | None = Field(None, description="bearer token for that server")
    model_timeout_seconds: float = Field(60.0, gt=0, description="limit of one generation")
    context_tokens: int = Field(2000, ge=200, description="budget of retrieved text in a prompt, in tokens of the embedding model")
    max_body_bytes: int = Field(65_536, ge=1024, description="largest request body")
    max_question_chars: int = Field(2_000, ge=16, description="longest question")


class WebhookSettings(BaseSettings):
    """The receiver of webhooks."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_WEBHOOKS_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(17001, ge=1, le=65535, description="port to listen on")
    url: str = Field("", description="address under which senders reach it, for 'headrace webhooks register': https://hooks.company.example")
    kafka_seconds: float = Field(5.0, gt=0, description="how long Kafka may take for a hint until the sender is told to come again; senders wait for about ten")
    known_deliveries: int = Field(1_000_000, ge=1000, description="delivery ids that are remembered, about 200 bytes each")
    limits_url: str = Field("async+memory://", description="where rates are counted: async+redis://host:6379 where there are replicas")


class TelemetrySettings(BaseSettings):
    """Logs, metrics, traces."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_TELEMETRY_", extra="ignore", frozen=True)

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")
    log_format: Literal["json", "console"] = Field("json", description="json for machines, console for people")
    metrics_host: str = Field("127.0.0.1", description="address of a worker's /metrics")
    metrics_port: int = Field(0, ge=0, le=65535, description="port of a worker's /metrics and /healthz; 0: none")
    otlp_endpoint: str = Field("", description="OTLP/HTTP endpoint for traces; empty: none are exported")


class SourcesSettings(BaseSettings):
    """Which sources there are."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_", extra="ignore", frozen=True)

    sources: Path = Field(Path("sources.yaml"), description="the file that declares the sources")


GROUPS: tuple[type[BaseSettings], ...] = (
    KafkaSettings,
    WeaviateSettings,
    ConnectSettings,
    EmbeddingSettings,
    IndexerSettings,
    RedactionSettings,
    QuerySettings,
    WebhookSettings,
    TelemetrySettings,
    SourcesSettings,
)


_Settings = TypeVar("_Settings", bound=BaseSettings)


def read(group: type[_Settings]) -> _Settings:
    """The group from the environment, and below it from the local stack's file."""
    return group(_env_file=home() / STACK_ENV)
