"""Where the index worker is wired."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from contracts.settings import EmbeddingSettings, IndexerSettings, KafkaSettings, WeaviateSettings, read
from contracts.topics import DOCUMENTS, DOCUMENTS_BACKFILL, fixed_topics
from index.collections import ensure_collections
from index.connection import connect
from index.driver import IndexDriver, now_us
from index.embedding import load
from index.store import WeaviateStore
from streams.cutting import Cutter
from streams.expiring import Expiring
from streams.forgetting import forget_old_deletes
from streams.indexing import Indexing, IndexingLimits, in_thread
from streams.producer import RecordProducer
from streams.worker import Lane, Step, worker_app

if TYPE_CHECKING:
    import faust


def index_app(lane: Lane) -> faust.App:
    """The worker that brings a lane of documents into the index."""
    kafka, limits = read(KafkaSettings), read(IndexerSettings)
    live = lane == "live"
    embedder = load(read(EmbeddingSettings), aside=live)  # the text is searchable before its vectors: they must not hold up the next change

    async def wire() -> Step:
        weaviate = read(WeaviateSettings)
        client = await connect(weaviate)
        names = await ensure_collections(client, embedder.space, weaviate.replication)
        store = WeaviateStore(client, names, weaviate.replication, timeout_seconds=weaviate.timeout_seconds)
        producer = RecordProducer(kafka.bootstrap_servers)
        await producer.start()
        cutting = ThreadPoolExecutor(1, thread_name_prefix="cut")
        driver = IndexDriver(store, embedder.embed, in_thread=in_thread(cutting), text_first=live)
        step = Indexing(
            store,
            driver,
            Cutter(embedder),
            producer,
            IndexingLimits(lane, limits.batch_documents, limits.batches_in_flight, limits.buffer_documents, limits.buffer_mib * 2**20),
        )

        async def beside() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(step.run())
                if not live:
                    group.create_task(Expiring(store, producer, limits.expire_per_second, leads, now_us).run())
                if live:
                    group.create_task(forget_old_deletes(store, limits.tombstone_days))

        return Step(step.take, beside)

    def leads() -> bool:
        """One worker of a lane has its first partition."""
        return any((place.topic, place.partition) == (DOCUMENTS_BACKFILL, 0) for place in app.consumer.assignment())

    app = worker_app(f"headrace-index-{lane}", [DOCUMENTS if lane == "live" else DOCUMENTS_BACKFILL], fixed_topics(kafka.partitions), wire)
    return app
