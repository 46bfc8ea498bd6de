"""How much the index holds, for an operator: tenants, documents and chunks. Not a reader's way in: it shows no content and asks for no principals."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weaviate.classes.query import Filter
from weaviate.exceptions import WeaviateBaseError

from index.store import StoreUnavailableError

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

    from index.collections import CollectionNames


@dataclass(frozen=True, slots=True)
class Counts:
    """Objects of one tenant. While an edit is under way a document may be counted twice, and chunks on their way out are counted too."""

    tenant: str
    documents: int
    deleted: int
    """Deletes that keep their version."""
    chunks: int


async def count_tenants(client: WeaviateAsyncClient, names: CollectionNames) -> tuple[Counts, ...]:
    """Of every tenant, by name. Raises StoreUnavailableError."""
    try:
        with_chunks, with_documents = await asyncio.gather(*(client.collections.use(name).tenants.get() for name in (names.chunk, names.document)))
        tenants = sorted(with_documents.keys() & with_chunks.keys())  # one that is just being made has no documents yet
        return tuple(await asyncio.gather(*(_count(client, names, tenant) for tenant in tenants)))
    except WeaviateBaseError as error:
        raise StoreUnavailableError("the index could not be counted") from error


async def _count(client: WeaviateAsyncClient, names: CollectionNames, tenant: str) -> Counts:
    documents = client.collections.use(names.document).with_tenant(tenant).aggregate
    chunks = client.collections.use(names.chunk).with_tenant(tenant).aggregate
    dead = Filter.by_property("deleted").equal(True)
    manifests, deleted, pieces = await asyncio.gather(
        documents.over_all(total_count=True), documents.over_all(total_count=True, filters=dead), chunks.over_all(total_count=True)
    )
    gone = deleted.total_count or 0
    return Counts(tenant, (manifests.total_count or 0) - gone, gone, pieces.total_count or 0)
