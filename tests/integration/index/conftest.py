"""A Weaviate of the local stack, and the write side of the index on it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
from weaviate import WeaviateAsyncClient

from contracts.embedding_space import EmbeddingSpace
from contracts.settings import WeaviateSettings, read
from index.collections import ensure_collections
from index.connection import connect
from index.store import WeaviateStore
from operations.stack import Stack
from tests.property.history import DIMENSION, Place
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture

SPACE = EmbeddingSpace("test/hash", "", DIMENSION, "none")


@pytest.fixture
def stack(stack_factory: StackSession) -> Stack:  # noqa: F811  # the fixture itself
    return stack_factory("weaviate")


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[WeaviateAsyncClient]:
    connected = await connect(read(WeaviateSettings))
    yield connected
    await connected.close()


@pytest.fixture
async def store(client: WeaviateAsyncClient) -> WeaviateStore:
    return WeaviateStore(client, await ensure_collections(client, SPACE))


@pytest.fixture
def place() -> Place:
    """A tenant and a table that no other test has."""
    name = uuid.uuid4().hex[:12]
    return Place(f"tenant-{name}", f"postgres:app.public.{name}/")
