"""The connection to Weaviate, as settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import weaviate
from weaviate.classes.init import AdditionalConfig, Auth, Timeout
from weaviate.config import GrpcConfig
from weaviate.exceptions import WeaviateBaseError

from index.store import StoreUnavailableError

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

    from contracts.settings import WeaviateSettings


RECONNECT: Final = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.min_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 1_000))
"""gRPC pauses up to two minutes between its tries to reach a server that is away; whoever asks is told at once, so a try a second hurts nobody."""


async def connect(settings: WeaviateSettings) -> WeaviateAsyncClient:
    """A connected client; the caller closes it. Raises StoreUnavailableError that names the address."""
    client = weaviate.use_async_with_custom(
        http_host=settings.host,
        http_port=settings.http_port,
        http_secure=settings.secure,
        grpc_host=settings.host,
        grpc_port=settings.grpc_port,
        grpc_secure=settings.secure,
        auth_credentials=Auth.api_key(settings.api_key.get_secret_value()) if settings.api_key else None,
        additional_config=AdditionalConfig(
            timeout=Timeout(init=settings.timeout_seconds, query=settings.timeout_seconds, insert=settings.timeout_seconds),
            grpc_config=GrpcConfig(channel_options=RECONNECT),
        ),
    )
    try:
        await client.connect()
    except WeaviateBaseError as error:
        await client.close()
        address = f"{settings.host}:{settings.http_port} (gRPC {settings.grpc_port})"
        raise StoreUnavailableError(
            f"Weaviate does not answer at {address}; is it running ('headrace processes'), and are HEADRACE_WEAVIATE_… right?"
        ) from error
    return client
