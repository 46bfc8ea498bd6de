"""Reads what the index holds, for verify: documents by id, and every manifest and chunk by the cursor. It asks for no principals and decides nothing."""

from __future__ import annotations

import asyncio
from array import array
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from weaviate.classes.query import Filter

from index.collections import CollectionNames
from index.manifest import Manifest, entries_from_json
from index.store import DOCUMENT_FIELDS, EVERYTHING, DocKey, manifest_from_properties
from operations.verify.comparison import ChunkSeen, Indexed
from operations.verify.expectation import DIGESTED, chunk_digest

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.collections import CollectionAsync

CURSOR_OBJECTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """An object of the index by the document that it belongs to."""

    key: DocKey
    scope: str


class IndexReader:
    """One embedding space's pair of collections."""

    def __init__(self, client: WeaviateAsyncClient, names: CollectionNames) -> None:
        self._chunks: CollectionAsync = client.collections.use(names.chunk)
        self._documents: CollectionAsync = client.collections.use(names.document)

    async def tenants(self) -> list[str]:
        """Every tenant that has a document or a chunk."""
        documents, chunks = await asyncio.gather(self._documents.tenants.get(), self._chunks.tenants.get())
        return sorted({*documents, *chunks})

    async def documents(self, keys: Iterable[DocKey]) -> dict[DocKey, Indexed]:
        """All that is there of each document; an empty Indexed for one that the index never saw."""
        by_tenant: dict[str, list[str]] = defaultdict(list)
        wanted = list(keys)
        for key in wanted:
            by_tenant[key.tenant].append(key.doc_id)
        known = set(await self.tenants())
        found: dict[DocKey, Indexed] = {key: Indexed() for key in wanted}
        for tenant in by_tenant.keys() & known:
            found |= await self._documents_of(tenant, by_tenant[tenant])
        return found

    async def _documents_of(self, tenant: str, doc_ids: Sequence[str]) -> dict[DocKey, Indexed]:
        mine = Filter.by_property("doc_id").contains_any(list(doc_ids))
        manifests: dict[str, list[Manifest]] = defaultdict(list)
        chunks: dict[str, list[ChunkSeen]] = defaultdict(list)
        documents_query = self._documents.with_tenant(tenant).query.fetch_objects(filters=mine, limit=EVERYTHING, return_properties=DOCUMENT_FIELDS)
        chunks_query = self._chunks.with_tenant(tenant).query.fetch_objects(
            filters=mine, limit=EVERYTHING, return_properties=["doc_id", "content_hash", *DIGESTED]
        )
        found_documents, found_chunks = await asyncio.gather(documents_query, chunks_query)
        for found in found_documents.objects:
            manifests[str(found.properties["doc_id"])].append(manifest_from_properties(found.properties))
        for chunk in found_chunks.objects:
            about = chunk.properties
            allowed = about["allowed"] if isinstance(about["allowed"], list) else []
            seen = ChunkSeen(str(chunk.uuid), str(about["content_hash"]), chunk_digest(about), tuple(str(item) for item in allowed))
            chunks[str(about["doc_id"])].append(seen)
        return {DocKey(tenant, doc_id): Indexed(tuple(manifests[doc_id]), tuple(chunks[doc_id])) for doc_id in doc_ids}

    async def manifests(self, tenant: str, listed: array[int]) -> AsyncIterator[list[Held]]:
        """Batches of the documents that have a manifest; ``listed`` gathers 64 bits of the id of each chunk that any manifest lists."""
        batch: list[Held] = []
        async for found in self._documents.with_tenant(tenant).iterator(return_properties=["doc_id", "scope", "entries"], cache_size=CURSOR_OBJECTS):
            about = found.properties
            listed.extend(place_of(entry.chunk_id) for entry in entries_from_json(str(about["entries"])))
            batch.append(Held(DocKey(tenant, str(about["doc_id"])), str(about["scope"])))
            if len(batch) >= CURSOR_OBJECTS:
                yield batch
                batch = []
        if batch:
            yield batch

    async def unlisted_chunks(self, tenant: str, listed: array[int]) -> AsyncIterator[list[Held]]:
        """Batches of documents that have chunks which nobody lists."""
        sorted_places = np.sort(np.frombuffer(listed, dtype=np.uint64)) if listed else np.empty(0, dtype=np.uint64)
        batch: list[tuple[int, Held]] = []
        async for found in self._chunks.with_tenant(tenant).iterator(return_properties=["doc_id", "scope"], cache_size=CURSOR_OBJECTS):
            held = Held(DocKey(tenant, str(found.properties["doc_id"])), str(found.properties["scope"]))
            batch.append((place_of(str(found.uuid)), held))
            if len(batch) >= CURSOR_OBJECTS:
                yield _absent(batch, sorted_places)
                batch = []
        if batch:
            yield _absent(batch, sorted_places)


def place_of(chunk_id: str) -> int:
    """64 bits of a chunk's id: enough to tell a listed chunk from one that nobody lists, at eight bytes each."""
    return int(chunk_id.replace("-", "")[16:], 16)


def _absent(batch: list[tuple[int, Held]], sorted_places: np.ndarray) -> list[Held]:
    """Of the batch, what is not among the places: by binary search, so that millions of chunks cost eight bytes each."""
    places = np.array([place for place, _ in batch], dtype=np.uint64)
    if not sorted_places.size:
        return [held for _, held in batch]
    at = np.minimum(np.searchsorted(sorted_places, places), sorted_places.size - 1)
    return [held for (_, held), is_there in zip(batch, sorted_places[at] == places, strict=True) if not is_there]
