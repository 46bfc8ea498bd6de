"""A REST source and the index, in both directions: every object that the vendor lists is fetched and compared with what the index holds of it, and every
document of the source must be one that a fetch gives. What looks wrong is looked at again until the settle time is over, as with tables.

A repair asks the collector to fetch again, by a hint, as a webhook would. What the vendor does not have is deleted just above the version that the index holds: the
next fetch of the object has a higher one.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from contracts.events import HEADER_SOURCE_TIME, DeleteRecord, encode
from contracts.hints import Hint, encode_hint, hints_topic
from contracts.identity import record_key
from contracts.rest_records import document_of
from contracts.topics import DOCUMENTS, DOCUMENTS_BACKFILL
from index.store import DocKey
from operations.foreseen import OperationError
from operations.verify.comparison import Difference, compare
from operations.verify.expectation import Expected, Expecter, Expired, Outcome, Refused
from operations.verify.index_reader import IndexReader
from operations.verify.repair import ARRIVAL_SECONDS, just_above
from operations.verify.verification import Advance, Findings, RefusedRow, Subject
from rest_sources.api import ApiError, ForbiddenError
from rest_sources.source import GONE, Fetched, Reader, parent_of
from streams.mapping.rest import RestMapping
from streams.producer import OutRecord, RecordProducer

_BETWEEN_LOOKS_SECONDS: Final = 1.0
_FETCHED_AT_ONCE: Final = 16
Wrong = Mapping[Subject, tuple[Difference, ...]]


@dataclass(frozen=True, slots=True)
class ObjectsVerification:
    """One REST source. Memory holds the keys of its documents."""

    reader: Reader
    mapping: RestMapping
    expecter: Expecter
    index: IndexReader

    async def run(self, settle_seconds: float, advance: Advance, sample: int | None, findings: Findings) -> dict[Subject, tuple[Difference, ...]]:
        """What is wrong at every look. With a ``sample`` so many objects are fetched, and nothing is said of documents that are too many."""
        name, there, suspects = self.mapping.source.name, set[DocKey](), set[Subject]()
        try:
            advance(name, 0, None)
            async for natives in self._listed(sample):
                outcomes = await self._outcomes(natives)
                there |= outcomes.keys()
                suspects |= await self._compare(outcomes, findings)
                advance(name, len(natives), None)
            if sample is None:
                suspects |= await self._too_many(there)
            wrong = await self._settled(suspects, settle_seconds)
        except ApiError as error:
            raise OperationError(f"{name} cannot be asked: {error.cause}", error.cure) from error
        findings.suspected += len(suspects)
        return wrong

    async def repair(self, wrong: Wrong, producer: RecordProducer) -> tuple[int, int]:
        """How many objects were asked for again, and how many documents deleted; waits until nothing is wrong with them any more, for a while."""
        gone = [(subject, item) for subject, found in wrong.items() for item in found if item.attempt and (item.kind == "orphan" or item.corrupt)]
        for subject, item in gone:
            await producer.send_all(self._delete(subject, item))
        parents = {self._parent(subject.key) for subject, found in wrong.items() if any(item.kind != "leftover" for item in found)}
        now = time.time_ns() // 1000
        hints = [encode_hint(Hint(id=native, event="verify", source_time_us=now, found_by="scan", again=True)) for native in sorted(parents)]
        await producer.send_all([OutRecord(hints_topic(self.mapping.source.name), key, value) for key, value in hints])
        await self._settled([subject for subject, found in wrong.items() if any(item.kind != "leftover" for item in found)], ARRIVAL_SECONDS)
        return len(parents), len(gone)

    async def _listed(self, sample: int | None) -> AsyncIterator[list[str]]:
        """Batches of the objects there are, each once however often it is listed."""
        seen: set[str] = set()
        async for page in self.reader.listing(""):
            natives = [listed.id for listed in page.objects if listed.id not in seen]
            natives = natives if sample is None else natives[: max(0, sample - len(seen))]
            seen.update(natives)
            for at in range(0, len(natives), _FETCHED_AT_ONCE):
                yield natives[at : at + _FETCHED_AT_ONCE]

    async def _outcomes(self, natives: Sequence[str]) -> dict[DocKey, Outcome]:
        """What must be in the index of these objects and their parts, as the vendor has them now."""
        fetched = await asyncio.gather(*[self._fetched(native) for native in natives])
        return {
            self._key(native): await asyncio.to_thread(self.expecter.of_object, self.mapping, native, record, found.changed_us)
            for found in fetched
            for native, record in found.records.items()
        }

    async def _fetched(self, native: str) -> Fetched:
        try:
            return await self.reader.fetch(native)
        except ForbiddenError:
            return GONE  # nobody's permissions are known: nothing of it may be there

    async def _compare(self, outcomes: Mapping[DocKey, Outcome], findings: Findings) -> set[Subject]:
        indexed = await self.index.documents(outcomes)
        findings.rows += len(outcomes)
        findings.chunks += sum(len(found.chunks) for found in indexed.values())
        for key, outcome in outcomes.items():
            findings.documents += isinstance(outcome, Expected)
            findings.expired += isinstance(outcome, Expired)
            if isinstance(outcome, Refused):
                findings.refused.append(RefusedRow(self.mapping.source.scope, key.doc_id, outcome.reason))
        return {Subject(key, self.mapping.source.scope) for key, outcome in outcomes.items() if compare(key, outcome, indexed[key])}

    async def _too_many(self, there: set[DocKey]) -> set[Subject]:
        """Documents that no fetch gave and of which anything is wrong: a delete that keeps its version is as it should be."""
        found: set[Subject] = set()
        for tenant in await self.index.tenants():
            async for batch in self.index.manifests(tenant, array("Q")):
                absent = {held.key for held in batch if held.scope == self.mapping.source.scope} - there
                indexed = await self.index.documents(absent)
                found |= {Subject(key, self.mapping.source.scope) for key in absent if compare(key, None, indexed[key])}
        return found

    async def _settled(self, suspects: Iterable[Subject], seconds: float) -> dict[Subject, tuple[Difference, ...]]:
        deadline = time.monotonic() + seconds
        wrong = await self._look(suspects)
        while wrong and time.monotonic() < deadline:
            await asyncio.sleep(min(_BETWEEN_LOOKS_SECONDS, max(0.0, deadline - time.monotonic())))
            wrong = await self._look(wrong)
        return wrong

    async def _look(self, suspects: Iterable[Subject]) -> dict[Subject, tuple[Difference, ...]]:
        by_parent: dict[str, list[Subject]] = defaultdict(list)
        for subject in suspects:
            by_parent[self._parent(subject.key)].append(subject)
        wrong: dict[Subject, tuple[Difference, ...]] = {}
        for native, subjects in by_parent.items():
            outcomes = await self._outcomes([native])
            indexed = await self.index.documents(subject.key for subject in subjects)
            wrong |= {subject: found for subject in subjects if (found := compare(subject.key, outcomes.get(subject.key), indexed[subject.key]))}
        return wrong

    def _key(self, native: str) -> DocKey:
        return DocKey(self.mapping.source.tenant, document_of(self.mapping.source.scope, native))

    def _parent(self, key: DocKey) -> str:
        return parent_of(unquote(key.doc_id.removeprefix(self.mapping.source.scope)))

    def _delete(self, subject: Subject, item: Difference) -> list[OutRecord]:
        assert item.attempt is not None  # noqa: S101  # chosen so
        now = time.time_ns() // 1000
        key, source = subject.key, self.mapping.source
        record = DeleteRecord(
            tenant=key.tenant, doc_id=key.doc_id, scope=source.scope, source=source.name, source_time_us=now, version=just_above(item.attempt.version)
        )
        headers = [(HEADER_SOURCE_TIME, str(now).encode())]
        return [OutRecord(topic, record_key(key.tenant, key.doc_id), encode(record), headers) for topic in (DOCUMENTS, DOCUMENTS_BACKFILL)]
