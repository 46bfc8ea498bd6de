"""The index in Weaviate: the effects of the write protocol, for many documents at once.

Each method is one round trip per tenant (a few for very large documents). Reads see acknowledged writes: with one replica a shard they do; with more,
writes go to ALL, so that indexing waits while a replica is away and queries go on.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import orjson
from weaviate.classes.config import ConsistencyLevel
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter
from weaviate.exceptions import WeaviateBaseError

from contracts.identity import Attempt, Version, floor_uuid, manifest_uuid
from index.collections import FLOOR, CollectionNames
from index.documents import ChunkContent
from index.manifest import Description, Manifest, entries_from_json, entries_to_json
from index.protocol import ChunkRef, Observation

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

    from contracts.events import FloorRecord

EVERYTHING: Final = 100_000
"""More objects than one document can have; the server must allow it (QUERY_MAXIMUM_RESULTS)."""
OBJECTS_A_CALL: Final = 500
"""Written, removed or read with vectors in one call: the largest document takes more calls, not one that outlasts its time limit or 100 MB."""

FLOOR_PAGE: Final = 5_000
"""Manifests listed at once while a floor deletes what stands below it."""

EXPIRED_PAGE: Final = 500
"""Documents listed at once that have expired."""

SCAN_SECONDS: Final = 600.0
"""Limit of a look at every document of a tenant."""

_LISTED: Final = ["scope", "doc_id", "attempt", "deleted"]

SAID_CHARACTERS: Final = 240

DOCUMENT_FIELDS: Final = [
    "doc_id", "scope", "source", "deleted", "allowed", "attempt", "entries", "fingerprint", "title", "url", "doc_type", "metadata", "source_time_us", "indexed_time_us",
    "expires_us",
]  # fmt: skip


class StoreUnavailableError(Exception):
    """Weaviate did not take or give what it was asked: worth another try. The driver's error is chained."""

    @classmethod
    def of(cls, what: str, error: Exception) -> StoreUnavailableError:
        """``what`` failed, in a line, with the beginning of what the server said."""
        said = " ".join(str(error).split())[:SAID_CHARACTERS]
        return cls(f"{what}: {said}")


@asynccontextmanager
async def reaching(what: str, seconds: float) -> AsyncIterator[None]:
    """Within it Weaviate is asked. Raises StoreUnavailableError: ``what`` failed, or took longer than ``seconds``.

    The limit is ours because the client's is of one request only: while nobody listens it tries again for 63 s, with pauses of up to 32 s.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise StoreUnavailableError(f"{what}: no answer within {seconds:g} s") from error
    except WeaviateBaseError as error:
        raise StoreUnavailableError.of(what, error) from error


class DocKey(NamedTuple):
    tenant: str
    doc_id: str


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk to be written, complete."""

    tenant: str
    chunk_id: str
    born: Attempt
    content: ChunkContent
    vector: Sequence[float] | None
    """None: found by its words alone, until it is replaced."""


@dataclass(frozen=True, slots=True)
class Floor:
    scope: str
    version: Version


def manifest_from_properties(properties: Any) -> Manifest:
    """A manifest as it was stored."""
    return Manifest(
        attempt=Attempt.parse(properties["attempt"]),
        deleted=bool(properties["deleted"]),
        allowed=tuple(properties["allowed"] or ()),
        entries=entries_from_json(properties["entries"]),
        fingerprint=properties["fingerprint"] or "",
        description=Description(
            source=properties["source"] or "",
            scope=properties["scope"] or "",
            title=properties["title"] or "",
            url=properties["url"] or "",
            doc_type=properties["doc_type"] or "",
            metadata=tuple(sorted(orjson.loads(properties["metadata"] or b"{}").items())),
            source_time_us=int(properties["source_time_us"] or 0),
            expires_us=None if properties.get("expires_us") is None else int(properties["expires_us"]),
        ),
        indexed_time_us=int(properties["indexed_time_us"] or 0),
    )


def manifest_properties(doc_id: str, manifest: Manifest) -> dict[str, Any]:
    about = manifest.description
    expiry = {} if about.expires_us is None else {"expires_us": about.expires_us}
    return expiry | {
        "doc_id": doc_id,
        "scope": about.scope,
        "source": about.source,
        "deleted": manifest.deleted,
        "allowed": list(manifest.allowed),
        "attempt": str(manifest.attempt),
        "entries": entries_to_json(manifest.entries),
        "fingerprint": manifest.fingerprint,
        "title": about.title,
        "url": about.url,
        "doc_type": about.doc_type,
        "metadata": orjson.dumps(dict(about.metadata)).decode(),
        "source_time_us": about.source_time_us,
        "indexed_time_us": manifest.indexed_time_us,
    }


_Item = TypeVar("_Item")


def _slices(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[begin : begin + OBJECTS_A_CALL] for begin in range(0, len(items), OBJECTS_A_CALL))


class WeaviateStore:
    """The write side. One per process; ``client`` is connected and stays the caller's."""

    def __init__(self, client: WeaviateAsyncClient, names: CollectionNames, replication: int = 1, *, timeout_seconds: float = 10.0) -> None:
        level = ConsistencyLevel.ALL if replication > 1 else None
        self._chunks = client.collections.use(names.chunk).with_consistency_level(level) if level else client.collections.use(names.chunk)
        self._documents = client.collections.use(names.document).with_consistency_level(level) if level else client.collections.use(names.document)
        self._floors = client.collections.use(FLOOR).with_consistency_level(level) if level else client.collections.use(FLOOR)
        self._tenants: set[str] = set()
        self._seconds = timeout_seconds

    async def ensure_tenant(self, tenant: str) -> None:
        """Weaviate creates a tenant at its first insert only, and a read before that is an error."""
        if tenant in self._tenants:
            return
        async with reaching(f"tenant {tenant} could not be created", self._seconds):
            # Documents last: who finds the tenant there may read its chunks.
            for collection in (self._chunks, self._documents):
                if not await collection.tenants.exists(tenant):
                    await collection.tenants.create(tenant)
        self._tenants.add(tenant)

    async def look(self, keys: Iterable[DocKey]) -> dict[DocKey, Observation]:
        """Manifests, chunk ids and floor of each document. The reads are apart: the protocol holds with that."""
        by_tenant: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            by_tenant[key.tenant].append(key.doc_id)
        for tenant in by_tenant:
            await self.ensure_tenant(tenant)
        try:
            async with reaching("the index could not be read", self._seconds):
                looks = asyncio.gather(*(self._look_in(tenant, doc_ids) for tenant, doc_ids in by_tenant.items()))
                floors, found = await asyncio.gather(self.floors(), looks)
        except StoreUnavailableError:
            self._tenants -= by_tenant.keys()  # one may have been removed: the next attempt makes it anew
            raise
        observations: dict[DocKey, Observation] = {}
        for tenant, (manifests, chunks) in zip(by_tenant, found, strict=True):
            for doc_id in by_tenant[tenant]:
                floor = max((floor.version for floor in floors if doc_id.startswith(floor.scope)), default=None)
                observations[DocKey(tenant, doc_id)] = Observation(tuple(manifests.get(doc_id, ())), frozenset(chunks.get(doc_id, ())), floor)
        return observations

    async def _look_in(self, tenant: str, doc_ids: list[str]) -> tuple[dict[str, list[Manifest]], dict[str, list[ChunkRef]]]:
        mine = Filter.by_property("doc_id").contains_any(doc_ids)
        documents = self._documents.with_tenant(tenant).query.fetch_objects(filters=mine, limit=EVERYTHING, return_properties=DOCUMENT_FIELDS)
        chunks = self._chunks.with_tenant(tenant).query.fetch_objects(filters=mine, limit=EVERYTHING, return_properties=["doc_id", "born"])
        found_documents, found_chunks = await asyncio.gather(documents, chunks)
        manifests: dict[str, list[Manifest]] = defaultdict(list)
        for found in found_documents.objects:
            manifests[str(found.properties["doc_id"])].append(manifest_from_properties(found.properties))
        refs: dict[str, list[ChunkRef]] = defaultdict(list)
        births: dict[str, Attempt] = {}  # a document's chunks share a few
        for chunk in found_chunks.objects:
            born = str(chunk.properties["born"])
            attempt = births.get(born) or births.setdefault(born, Attempt.parse(born))
            refs[str(chunk.properties["doc_id"])].append(ChunkRef(str(chunk.uuid), attempt))
        return manifests, refs

    async def vectors(self, tenant: str, chunk_ids: Sequence[str]) -> dict[str, Sequence[float]]:
        """The vectors of chunks that exist; one that is gone meanwhile is left out."""
        collection = self._chunks.with_tenant(tenant)
        vectors: dict[str, Sequence[float]] = {}
        for ids in _slices(chunk_ids):
            async with reaching("vectors could not be read", self._seconds):
                found = await collection.query.fetch_objects_by_ids(ids, limit=len(ids), include_vector=True, return_properties=[])
            vectors |= {str(chunk.uuid): chunk.vector["default"] for chunk in found.objects if chunk.vector}  # type: ignore[misc]  # one vector a chunk, of floats
        return vectors

    async def put_chunks(self, chunks: Sequence[NewChunk]) -> None:
        by_tenant: dict[str, list[DataObject[Any, None]]] = defaultdict(list)
        for chunk in chunks:
            properties = chunk.content.properties() | {"born": str(chunk.born)}
            by_tenant[chunk.tenant].append(DataObject(properties=properties, uuid=chunk.chunk_id, vector=None if chunk.vector is None else list(chunk.vector)))
        await asyncio.gather(*(self._insert(self._chunks.with_tenant(tenant), objects) for tenant, objects in by_tenant.items()))

    async def put_manifests(self, manifests: Sequence[tuple[DocKey, Manifest]]) -> None:
        by_tenant: dict[str, list[DataObject[Any, None]]] = defaultdict(list)
        for key, manifest in manifests:
            uuid = manifest_uuid(key.tenant, key.doc_id, manifest.attempt)
            by_tenant[key.tenant].append(DataObject(properties=manifest_properties(key.doc_id, manifest), uuid=uuid))
        await asyncio.gather(*(self._insert(self._documents.with_tenant(tenant), objects) for tenant, objects in by_tenant.items()))

    async def _insert(self, collection: Any, objects: list[DataObject[Any, None]]) -> None:
        for part in _slices(objects):
            async with reaching(f"{len(part)} objects could not be written", self._seconds):
                answer = await collection.data.insert_many(part)
            if answer.has_errors:
                first = next(iter(answer.errors.values())).message
                raise StoreUnavailableError(f"{len(answer.errors)} of {len(part)} objects were not written; the first: {first}")

    async def remove_chunks(self, tenant: str, chunk_ids: Sequence[str]) -> None:
        await self._remove(self._chunks.with_tenant(tenant), chunk_ids)

    async def remove_manifests(self, tenant: str, doc_ids_attempts: Sequence[tuple[str, Attempt]]) -> None:
        await self._remove(self._documents.with_tenant(tenant), [manifest_uuid(tenant, doc_id, attempt) for doc_id, attempt in doc_ids_attempts])

    async def _remove(self, collection: Any, ids: Sequence[str]) -> None:
        for part in _slices(ids):
            async with reaching(f"{len(part)} objects could not be removed", self._seconds):
                answer = await collection.data.delete_many(where=Filter.by_id().contains_any(list(part)))
            if answer.failed:
                raise StoreUnavailableError(f"{answer.failed} of {len(part)} objects were not removed")

    async def forget_deletes(self, before_us: int) -> int:
        """Remove the manifests of documents that were deleted before a time: late records of them can no longer come. How many there were."""
        old = Filter.by_property("deleted").equal(val=True) & Filter.by_property("indexed_time_us").less_than(before_us)
        async with reaching("old deletes could not be removed", self._seconds):
            tenants = await self._documents.tenants.get()
            answers = [await self._documents.with_tenant(tenant).data.delete_many(where=old) for tenant in tenants]
        return sum(answer.successful for answer in answers)

    async def expired(self, tenant: str, before_us: int, offset: int) -> list[DocKey]:
        """Documents of a tenant with a manifest, perhaps an older one, whose time has come: the first EXPIRED_PAGE from ``offset`` on. Most have one manifest."""
        due = Filter.by_property("expires_us").less_or_equal(before_us) & Filter.by_property("deleted").equal(val=False)
        documents = self._documents.with_tenant(tenant)
        async with reaching("expired documents could not be listed", self._seconds):
            found = await documents.query.fetch_objects(filters=due, limit=EXPIRED_PAGE, offset=offset, return_properties=["doc_id"])
        return [DocKey(tenant, str(item.properties["doc_id"])) for item in found.objects]

    async def tenants(self) -> list[str]:
        async with reaching("tenants could not be listed", self._seconds):
            return sorted(await self._documents.tenants.get())

    # -- floors --------------------------------------------------------------------------------------------------------------------

    async def floors(self) -> list[Floor]:
        found = await self._floors.query.fetch_objects(limit=EVERYTHING, return_properties=["scope", "version"])
        return [Floor(str(item.properties["scope"]), Version.parse(str(item.properties["version"]))) for item in found.objects]

    async def raise_floor(self, record: FloorRecord) -> None:
        """Write the floor of a scope unless a higher one is there. Several workers may do it at once with the same record."""
        async with reaching(f"the floor of {record.scope} could not be read", self._seconds):
            mine = [floor for floor in await self.floors() if floor.scope == record.scope]
        if any(floor.version >= record.version for floor in mine):
            return
        properties = {"scope": record.scope, "source": record.source, "version": str(record.version), "source_time_us": record.source_time_us}
        await self._insert(self._floors, [DataObject(properties=properties, uuid=floor_uuid(record.scope, record.version))])
        await self._remove(self._floors, [floor_uuid(floor.scope, floor.version) for floor in mine])

    async def living_below(self, scope: str, version: Version, done: AbstractSet[DocKey] = frozenset()) -> list[DocKey]:
        """Documents of a scope, in every tenant, that have a manifest below ``version`` that is no deletion, without those that are ``done``.

        A page of them; the rest when those are done. Empty only when there are none.
        """
        async with reaching("tenants could not be listed", self._seconds):
            tenants = await self._documents.tenants.get()
        found = await asyncio.gather(*(self._living_in(tenant, scope, version, done) for tenant in tenants))
        return [key for keys in found for key in keys]

    async def _living_in(self, tenant: str, scope: str, version: Version, done: AbstractSet[DocKey]) -> list[DocKey]:
        living = Filter.by_property("scope").equal(scope) & Filter.by_property("deleted").equal(val=False)
        documents = self._documents.with_tenant(tenant)
        async with reaching(f"documents of {scope} could not be listed", self._seconds):
            found = await documents.query.fetch_objects(filters=living, limit=FLOOR_PAGE, return_properties=_LISTED)
        keys = {DocKey(tenant, str(item.properties["doc_id"])) for item in found.objects if _stands_below(item.properties, scope, version)} - done
        if keys or len(found.objects) < FLOOR_PAGE:
            return list(keys)
        # A full page of others: only the cursor, which takes no filter, sees what lies behind it.
        async with reaching(f"all documents of {tenant} could not be listed", SCAN_SECONDS):
            async for item in documents.iterator(return_properties=_LISTED):
                if _stands_below(item.properties, scope, version):
                    keys |= {DocKey(tenant, str(item.properties["doc_id"]))} - done
                if len(keys) >= FLOOR_PAGE:
                    break
        return list(keys)


def _stands_below(properties: Mapping[str, Any], scope: str, version: Version) -> bool:
    """Whether a manifest is one that a floor has to delete."""
    return properties["scope"] == scope and not properties["deleted"] and Attempt.parse(str(properties["attempt"])).version < version
