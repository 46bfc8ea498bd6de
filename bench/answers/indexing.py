"""Documents into a real index by the indexer's own code, without Kafka between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.events import DocumentRecord
from contracts.settings import EmbeddingSettings, WeaviateSettings, read
from index.collections import CollectionNames, ensure_collections
from index.connection import connect
from index.documents import Piece, chunk_contents, wanted_of
from index.driver import Cut, IndexDriver, Job
from index.embedding import Embedder, load
from index.store import WeaviateStore
from streams.chunk.chunker import Chunker
from streams.chunk.tokens import ModelTokenCounter

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

BATCH = 16


@dataclass(frozen=True)
class Index:
    client: WeaviateAsyncClient
    names: CollectionNames
    embedder: Embedder

    async def fill(self, records: Sequence[DocumentRecord]) -> int:
        """Chunks embedded: none where the documents are there already."""
        chunker = Chunker(ModelTokenCounter(self.embedder.tokenizer), self.embedder.window - 2)
        driver = IndexDriver(WeaviateStore(self.client, self.names), self.embedder.embed, in_thread=asyncio.to_thread)
        embedded = 0
        for at in range(0, len(records), BATCH):
            jobs = [Job(wanted_of(record), _cutter(chunker, record)) for record in records[at : at + BATCH]]
            embedded += sum(done.embedded for done in await driver.index(jobs))
        return embedded


def _cutter(chunker: Chunker, record: DocumentRecord) -> Callable[[], Cut]:
    def cut() -> Cut:
        chunks = chunker.chunk(record.body, record.format, record.chunking)
        return chunk_contents(record, [Piece(chunk.start, chunk.end, record.body[chunk.start : chunk.end], chunk.headings) for chunk in chunks])

    return cut


@asynccontextmanager
async def opened() -> AsyncGenerator[Index, None]:
    """The index that HEADRACE_WEAVIATE_… and HEADRACE_EMBEDDING_… name."""
    embedder = load(read(EmbeddingSettings))
    client = await connect(read(WeaviateSettings))
    try:
        yield Index(client, await ensure_collections(client, embedder.space), embedder)
    finally:
        await client.close()
        await embedder.close()
