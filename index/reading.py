"""Reading the index through both gates: what a reader may see, of documents as they stand now.

The first gate is inside Weaviate: tenant, permissions and filters are part of the query, so a chunk that a reader may not see takes no place in a
ranking. The second is the manifest: a hit counts only if the current manifest of its document lists the chunk, is not deleted and allows the reader.
So no answer mixes two versions of a document, and a delete or a revoke takes effect with one small write.

A hit that falls at the second gate took the place of another one, and what replaced it may not have been written yet when Weaviate searched. So the
search is done again without what fell, a bounded number of times.

A document that has expired falls at the second gate from that moment on, whenever it is removed.

Invariant: nothing is read without an Access, which names the tenant and the principals; a tenant that does not exist reads as an empty one.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from weaviate.classes.query import Filter, HybridFusion, MetadataQuery
from weaviate.exceptions import WeaviateBaseError

from contracts.identity import Attempt, check_tenant
from index.documents import facet
from index.manifest import Entry, Manifest
from index.store import DOCUMENT_FIELDS, EVERYTHING, StoreUnavailableError, manifest_from_properties
from index.text.terms import bm25_terms

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.collections.classes.filters import _Filters

    from index.collections import CollectionNames

Mode = Literal["hybrid", "vector", "keyword"]
PUBLIC: Final = "public"
ROUNDS: Final = 3
"""Searches done for one question at most: the first and two more."""
SPARE_HITS: Final = 16
"""Fetched beyond the limit, so that a few fallen hits need no second search."""
READ_SECONDS: Final = 5.0
"""Limit of one read. The driver by itself tries an unreachable server for over a minute: a caller is better served by an error."""
VECTOR_SHARE: Final = 0.6
"""Weight of the vector's score in the fusion; the rest is BM25's."""
KEYWORD_PROPERTIES: Final = ["terms", "title_terms^1.5"]
_LOOK_SECONDS: Final = 0.5
_CHUNK_FIELDS: Final = ["doc_id", "text", "headings", "born"]


@dataclass(frozen=True, slots=True)
class Access:
    """Whose eyes a read is done with. ``principals`` are ``user:…`` and ``group:…``; ``public`` is everybody's."""

    tenant: str
    principals: frozenset[str]

    def __post_init__(self) -> None:
        check_tenant(self.tenant)

    @property
    def may_read(self) -> frozenset[str]:
        return self.principals | {PUBLIC}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must be, beside being readable. Each field is a list of alternatives; an empty one asks for nothing."""

    source: tuple[str, ...] = ()
    doc_type: tuple[str, ...] = ()
    doc_id: tuple[str, ...] = ()
    metadata: tuple[tuple[str, tuple[object, ...]], ...] = ()


NO_FILTERS: Final = Filters()


@dataclass(frozen=True, slots=True)
class Search:
    """A question to the index. ``vector`` is of the index's embedding space; modes hybrid and vector need it."""

    text: str
    vector: Sequence[float] | None = None
    mode: Mode = "hybrid"
    limit: int = 10
    filters: Filters = NO_FILTERS


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk of the current version of a document. ``text`` is the document's body from ``start`` to ``end``; ``score`` orders hits of one search only."""

    doc_id: str
    chunk_id: str
    text: str
    headings: str
    start: int
    end: int
    score: float
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class CurrentDocument:
    doc_id: str
    manifest: Manifest
    texts: tuple[str, ...]
    """Of each entry of the manifest, in its order."""


@dataclass(slots=True)
class _Fallen:
    """What earlier searches of this question brought in vain."""

    chunk_ids: set[str] = field(default_factory=set)
    doc_ids: set[str] = field(default_factory=set)
    superseded: bool = False
    """A hit was of an older state than the current one: the new state may have come after the search."""


class IndexReader:
    """Reads one embedding space. One per process; ``client`` is connected and stays the caller's."""

    def __init__(self, client: WeaviateAsyncClient, names: CollectionNames, now_us: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._chunks = client.collections.use(names.chunk)
        self._documents = client.collections.use(names.document)
        self._tenants: set[str] = set()
        self._now_us = now_us

    async def search(self, access: Access, search: Search) -> list[Hit]:
        """The best ``limit`` hits, best first. Raises StoreUnavailableError."""
        if search.mode == "keyword" and not bm25_terms(search.text):
            return []
        try:
            async with asyncio.timeout(READ_SECONDS):
                if not await self._tenant_exists(access.tenant):
                    return []
                return await self._search(access, search)
        except (WeaviateBaseError, TimeoutError) as error:
            if await self._tenant_gone(access.tenant):
                return []
            raise StoreUnavailableError("the index could not be searched") from error

    async def document(self, access: Access, doc_id: str) -> CurrentDocument | None:
        """A document as it stands; None where there is none that this reader may see. Raises StoreUnavailableError."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                if not await self._tenant_exists(access.tenant):
                    return None
                current = (await self._current(access.tenant, [doc_id])).get(doc_id)
                if current is None or not self._readable(current, access):
                    return None
                texts = await self._texts(access.tenant, current.entries)
        except (WeaviateBaseError, TimeoutError) as error:
            if await self._tenant_gone(access.tenant):
                return None
            raise StoreUnavailableError("the document could not be read") from error
        return CurrentDocument(doc_id, current, tuple(texts.get(entry.chunk_id, "") for entry in current.entries))

    async def _search(self, access: Access, search: Search) -> list[Hit]:
        fallen = _Fallen()
        hits: list[Hit] = []
        for _ in range(ROUNDS):
            fallen.superseded = False
            objects = await self._ask(access, search, fallen)
            hits, complete = await self._second_gate(access, search, objects, fallen)
            if complete:
                break
        return hits[: search.limit]

    async def _second_gate(self, access: Access, search: Search, objects: Sequence[Any], fallen: _Fallen) -> tuple[list[Hit], bool]:
        """The hits that stand, and whether another search would bring nothing more."""
        doc_ids = {str(item.properties["doc_id"]) for item in objects}
        manifests = await self._current(access.tenant, doc_ids)
        # The server first finds what matches, then fetches it: a manifest that took another's place between the two is not in its answer.
        manifests |= await self._current(access.tenant, doc_ids - manifests.keys())
        places = {(doc_id, entry.chunk_id): entry for doc_id, manifest in manifests.items() for entry in manifest.entries}
        hits: list[Hit] = []
        for item in objects:
            doc_id, chunk_id = str(item.properties["doc_id"]), str(item.uuid)
            manifest, entry = manifests.get(doc_id), places.get((doc_id, chunk_id))
            readable = manifest is not None and self._readable(manifest, access)
            if manifest is not None and entry is not None and readable:
                hits.append(_hit(item, search.mode, entry, manifest))
            else:
                _note_fallen(fallen, item, manifest, readable=readable)
        short = len(hits) < search.limit and len(objects) >= search.limit
        fell = len(hits) < len(objects)
        return hits, not (fell and (short or fallen.superseded))

    async def _ask(self, access: Access, search: Search, fallen: _Fallen) -> Sequence[Any]:
        asked: Any = self._chunks.with_tenant(access.tenant).query  # the client types the many shapes of an answer, all alike here
        limit = search.limit + SPARE_HITS
        filters = _first_gate(access, search.filters, fallen)
        terms = bm25_terms(search.text)
        fetched = MetadataQuery(score=True, distance=True)
        common: dict[str, Any] = {"filters": filters, "limit": limit, "return_properties": _CHUNK_FIELDS, "return_metadata": fetched}
        found: Any
        if search.mode == "keyword":
            found = await asked.bm25(terms, query_properties=KEYWORD_PROPERTIES, **common)
        elif search.vector is None:
            raise ValueError(f"mode {search.mode} needs the question's vector")
        elif search.mode == "vector" or not terms:
            found = await asked.near_vector(list(search.vector), **common)
        else:
            fused = {"alpha": VECTOR_SHARE, "fusion_type": HybridFusion.RELATIVE_SCORE, "query_properties": KEYWORD_PROPERTIES}
            found = await asked.hybrid(terms, vector=list(search.vector), **fused, **common)
        return list(found.objects)

    async def _current(self, tenant: str, doc_ids: Iterable[str]) -> dict[str, Manifest]:
        """The manifest of the highest attempt of each document, in one call."""
        wanted = list(doc_ids)
        if not wanted:
            return {}
        mine = Filter.by_property("doc_id").contains_any(wanted)
        found = await self._documents.with_tenant(tenant).query.fetch_objects(filters=mine, limit=EVERYTHING, return_properties=DOCUMENT_FIELDS)
        manifests: dict[str, list[Manifest]] = defaultdict(list)
        for item in found.objects:
            manifests[str(item.properties["doc_id"])].append(manifest_from_properties(item.properties))
        return {doc_id: max(several, key=lambda manifest: manifest.attempt) for doc_id, several in manifests.items()}

    async def _texts(self, tenant: str, entries: Sequence[Entry]) -> dict[str, str]:
        if not entries:
            return {}
        ids = [entry.chunk_id for entry in entries]
        found = await self._chunks.with_tenant(tenant).query.fetch_objects_by_ids(ids, limit=len(ids), return_properties=["text"])
        return {str(item.uuid): str(item.properties["text"]) for item in found.objects}

    def _readable(self, manifest: Manifest, access: Access) -> bool:
        return not manifest.deleted and not manifest.expired(self._now_us()) and not access.may_read.isdisjoint(manifest.allowed)

    async def _tenant_exists(self, tenant: str) -> bool:
        """Weaviate answers a search for an unknown tenant with an error; a known one is remembered."""
        if tenant not in self._tenants and await self._documents.tenants.exists(tenant) and await self._chunks.tenants.exists(tenant):
            self._tenants.add(tenant)
        return tenant in self._tenants

    async def _tenant_gone(self, tenant: str) -> bool:
        """Whether a failed read failed because the tenant was removed meanwhile."""
        self._tenants.discard(tenant)
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                return not await self._tenant_exists(tenant)
        except (WeaviateBaseError, TimeoutError):
            return False  # nothing is known of it: the failed read's own error is the better report


def _first_gate(access: Access, filters: Filters, fallen: _Fallen) -> _Filters:
    parts = [Filter.by_property("allowed").contains_any(sorted(access.may_read))]
    parts += [
        Filter.by_property(name).contains_any(list(values))
        for name, values in (("source", filters.source), ("doc_type", filters.doc_type), ("doc_id", filters.doc_id))
        if values
    ]
    parts += [Filter.by_property("facets").contains_any([facet(name, value) for value in values]) for name, values in filters.metadata]
    if fallen.chunk_ids:
        parts.append(Filter.by_id().contains_none(sorted(fallen.chunk_ids)))
    if fallen.doc_ids:
        parts.append(Filter.by_property("doc_id").contains_none(sorted(fallen.doc_ids)))
    return Filter.all_of(parts)


def _note_fallen(fallen: _Fallen, item: Any, manifest: Manifest | None, *, readable: bool) -> None:
    """Leave out the whole document where none of its chunks can count, else the one chunk if it will never count again.

    A chunk younger than the current manifest is not left out: the manifest that lists it may be there when the next search has brought it once more.
    """
    if manifest is not None and not readable:
        fallen.doc_ids.add(str(item.properties["doc_id"]))
    elif manifest is None:
        fallen.chunk_ids.add(str(item.uuid))
    elif Attempt.parse(str(item.properties["born"])) < manifest.attempt:
        fallen.chunk_ids.add(str(item.uuid))
        fallen.superseded = True


def _hit(item: Any, mode: Mode, entry: Entry, manifest: Manifest) -> Hit:
    distance = item.metadata.distance
    score = 1.0 - distance if distance is not None and (mode == "vector" or not item.metadata.score) else float(item.metadata.score or 0.0)
    return Hit(
        doc_id=str(item.properties["doc_id"]),
        chunk_id=str(item.uuid),
        text=str(item.properties["text"]),
        headings=str(item.properties["headings"] or ""),
        start=entry.start,
        end=entry.end,
        score=score,
        manifest=manifest,
    )
