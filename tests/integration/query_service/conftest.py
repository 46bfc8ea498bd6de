"""A real index with documents written by the indexer's own code, and the service in front of it as it is served."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from weaviate import WeaviateAsyncClient

from contracts.events import DeleteRecord, DocumentRecord
from contracts.identity import Version
from contracts.settings import EmbeddingSettings, QuerySettings, WeaviateSettings, read
from index.collections import CollectionNames, ensure_collections
from index.connection import connect
from index.documents import Piece, chunk_contents, wanted_of
from index.driver import Cut, IndexDriver, Job
from index.embedding import Embedder, load
from index.store import WeaviateStore
from query_service.app import Configuration, application, opened
from tests.stack_fixture import stack_factory  # noqa: F401  # the fixture

SCOPE = "files:docs/"
ACME, GLOBEX = "test-query-acme", "test-query-globex"
KEYS = {
    "staff-key": (ACME, ["group:staff"]),
    "ann-key": (ACME, ["user:ann"]),
    "guest-key": (ACME, []),
    "globex-key": (GLOBEX, ["group:staff"]),
    "nowhere-key": ("test-query-nowhere", ["group:staff"]),
}

OWN_TENANTS = frozenset({ACME, GLOBEX})


def record(name: str, body: str, *, tenant: str = ACME, major: int = 1, **rest: object) -> DocumentRecord:
    about: dict[str, object] = {"title": name, "source": "docs", "allowed": ("public",), "format": "text"} | rest
    return DocumentRecord(
        tenant=tenant, doc_id=SCOPE + name, scope=SCOPE, version=Version(1, major, 0, 0), source_time_us=time.time_ns() // 1000, body=body, **about
    )


@dataclass
class Index:
    """Writes documents; a paragraph is a chunk."""

    client: WeaviateAsyncClient
    names: CollectionNames
    store: WeaviateStore
    driver: IndexDriver

    async def put(self, *records: DocumentRecord | DeleteRecord) -> None:
        await self.driver.index([job(one) for one in records])


def job(one: DocumentRecord | DeleteRecord) -> Job:
    def cut() -> Cut:
        assert isinstance(one, DocumentRecord)
        pieces: list[Piece] = []
        for paragraph in one.body.split("\n\n"):
            start = one.body.index(paragraph)
            pieces.append(Piece(start, start + len(paragraph), paragraph, ("Top",)))
        return chunk_contents(one, pieces)

    return Job(wanted_of(one), cut)


@pytest.fixture(scope="session")
def weaviate(stack_factory: Callable[..., object]) -> WeaviateSettings:  # noqa: F811  # a fixture's name
    stack_factory("weaviate")
    return read(WeaviateSettings)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load(EmbeddingSettings())


@pytest_asyncio.fixture
async def index(weaviate: WeaviateSettings, embedder: Embedder) -> AsyncIterator[Index]:
    """Without the tests' own tenants at the start of each test; whatever else is in a borrowed index stays."""
    client = await connect(weaviate)
    names = await ensure_collections(client, embedder.space)
    for name in (names.chunk, names.document):
        collection = client.collections.use(name)
        if tenants := sorted(OWN_TENANTS & set(await collection.tenants.get())):
            await collection.tenants.remove(tenants)
    store = WeaviateStore(client, names)
    yield Index(client, names, store, IndexDriver(store, embedder.embed, in_thread=asyncio.to_thread))
    await client.close()


@pytest.fixture(scope="session")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys.yaml"
    lines = ["keys:"]
    for key, (tenant, principals) in KEYS.items():
        lines.append(f"  - {{name: {key}, key_sha256: {hashlib.sha256(key.encode()).hexdigest()}, tenant: {tenant}, principals: {principals}}}")
    path.write_text("\n".join(lines))
    return path


class Service:
    """The API as a caller sees it."""

    def __init__(self, client: TestClient) -> None:
        self.http = client

    async def search(self, query: str, key: str = "staff-key", **rest: object) -> tuple[int, dict]:
        response = await self.http.post("/v1/search", json={"query": query} | rest, headers={"X-API-Key": key})
        return response.status, await response.json()

    async def found(self, query: str, key: str = "staff-key", **rest: object) -> list[str]:
        """Names of the documents that a search hits, each once, best first."""
        status, body = await self.search(query, key, **rest)
        assert status == 200, body
        return list(dict.fromkeys(hit["doc_id"].removeprefix(SCOPE) for hit in body["hits"]))

    async def query(self, question: str, key: str = "staff-key", **rest: object) -> tuple[int, dict]:
        response = await self.http.post("/v1/query", json={"question": question} | rest, headers={"X-API-Key": key})
        return response.status, await response.json()


Serve = Callable[..., object]


@pytest_asyncio.fixture
async def serve(weaviate: WeaviateSettings, keys_file: Path, index: Index) -> AsyncIterator[Serve]:  # the index is emptied first
    """Starts a service with given query settings."""
    async with AsyncExitStack() as stack:

        async def start(**settings: object) -> Service:
            configuration = Configuration(QuerySettings(api_keys_file=keys_file, **settings), weaviate, EmbeddingSettings())
            parts = await stack.enter_async_context(opened(configuration))
            server = TestServer(application(parts))
            client = await stack.enter_async_context(TestClient(server))
            return Service(client)

        yield start


@pytest_asyncio.fixture
async def service(serve: Callable[..., object]) -> Service:
    return await serve()  # type: ignore[misc, no-any-return]  # an async factory


@pytest.fixture(scope="session")
def model_server() -> Iterator[str]:
    """The address of the fake model server, a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "tests.fake_model_server", str(port)], cwd=Path(__file__).parents[3], env=os.environ)
    address = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            httpx.get(f"{address}/health").raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


def texts(hits: Sequence[dict]) -> list[str]:
    return [hit["text"] for hit in hits]
