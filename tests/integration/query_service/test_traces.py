"""A question is one trace, a child of its caller's, exported by OTLP to a receiver in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from contracts.settings import WeaviateSettings
from tests.integration.query_service.conftest import Index, record
from tests.integration.query_service.process import ROOT, free_port, running

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[str]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.otlp_receiver", str(port), cwd=ROOT)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def test_a_question_is_one_trace_under_its_callers(index: Index, weaviate: WeaviateSettings, keys_file: Path, receiver: str) -> None:
    await index.put(record("pumps", "Hanna Brook looks after the pumps at night."))
    async with httpx.AsyncClient() as http:
        async with running(weaviate, keys_file, HEADRACE_TELEMETRY_OTLP_ENDPOINT=receiver) as address:
            headers = {"X-API-Key": "staff-key", "traceparent": f"00-{TRACE}-{CALLER}-01"}
            answer = await http.post(f"{address}/v1/query", json={"question": "Who looks after the pumps at night?"}, headers=headers, timeout=30)
            assert answer.json()["answered"], answer.text
        spans = [span for span in (await http.get(f"{receiver}/spans")).json() if span["trace"] == TRACE]  # ended politely, it has sent what it had
    (root,) = [span for span in spans if span["parent"] == CALLER]
    assert (root["service"], root["name"]) == ("query-service", "headrace.query /v1/query")
    assert {"headrace.query.embed", "headrace.query.search"} <= {span["name"] for span in spans if span["parent"] == root["id"]}
