"""Removes documents whose time has come. The index itself says which: each manifest carries when it expires.

A look lists what is due and writes a delete of that very state to both lanes, as every other delete; the index workers do the rest. The delete has the version of the state: a state
that came meanwhile outranks it, one that comes later brings the document back, and a record of the state itself that is delivered again is a delete by then
(contracts.events.unless_expired). So nothing needs to be remembered: after any crash the next look finds what is left, and two workers that look at once do the work of one.

Invariant: what is due is never found by a reader, whether it was removed yet or not (index.reading); so the pace may be slow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, Protocol

import structlog

from contracts.events import HEADER_SOURCE_TIME, DeleteRecord, encode
from contracts.identity import Stage, record_key
from contracts.telemetry import EXPIRED, RETRIES
from contracts.topics import DOCUMENTS, DOCUMENTS_BACKFILL
from index.protocol import Observation
from index.store import EXPIRED_PAGE, DocKey, StoreUnavailableError
from streams.producer import BrokerUnavailableError, OutRecord

LOOK_SECONDS: Final = 30.0
TENANT_PAGES: Final = 10
"""Of one tenant in one look: the others' turn comes, however much is due."""
WAIT_LOOKS: Final = 20
"""After so many looks a delete that was asked for is asked for again: until then it may wait in its topic."""

_log = structlog.get_logger()


def delete_of_expired(key: DocKey, seen: Observation, now_us: int) -> DeleteRecord | None:
    """The delete of a document's current state, if its time has come. Pure.

    A narrowed manifest says nothing of its version's own time: it is of the text before. Its version's text comes, or its redelivery.
    """
    current = seen.current
    if current is None or current.deleted or not current.expired(now_us) or current.attempt.stage is Stage.NARROWED:
        return None
    about = current.description
    return DeleteRecord(
        tenant=key.tenant,
        doc_id=key.doc_id,
        scope=about.scope,
        source=about.source,
        source_time_us=0,  # no change of the source: its age (as_of) and its freshness do not speak of this
        version=current.attempt.version,
        expires_us=about.expires_us,
    )


class Manifests(Protocol):
    """What is needed of the index (index.store.WeaviateStore)."""

    async def tenants(self) -> list[str]: ...
    async def expired(self, tenant: str, before_us: int, offset: int) -> list[DocKey]: ...
    async def look(self, keys: Iterable[DocKey]) -> dict[DocKey, Observation]: ...


class Lanes(Protocol):
    """What is needed of Kafka (streams.producer.RecordProducer)."""

    async def send_all(self, records: Sequence[OutRecord]) -> None: ...


class Expiring:
    """The owner of expiry. ``leads`` says whether this worker is it: of all workers of the lane the one that has its first partition."""

    def __init__(self, store: Manifests, producer: Lanes, per_second: float, leads: Callable[[], bool], now_us: Callable[[], int]) -> None:
        self._store = store
        self._producer = producer
        self._per_second = per_second
        self._leads = leads
        self._now_us = now_us
        self._asked: dict[DeleteRecord, int] = {}
        self._looks = 0

    async def run(self) -> None:
        """For ever; the next look makes good what an outage prevented."""
        while True:
            try:
                if self._leads():
                    await self.look()
            except (StoreUnavailableError, BrokerUnavailableError) as error:
                RETRIES.labels("expire", type(error).__name__).inc()
                _log.warning("waiting", reason=str(error), next_try_seconds=LOOK_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Ask for the delete of everything that is due, at the pace; how many were asked for. Raises StoreUnavailableError and BrokerUnavailableError."""
        self._looks += 1
        self._asked = {record: look for record, look in self._asked.items() if self._looks - look < WAIT_LOOKS}
        count = 0
        for tenant in await self._store.tenants():
            for offset in range(
                0, TENANT_PAGES * EXPIRED_PAGE, EXPIRED_PAGE
            ):  # what goes meanwhile moves the rest forward: a later look finds what this one steps over
                page = await self._store.expired(tenant, self._now_us(), offset)
                count += await self._ask(page)
                if len(page) < EXPIRED_PAGE:
                    break
        return count

    async def _ask(self, page: Sequence[DocKey]) -> int:
        if not page:
            return 0
        seen = await self._store.look(dict.fromkeys(page))
        found = [record for key, observed in seen.items() if (record := delete_of_expired(key, observed, self._now_us()))]
        new = [record for record in found if record not in self._asked]
        for part in _parts(new, max(1, int(self._per_second))):
            await self._producer.send_all([out for record in part for out in _to_both_lanes(record)])
            self._asked |= dict.fromkeys(part, self._looks)
            for record in part:
                EXPIRED.labels(record.source).inc()
            _log.info("expired", documents=len(part), tenant=part[0].tenant)
            await asyncio.sleep(len(part) / self._per_second)
        return len(new)


def _to_both_lanes(record: DeleteRecord) -> list[OutRecord]:
    """To both, so that compaction takes the text out of either topic."""
    key, value, headers = record_key(record.tenant, record.doc_id), encode(record), [(HEADER_SOURCE_TIME, b"0")]
    return [OutRecord(topic, key, value, headers) for topic in (DOCUMENTS, DOCUMENTS_BACKFILL)]


def _parts(records: Sequence[DeleteRecord], size: int) -> Iterator[list[DeleteRecord]]:
    rest = iter(records)
    while part := list(islice(rest, size)):
        yield part
