"""The first load against the same embedder alone, both on the same cores: ``python -m bench.pipeline.load --rows 5000``.

The embedder alone gets the very texts that the load embedded, in the same call size, with nothing else running; then the ratio of chunks per second is
what the rest of the path leaves of the machine. ``--handbook`` loads revision 0 of handbook-revisions instead of generated pages.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any, Final

import psycopg

from bench.chunking.corpus import revisions
from bench.pipeline.corpus import Corpus
from bench.pipeline.measure import machine, write
from bench.pipeline.shares import cores, cpu_seconds
from bench.pipeline.site import Site, bench_site
from contracts.events import ChunkPolicy, DocumentRecord
from contracts.identity import Version
from contracts.settings import EmbeddingSettings, read
from index.embedding import load as load_embedder
from index.text.embedded import embedded_text
from streams.cutting import Cutter

ALONE_CHUNKS: Final = 2_000
"""Enough for a steady rate."""


async def alone(bodies: list[str], overlap: float) -> float:
    """Chunks per second of the embedder with the machine to itself."""
    settings = read(EmbeddingSettings)
    embedder = load_embedder(settings)
    cutter = Cutter(embedder)
    texts: list[str] = []
    for number, body in enumerate(bodies):
        record = DocumentRecord(
            tenant="b",
            doc_id=str(number),
            scope="b",
            source="b",
            source_time_us=0,
            version=Version(0, 0, 0, 0),
            body=body,
            chunking=ChunkPolicy(overlap=overlap),
        )
        texts.extend(embedded_text(piece.text) for piece in cutter.cut(record))
        if len(texts) >= ALONE_CHUNKS:
            break
    await embedder.embed(texts[:64])
    began = time.perf_counter()
    for at in range(64, len(texts), 32):
        await embedder.embed(texts[at : at + 32])
    rate = (len(texts) - 64) / (time.perf_counter() - began)
    await embedder.close()
    return rate


async def piped(site: Site, bodies: list[str]) -> dict[str, Any]:
    """Load the bodies as rows and measure from the first to the last document in the index."""
    async with await psycopg.AsyncConnection.connect(site.dsn) as connection, connection.cursor() as cursor:
        rows = [(number, "bench", f"Page {number}", body, ["group:staff"]) for number, body in enumerate(bodies)]
        await cursor.executemany("INSERT INTO pages VALUES (%s, %s, %s, %s, %s)", rows)
    asked = time.perf_counter()
    await site.apply()
    await site.loaded(1, 120)
    first = time.perf_counter()
    start_us, looked, before = site.watch.changes[0].indexed_time_us, time.perf_counter(), cpu_seconds(site.stack)
    await site.loaded(sum(1 for body in bodies if body.strip()), 300)
    busy = cores(before, cpu_seconds(site.stack), time.perf_counter() - looked)
    chunks = sum(change.added for change in site.watch.changes)
    seconds = (max(change.indexed_time_us for change in site.watch.changes) - start_us) / 1e6
    return {
        "documents": len(bodies),
        "chunks": chunks,
        "embedded": sum(change.embedded for change in site.watch.changes),
        "seconds": round(seconds, 1),
        "chunks_per_second": round(chunks / seconds, 1),
        "connector_to_first_document_seconds": round(first - asked, 1),
        "cores_busy": busy,
    }


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    corpus = Corpus()
    bodies = handbook_bodies() if arguments.handbook else [corpus.page(number).body for number in range(arguments.rows)]
    before = await alone(bodies, arguments.overlap)
    async with bench_site(overlap=arguments.overlap, names=arguments.names) as site:
        through = await piped(site, bodies)
    after = await alone(bodies, arguments.overlap)
    embedder = (before + after) / 2
    return {
        "embedder_alone_chunks_per_second": {"before": round(before, 1), "after": round(after, 1)},
        "load": through,
        "ratio": round(through["chunks_per_second"] / embedder, 3),
    }


def handbook_bodies() -> list[str]:
    """The handbook's pages as they stood at revision 0."""
    return [revision.text for revision in revisions("markdown") if revision.number == 0 and revision.text]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--handbook", action="store_true", help="revision 0 of handbook-revisions instead of generated pages")
    parser.add_argument("--overlap", type=float, default=0.2)
    parser.add_argument("--names", action="store_true", help="redact names too (NER)")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = parse()
    seen = machine()
    what = "handbook" if chosen.handbook else f"rows-{chosen.rows}"
    variant = f"load-{what}" + ("-names" if chosen.names else "") + ("-overlap-0" if not chosen.overlap else "")
    flags = ("--handbook" if chosen.handbook else f"--rows {chosen.rows}") + (" --names" if chosen.names else "") + ("" if chosen.overlap else " --overlap 0")
    print(write(variant, f"python -m bench.pipeline.load {flags}", seen, asyncio.run(main(chosen))).read_text())
