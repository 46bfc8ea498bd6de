"""What an unchanged document costs the worker: ``python -m bench.protocol.replay [--documents 512] [--chunks 8]``.

Writes documents into a collection pair of its own on the Weaviate of the settings, then replays the same versions through IndexDriver in batches of
several sizes. Prints documents per second of the worker's CPU and per second of the wall clock; nothing may be embedded or written.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from weaviate import WeaviateAsyncClient

from bench.pipeline.servers import running
from contracts.embedding_space import EmbeddingSpace
from contracts.events import DocumentRecord
from contracts.identity import Version
from contracts.settings import WeaviateSettings, read
from index.collections import CHUNK_PROPERTIES, DOCUMENT_PROPERTIES, FLOOR, FLOOR_PROPERTIES, CollectionNames, CollectionWish, _ensure
from index.connection import connect
from index.documents import Piece, chunk_contents, wanted_of
from index.driver import Cut, IndexDriver, Job
from index.protocol import Outcome
from index.store import WeaviateStore

DIMENSION = 384
SPACE = EmbeddingSpace("bench/replay", "", DIMENSION, "none")


@dataclass(slots=True)
class CountingEmbed:
    texts: int = 0

    async def __call__(self, texts: Sequence[str]) -> list[Sequence[float]]:
        self.texts += len(texts)
        return [[((hash(text) >> bit % 48) & 0xFF) / 255 for bit in range(DIMENSION)] for text in texts]


async def _in_thread(cut: object) -> Cut:
    return await asyncio.to_thread(cut)  # type: ignore[arg-type]  # a callable without arguments


def job(number: int, chunks: int) -> Job:
    """Document ``number``: about 130 words a chunk."""
    texts = [f"Document {number}, part {part}. " + " ".join(f"word{(number * 31 + part * 7 + word) % 9973}" for word in range(130)) for part in range(chunks)]
    record = DocumentRecord(
        tenant="bench",
        doc_id=f"postgres:bench.public.pages/{number}",
        scope="postgres:bench.public.pages/",
        source="bench",
        source_time_us=1,
        version=Version(0, 1, number, 0),
        title=f"Document {number}",
        body="\n\n".join(texts),
        allowed=("group:all", "user:one"),
        metadata={"team": "bench"},
    )
    pieces: list[Piece] = []
    at = 0
    for text in texts:
        pieces.append(Piece(at, at + len(text), text, ("Part",)))
        at += len(text) + 2
    return Job(wanted_of(record), lambda: chunk_contents(record, pieces))


async def collections(client: WeaviateAsyncClient) -> CollectionNames:
    """The bench's own pair, without touching the aliases of a live index."""
    names = CollectionNames.of(SPACE)
    await _ensure(client, CollectionWish(names.chunk, CHUNK_PROPERTIES, 1, tenants=True, vectors=True, description=SPACE.to_json()))
    await _ensure(client, CollectionWish(names.document, DOCUMENT_PROPERTIES, 1, tenants=True))
    await _ensure(client, CollectionWish(FLOOR, FLOOR_PROPERTIES, 1))
    return names


async def _all(driver: IndexDriver, jobs: Sequence[Job], batch: int) -> set[Outcome]:
    outcomes: set[Outcome] = set()
    for begin in range(0, len(jobs), batch):
        outcomes |= {indexed.outcome for indexed in await driver.index(jobs[begin : begin + batch])}
    return outcomes


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=512)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64, 256])
    chosen = parser.parse_args()
    client = await connect(read(WeaviateSettings))
    try:
        embed = CountingEmbed()
        driver = IndexDriver(WeaviateStore(client, await collections(client)), embed, in_thread=_in_thread)
        jobs = [job(number, chosen.chunks) for number in range(chosen.documents)]
        print(f"filled: {await _all(driver, jobs, 64)}, {embed.texts} texts embedded")
        embed.texts = 0
        for batch in chosen.batches:
            await _all(driver, jobs[:batch], batch)
            cpu, wall = time.process_time(), time.perf_counter()
            outcomes = await _all(driver, jobs, batch)
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            assert outcomes == {Outcome.DUPLICATE}, outcomes
            assert embed.texts == 0
            print(f"batches of {batch}: {len(jobs) / cpu:,.0f} documents per CPU-second of the worker, {len(jobs) / wall:,.0f} per second")
    finally:
        await client.close()


if __name__ == "__main__":
    with running("weaviate"):
        asyncio.run(main())
