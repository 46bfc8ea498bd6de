"""How fresh the index is, per source: the latest change of each source that is searchable, and how long that change took.

Only what was indexed since the last look is read: the time of indexing has a range index, so a look at a quiet tenant touches no object. A look is
kept for ``FRESH_SECONDS``; concurrent callers share one.

Invariant: a search that starts after ``as_of`` returned sees every change that the answer speaks of, so what is claimed is never newer than what is found.
A quiet source is not a stale one: its latest change is old because nothing happened. Lag says how far behind the index was at that change.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from weaviate.classes.aggregate import GroupByAggregate
from weaviate.classes.query import Filter, Metrics, Sort
from weaviate.exceptions import WeaviateBaseError

from index.reading import READ_SECONDS
from index.store import StoreUnavailableError

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

    from index.collections import CollectionNames

FRESH_SECONDS: Final = 0.25
OVERLAP_US: Final = 2_000_000
"""Looked at again each time: manifests carry the clock of the worker that wrote them, taken before the write."""
MOST_SOURCES: Final = 1_000
_METRICS: Final[Any] = [Metrics("source_time_us").integer(maximum=True), Metrics("indexed_time_us").integer(maximum=True)]


@dataclass(frozen=True, slots=True)
class AsOf:
    """The latest change of a source that is searchable. Times are microseconds since 1970."""

    source: str
    source_time_us: int
    indexed_time_us: int

    @property
    def lag_seconds(self) -> float:
        """From the commit at the source until it was indexed."""
        return max(0, self.indexed_time_us - self.source_time_us) / 1e6


@dataclass(slots=True)
class _Seen:
    """What is known of one tenant."""

    exists: bool = False
    latest: dict[str, AsOf] = field(default_factory=dict)
    indexed_until_us: int = 0
    looked_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class AsOfReader:
    """One per process; ``client`` is connected and stays the caller's."""

    def __init__(self, client: WeaviateAsyncClient, names: CollectionNames) -> None:
        self._documents = client.collections.use(names.document)
        self._seen: defaultdict[str, _Seen] = defaultdict(_Seen)

    async def as_of(self, tenant: str) -> tuple[AsOf, ...]:
        """Of each source of a tenant, by name; none for a tenant that does not exist. Raises StoreUnavailableError."""
        seen = self._seen[tenant]
        try:
            async with asyncio.timeout(READ_SECONDS), seen.lock:
                await self._look_if_old(tenant, seen)
        except (WeaviateBaseError, TimeoutError) as error:
            raise StoreUnavailableError("the age of the index could not be read") from error
        return tuple(seen.latest[source] for source in sorted(seen.latest))

    async def _look_if_old(self, tenant: str, seen: _Seen) -> None:
        at = time.monotonic()
        if at - seen.looked_at <= FRESH_SECONDS:
            return
        if not await self._exists(tenant, seen):
            return
        try:
            changed, indexed_until_us = await self._changed(tenant, seen)
        except WeaviateBaseError:
            seen.exists = False
            if await self._exists(tenant, seen):
                raise
            return
        for source in changed:
            latest = await self._latest(tenant, source, seen)
            if latest is not None and (source not in seen.latest or latest.source_time_us > seen.latest[source].source_time_us):
                seen.latest[source] = latest
        seen.indexed_until_us = indexed_until_us
        seen.looked_at = at

    async def _exists(self, tenant: str, seen: _Seen) -> bool:
        """Weaviate answers a read of an unknown tenant with an error; what was known of one that is gone is forgotten."""
        seen.exists = seen.exists or await self._documents.tenants.exists(tenant)
        if not seen.exists:
            seen.latest, seen.indexed_until_us = {}, 0
        return seen.exists

    async def _changed(self, tenant: str, seen: _Seen) -> tuple[list[str], int]:
        """Sources that indexed a later change than the one known, and the time up to which indexing was seen."""
        grouped = GroupByAggregate(prop="source", limit=MOST_SOURCES)
        found = await self._documents.with_tenant(tenant).aggregate.over_all(filters=_since(seen), group_by=grouped, return_metrics=_METRICS)
        changed: list[str] = []
        until = seen.indexed_until_us
        for group in found.groups:
            source, latest = str(group.grouped_by.value), _maximum(group.properties["source_time_us"])
            if latest and (source not in seen.latest or latest > seen.latest[source].source_time_us):  # 0: no change of the source, an expiry
                changed.append(source)
            until = max(until, _maximum(group.properties["indexed_time_us"]))
        return changed, until

    async def _latest(self, tenant: str, source: str, seen: _Seen) -> AsOf | None:
        mine = Filter.by_property("source").equal(source)
        since = _since(seen)
        found = await self._documents.with_tenant(tenant).query.fetch_objects(
            filters=mine & since if since else mine,
            sort=Sort.by_property("source_time_us", ascending=False),
            limit=1,
            return_properties=["source_time_us", "indexed_time_us"],
        )
        if not found.objects:
            return None  # replaced by a later manifest between the two reads: the next look finds that one
        properties: Any = found.objects[0].properties
        return AsOf(source, int(properties["source_time_us"]), int(properties["indexed_time_us"]))


def _since(seen: _Seen) -> Any:
    if not seen.indexed_until_us:
        return None
    return Filter.by_property("indexed_time_us").greater_or_equal(seen.indexed_until_us - OVERLAP_US)


def _maximum(metric: Any) -> int:
    return int(metric.maximum or 0)
