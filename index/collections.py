"""The three collections of the index and their aliases.

Per embedding space a pair, ``Chunk_<space>`` (vector, text, what filters need) and ``Document_<space>`` (manifests, no vector), behind the aliases
``Chunk`` and ``Document``; and one ``Floor`` for all. Native multi-tenancy: a tenant's objects are a shard of their own. The space is the
description of its ``Chunk_`` collection, so that it cannot be lost apart from the vectors it speaks of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from weaviate.classes.config import Configure, DataType, Property, Tokenization
from weaviate.exceptions import WeaviateBaseError

from contracts.embedding_space import EmbeddingSpace

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

CHUNK: Final = "Chunk"
DOCUMENT: Final = "Document"
FLOOR: Final = "Floor"


class EmbeddingSpaceMismatchError(Exception):
    """The index holds vectors of another space than this process would write or ask with."""

    def __init__(self, found: EmbeddingSpace, own: EmbeddingSpace) -> None:
        super().__init__(
            f"the index was built with {found}, this process is configured for {own}. Vectors of the two cannot be compared. "
            "Set HEADRACE_EMBEDDING_MODEL (and _REVISION) back, or the release where the chunker differs. To change the space: stop the workers and the query service, "
            "point HEADRACE_WEAVIATE_HOST (and ports) at an empty Weaviate, raise 'revision' of every source in sources.yaml, start them and run "
            "'headrace connectors apply', which reads every table again."
        )
        self.found = found
        self.own = own


@dataclass(frozen=True, slots=True)
class CollectionNames:
    chunk: str
    document: str

    @classmethod
    def of(cls, space: EmbeddingSpace) -> CollectionNames:
        return cls(f"{CHUNK}_{space.id}", f"{DOCUMENT}_{space.id}")


def _exact(name: str, *, many: bool = False) -> Property:
    """A property for equality filters: taken whole, not searched."""
    kind = DataType.TEXT_ARRAY if many else DataType.TEXT
    return Property(name=name, data_type=kind, tokenization=Tokenization.FIELD, index_filterable=True, index_searchable=False)


def _kept(name: str) -> Property:
    """A property that is only read back."""
    return Property(name=name, data_type=DataType.TEXT, index_filterable=False, index_searchable=False)


def _terms(name: str) -> Property:
    """Terms made by index.text.terms, joined by spaces: the same function for text and question, in any language."""
    return Property(name=name, data_type=DataType.TEXT, tokenization=Tokenization.WHITESPACE, index_filterable=False, index_searchable=True)


def _number(name: str, *, ranged: bool = False) -> Property:
    return Property(name=name, data_type=DataType.INT, index_filterable=False, index_range_filters=ranged)


CHUNK_PROPERTIES: Final = (
    _exact("doc_id"),
    _exact("scope"),
    _exact("source"),
    _exact("doc_type"),
    _exact("allowed", many=True),
    _exact("facets", many=True),
    _terms("terms"),
    _terms("title_terms"),
    _kept("text"),
    _kept("headings"),
    _kept("born"),
    _kept("content_hash"),
)

DOCUMENT_PROPERTIES: Final = (
    _exact("doc_id"),
    _exact("scope"),
    _exact("source"),
    Property(name="deleted", data_type=DataType.BOOL, index_filterable=True),
    Property(name="allowed", data_type=DataType.TEXT_ARRAY, index_filterable=False, index_searchable=False),
    _kept("attempt"),
    _kept("entries"),
    _kept("fingerprint"),
    _kept("title"),
    _kept("url"),
    _kept("doc_type"),
    _kept("metadata"),
    _number("source_time_us"),
    _number("indexed_time_us", ranged=True),
    _number("expires_us", ranged=True),
)

FLOOR_PROPERTIES: Final = (_exact("scope"), _kept("source"), _kept("version"), _number("source_time_us"))


@dataclass(frozen=True, slots=True)
class CollectionWish:
    name: str
    properties: tuple[Property, ...]
    replication: int
    tenants: bool = False
    vectors: bool = False
    description: str | None = None


async def ensure_collections(client: WeaviateAsyncClient, space: EmbeddingSpace, replication: int = 1) -> CollectionNames:
    """Create what is missing and point the aliases at it. Raises EmbeddingSpaceMismatchError where the live index is of another space.

    Safe to call from any number of processes at once: a creation that another was quicker with is taken as done.
    """
    live = await live_space(client)
    if live is not None and live != space:
        raise EmbeddingSpaceMismatchError(live, space)
    names = CollectionNames.of(space)
    await _ensure(client, CollectionWish(names.chunk, CHUNK_PROPERTIES, replication, tenants=True, vectors=True, description=space.to_json()))
    await _ensure(client, CollectionWish(names.document, DOCUMENT_PROPERTIES, replication, tenants=True))
    await complete_documents(client, names)
    await _ensure(client, CollectionWish(FLOOR, FLOOR_PROPERTIES, replication))
    await _ensure_alias(client, DOCUMENT, names.document)
    await _ensure_alias(client, CHUNK, names.chunk)
    return names


async def live_space(client: WeaviateAsyncClient) -> EmbeddingSpace | None:
    """The space behind the alias ``Chunk``; None before the first start."""
    alias = await client.alias.get(alias_name=CHUNK)
    if alias is None:
        return None
    config = await client.collections.use(alias.collection).config.get(simple=True)
    return EmbeddingSpace.from_json(config.description or "{}")


async def complete_documents(client: WeaviateAsyncClient, names: CollectionNames) -> None:
    """Give the manifests of an index that an older release made the properties that came since: objects stay as they are, nothing is embedded."""
    collection = client.collections.use(names.document)
    there = {found.name for found in (await collection.config.get(simple=True)).properties}
    for wished in DOCUMENT_PROPERTIES:
        if wished.name in there:
            continue
        try:
            await collection.config.add_property(wished)
        except WeaviateBaseError:
            if wished.name not in {found.name for found in (await collection.config.get(simple=True)).properties}:
                raise


async def _ensure(client: WeaviateAsyncClient, wish: CollectionWish) -> None:
    if await client.collections.exists(wish.name):
        return
    try:
        await client.collections.create(
            wish.name,
            description=wish.description,
            properties=list(wish.properties),
            multi_tenancy_config=Configure.multi_tenancy(enabled=True, auto_tenant_creation=True, auto_tenant_activation=True) if wish.tenants else None,
            replication_config=Configure.replication(factor=wish.replication),
            vector_config=Configure.Vectors.self_provided() if wish.vectors else None,
        )
    except WeaviateBaseError:
        if not await client.collections.exists(wish.name):
            raise


async def _ensure_alias(client: WeaviateAsyncClient, alias: str, target: str) -> None:
    if await client.alias.get(alias_name=alias) is not None:
        return
    try:
        await client.alias.create(alias_name=alias, target_collection=target)
    except WeaviateBaseError:
        if await client.alias.get(alias_name=alias) is None:
            raise
