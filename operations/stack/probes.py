"""Questions by which one sees that a server is ready. Each returns when it is, and raises NotYetError with the reason while it is not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

import httpx
import psycopg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

_SECONDS: float = 3.0


class NotYetError(Exception):
    """The program does not answer as it should; asked again later."""


def answers_ok(url: str, headers: Mapping[str, str] | None = None) -> None:
    """GET ``url`` gives a 2xx."""
    try:
        response = httpx.get(url, headers=headers, timeout=_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        raise NotYetError(f"{url}: {type(error).__name__}") from error
    if not response.is_success:
        raise NotYetError(f"{url}: HTTP {response.status_code}")


def selects_one(dsn: str) -> None:
    """Postgres answers a query."""
    try:
        with psycopg.connect(dsn, connect_timeout=int(_SECONDS)) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise NotYetError(f"postgres: {type(error).__name__}") from error


def describes_cluster(bootstrap_servers: str) -> None:
    """Kafka names its broker and its controller."""
    _accepts(bootstrap_servers)
    try:
        cluster = asyncio.run(_describe(bootstrap_servers))
    except (KafkaError, OSError, TimeoutError) as error:
        raise NotYetError(f"kafka: {type(error).__name__}") from error
    if not cluster.get("brokers"):
        raise NotYetError("kafka: no broker registered")


def _accepts(address: str) -> None:
    """A port that takes connections; asked first, since aiokafka logs each refusal as an error."""
    host, _colon, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_SECONDS).close()
    except OSError as error:
        raise NotYetError(f"{address}: {type(error).__name__}") from error


async def _describe(bootstrap_servers: str) -> dict[str, object]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=int(_SECONDS * 1000))
    try:
        await admin.start()
        description: dict[str, object] = await admin.describe_cluster()
        return description
    finally:
        await admin.close()
