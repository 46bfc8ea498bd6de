"""Reads what the index holds, for verify: documents by id, and every manifest and chunk by the cursor. It asks for no principals and decides nothing."""

from __future__ import annotations

import asyncio
from array import array
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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
        """Every tenant of either collection. One may be in one of them alone: it is made in the chunks first, and damage may have taken it from either."""
        chunks, documents = await self._holding()
        return sorted(chunks | documents)

    async def _holding(self) -> tuple[set[str], set[str]]:
        """The tenants that have chunks, and those that have documents. Weaviate refuses to read a tenant that is not there."""
        chunks, documents = await asyncio.gather(self._chunks.tenants.get(), self._documents.tenants.get())
        return set(chunks), set(documents)

    async def documents(self, keys: Iterable[DocKey]) -> dict[DocKey, Indexed]:
        """All that is there of each document; an empty Indexed for one that the index never saw."""
        by_tenant: dict[str, list[str]] = defaultdict(list)
        wanted = list(keys)
        for key in wanted:
            by_tenant[key.tenant].append(key.doc_id)
        with_chunks, with_documents = await self._holding()
        found: dict[DocKey, Indexed] = {}
        for tenant, doc_ids in by_tenant.items():
            reads = (
                self._manifests_of(tenant, doc_ids if tenant in with_documents else ()),
                self._chunks_of(tenant, doc_ids if tenant in with_chunks else ()),
            )
            manifests, chunks = await asyncio.gather(*reads)
            found |= {DocKey(tenant, doc_id): Indexed(tuple(manifests[doc_id]), tuple(chunks[doc_id])) for doc_id in doc_ids}
        return found

    async def _manifests_of(self, tenant: str, doc_ids: Sequence[str]) -> dict[str, list[Manifest]]:
        manifests: dict[str, list[Manifest]] = defaultdict(list)
        for found in await _of_documents(self._documents, tenant, doc_ids, DOCUMENT_FIELDS):
            manifests[str(found.properties["doc_id"])].append(manifest_from_properties(found.properties))
        return manifests

    async def _chunks_of(self, tenant: str, doc_ids: Sequence[str]) -> dict[str, list[ChunkSeen]]:
        chunks: dict[str, list[ChunkSeen]] = defaultdict(list)
        for chunk in await _of_documents(self._chunks, tenant, doc_ids, ["doc_id", "content_hash", *DIGESTED]):
            about = chunk.properties
            allowed = about["allowed"] if isinstance(about["allowed"], list) else []
            seen = ChunkSeen(str(chunk.uuid), str(about["content_hash"]), chunk_digest(about), tuple(str(item) for item in allowed))
            chunks[str(about["doc_id"])].append(seen)
        return chunks

    async def manifests(self, tenant: str, listed: array[int]) -> AsyncIterator[list[Held]]:
        """Batches of the documents that have a manifest; ``listed`` gathers 64 bits of the id of each chunk that any manifest lists."""
        _, with_documents = await self._holding()
        if tenant not in with_documents:
            return
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
        with_chunks, _ = await self._holding()
        if tenant not in with_chunks:
            return
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


async def _of_documents(collection: CollectionAsync, tenant: str, doc_ids: Sequence[str], properties: Sequence[str]) -> list[Any]:
    """The objects of a collection that belong to the documents."""
    if not doc_ids:
        return []
    mine = Filter.by_property("doc_id").contains_any(list(doc_ids))
    found = await collection.with_tenant(tenant).query.fetch_objects(filters=mine, limit=EVERYTHING, return_properties=properties)
    return list(found.objects)


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
