"""The service as a process of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from contracts.settings import WeaviateSettings

ROOT = Path(__file__).parents[3]


def environment(weaviate: WeaviateSettings, keys_file: Path | None, model_url: str = "", **more: str) -> dict[str, str]:
    own = {
        "HEADRACE_WEAVIATE_HOST": weaviate.host,
        "HEADRACE_WEAVIATE_HTTP_PORT": str(weaviate.http_port),
        "HEADRACE_WEAVIATE_GRPC_PORT": str(weaviate.grpc_port),
        "HEADRACE_QUERY_MODEL_URL": model_url,
        **({"HEADRACE_QUERY_API_KEYS_FILE": str(keys_file)} if keys_file else {}),
    }
    return os.environ | own | more


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def running(weaviate: WeaviateSettings, keys_file: Path, model_url: str = "", **more: str) -> AsyncIterator[str]:
    """Its address, once it is ready; ended by SIGTERM, which it must obey."""
    port = free_port()
    environ = environment(weaviate, keys_file, model_url, HEADRACE_QUERY_PORT=str(port), **more)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "query_service", cwd=ROOT, env=environ)
    address = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(60), httpx.AsyncClient() as http:
        while True:
            try:
                (await http.get(f"{address}/readyz")).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.returncode is None, "the service ended"
                await asyncio.sleep(0.1)
    try:
        yield address
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
