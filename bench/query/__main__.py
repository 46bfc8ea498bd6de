"""How fast searches and answers are: ``python -m bench.query [--json FILE]``, on the stack of HEADRACE_HOME or on a Weaviate of its own.

The handbook's pages of revision 0 (chunked as shipped) are indexed into a tenant of their own; the service runs as a process of its own; one caller asks
distinct questions made from the pages' headings over one kept connection. The first questions warm it up and are not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bench.answers import squad
from bench.answers.indexing import opened
from bench.pipeline.servers import running
from contracts.events import DocumentRecord
from contracts.identity import Version

TENANT = "bench-handbook"
SCOPE = "files:handbook/"
KEY = "bench"
WARM_UP = 20
ROOT = Path(__file__).parents[2]


def pages() -> list[DocumentRecord]:
    records: list[DocumentRecord] = []
    with gzip.open(squad.folder() / "handbook-revisions.jsonl.gz") as lines:
        for line in lines:
            page = json.loads(line)
            if page["rev"]:
                break
            if page["text"]:
                records.append(_page(page["path"], page["text"]))
    return records


def _page(path: str, body: str) -> DocumentRecord:
    return DocumentRecord(
        tenant=TENANT,
        doc_id=SCOPE + path,
        scope=SCOPE,
        source="handbook",
        version=Version(1, 1, 0, 0),
        source_time_us=0,
        title=path.rpartition("/")[2].removesuffix(".md").replace("-", " "),
        body=body,
        allowed=("public",),
    )


def questions(records: list[DocumentRecord], most: int) -> list[str]:
    forms = ("What does the handbook say about {}?", "How does {} work?", "Who can help me with {}?", "When do I need {}?")
    headings = sorted({heading.strip(" #*:").lower() for record in records for heading in re.findall(r"^#{2,4} (.{6,60})$", record.body, re.MULTILINE)})
    return [forms[number % len(forms)].format(heading) for number, heading in enumerate(headings)][:most]


@asynccontextmanager
async def service() -> AsyncGenerator[str, None]:
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys.yaml"
        keys.write_text(f"keys:\n  - {{name: bench, key_sha256: {hashlib.sha256(KEY.encode()).hexdigest()}, tenant: {TENANT}}}\n", encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environ = os.environ | {"HEADRACE_QUERY_API_KEYS_FILE": str(keys), "HEADRACE_QUERY_PORT": str(port)}
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "query_service", cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{port}"
        await _ready(address, process)
        try:
            yield address
        finally:
            process.terminate()
            await process.wait()


async def _ready(address: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(120), httpx.AsyncClient() as http:
        while True:
            try:
                (await http.get(f"{address}/readyz")).raise_for_status()
            except httpx.HTTPError:
                if process.returncode is not None:
                    raise SystemExit("the query service ended; run 'python -m query_service' to see why") from None
                await asyncio.sleep(0.2)
            else:
                return


async def timed(address: str, path: str, bodies: list[dict[str, object]]) -> dict[str, object]:
    milliseconds: list[float] = []
    steps: dict[str, list[float]] = {}
    answered = 0
    async with httpx.AsyncClient(base_url=address, headers={"X-API-Key": KEY}, timeout=30) as http:
        for number, body in enumerate(bodies):
            began = time.perf_counter()
            response = (await http.post(path, json=body)).raise_for_status()
            taken = (time.perf_counter() - began) * 1000
            if number >= WARM_UP:
                milliseconds.append(taken)
                answered += bool(response.json().get("answered"))
                for name, value in response.json()["timings_ms"].items():
                    steps.setdefault(name, []).append(value)
    quantiles = statistics.quantiles(milliseconds, n=100)
    medians = {name: round(statistics.median(values), 1) for name, values in steps.items()}
    return {
        "n": len(milliseconds),
        "p50_ms": round(statistics.median(milliseconds), 1),
        "p90_ms": round(quantiles[89], 1),
        "p99_ms": round(quantiles[98], 1),
        "answered": answered,
        "steps_p50_ms": medians,
    }


async def main(most: int) -> dict[str, object]:
    records = pages()
    asked = questions(records, most + WARM_UP)
    async with opened() as index:
        embedded = await index.fill(records)
    print(f"{len(records)} pages, {embedded} chunks embedded now, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    half = len(asked) // 2
    async with service() as address:
        return {
            "load_average": os.getloadavg()[0],
            "search": await timed(address, "/v1/search", [{"query": question} for question in asked[:half]]),
            "query": await timed(address, "/v1/query", [{"question": question} for question in asked[half:]]),
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with running("weaviate"):
        result = json.dumps(asyncio.run(main(arguments.questions)), indent=2)
    print(result)
    if arguments.json is not None:
        arguments.json.write_text(result + "\n", encoding="utf-8")
