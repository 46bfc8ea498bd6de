"""Makes the index what the source says, by the ways that every change takes: records through ``documents``, rows through the connector.

Missing and stale documents are asked for again (``asking``): their rows come as newer than anything indexed. Orphans get a delete of their own. What
is corrupt, so that reading it again would keep it, gets that delete first and is read again once the delete is in the index. Leftovers are removed directly: no
reader can see them. docs/decisions/0060 has the reasons, and why the delete's version is what it is.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from contracts.events import HEADER_SOURCE_TIME, DeleteRecord, encode
from contracts.identity import Version, key_of_document, record_key
from contracts.settings import KafkaSettings, read
from contracts.topics import DOCUMENTS, DOCUMENTS_BACKFILL
from index.store import WeaviateStore
from operations.foreseen import OperationError
from operations.lag import records_in_flight
from operations.verify.asking import Asking, ThroughConnector
from operations.verify.comparison import Difference, leftovers
from operations.verify.index_reader import IndexReader
from operations.verify.source_rows import Key
from operations.verify.verification import Advance, Subject, Verification
from streams.producer import OutRecord, RecordProducer

ARRIVAL_SECONDS: Final = 120.0
"""How long the workers may take to index what a repair asked for."""
QUIET_SECONDS: Final = 20.0
"""Nothing came right for so long and nothing is on its way: what is left was refused, and will not come by waiting."""
_BETWEEN_LOOKS_SECONDS: Final = 0.5
_WAITING: Final = "repaired in the index"

_log = structlog.get_logger()
Wrong = Mapping[Subject, tuple[Difference, ...]]


@dataclass(slots=True)
class Repaired:
    """What was set going."""

    asked_again: int = 0
    deleted: int = 0
    leftovers_removed: int = 0
    beyond: list[str] = field(default_factory=list)
    """Why some of it cannot be repaired here, each with its cure."""


class Repair:
    """One repair over what a verification found."""

    def __init__(
        self,
        verification: Verification,
        asking: Mapping[str, Asking],
        index: IndexReader,
        store: WeaviateStore,
        producer: RecordProducer,
    ) -> None:
        self._verification = verification
        self._asking = asking
        self._sources = [one.source for one in asking.values() if isinstance(one, ThroughConnector)]
        self._index = index
        self._store = store
        self._producer = producer

    async def run(self, wrong: Wrong, advance: Advance) -> Repaired:
        """Set everything going and wait until it is in the index, at most ARRIVAL_SECONDS for each step."""
        repaired = Repaired()
        gone = {subject: found for subject, found in wrong.items() if any(item.kind == "orphan" or item.corrupt for item in found)}
        again = [subject for subject, found in wrong.items() if any(item.kind in {"missing", "stale"} for item in found)]
        deleted = await self._delete(gone, repaired)
        await self._await_deleted(deleted)
        asked = await self._ask_again(again, repaired)
        await self._await_right([*deleted, *asked], advance)
        repaired.leftovers_removed = await self.remove_leftovers(wrong)
        return repaired

    async def remove_leftovers(self, wrong: Wrong) -> int:
        """How many objects went: only what was left over before the repair and still is, since a writer that is at work meanwhile has chunks that nobody lists yet."""
        removed = 0
        for subject, found in wrong.items():
            if not any(item.kind == "leftover" for item in found):
                continue
            left = leftovers((await self._index.documents([subject.key]))[subject.key])
            if left.chunk_ids:
                await self._store.remove_chunks(subject.key.tenant, left.chunk_ids)
            if left.attempts:
                await self._store.remove_manifests(subject.key.tenant, [(subject.key.doc_id, attempt) for attempt in left.attempts])
            removed += len(left.chunk_ids) + len(left.attempts)
        return removed

    # -- orphans and what is corrupt -------------------------------------------------------------------------------------------------

    async def _delete(self, gone: Wrong, repaired: Repaired) -> list[Subject]:
        by_scope: dict[str, list[Subject]] = defaultdict(list)
        for subject in gone:
            by_scope[subject.scope].append(subject)
        deleted: list[Subject] = []
        for scope, subjects in by_scope.items():
            asking = self._asking.get(scope)
            mark = None if asking is None else await asyncio.to_thread(asking.mark)
            # The mark stands before this look: who is absent now, or corrupt, is so after every commit below the mark.
            still = await self._verification.look(subjects)
            for subject, found in still.items():
                record = self._delete_record(subject, found, mark, repaired)
                if record is not None:
                    await self._send(record)
                    deleted.append(subject)
        repaired.deleted = len(deleted)
        return deleted

    def _delete_record(self, subject: Subject, found: tuple[Difference, ...], mark: Version | None, repaired: Repaired) -> DeleteRecord | None:
        wrong = next((item for item in found if item.kind == "orphan" or item.corrupt), None)
        if wrong is None or wrong.attempt is None:
            return None
        held = wrong.attempt.version
        version = just_above(held) if mark is None else mark
        if version <= held:
            repaired.beyond.append(
                f"{subject.key.doc_id}: the index holds a version from the future of this database ({held}); "
                "after a restore or a failover raise 'epoch' of its source in sources.yaml, then 'headrace connectors apply'"
            )
            return None
        source = subject.scope.partition(":")[0]
        return DeleteRecord(
            tenant=subject.key.tenant, doc_id=subject.key.doc_id, scope=subject.scope, source=source, source_time_us=time.time_ns() // 1000, version=version
        )

    async def _send(self, record: DeleteRecord) -> None:
        key, value = record_key(record.tenant, record.doc_id), encode(record)
        headers = [(HEADER_SOURCE_TIME, str(record.source_time_us).encode())]
        await self._producer.send_all([OutRecord(topic, key, value, headers) for topic in (DOCUMENTS, DOCUMENTS_BACKFILL)])
        _log.info("repair_delete", tenant=record.tenant, doc_id=record.doc_id, version=str(record.version))

    async def _await_deleted(self, deleted: list[Subject]) -> None:
        deadline = time.monotonic() + ARRIVAL_SECONDS
        waiting = {subject.key for subject in deleted}
        while waiting and time.monotonic() < deadline:
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
            indexed = await self._index.documents(waiting)
            waiting = {key for key in waiting if indexed[key].living is not None}
        if waiting:
            raise OperationError(
                f"{len(waiting)} deletes are in the topic '{DOCUMENTS}' but not in the index after {ARRIVAL_SECONDS:.0f} s.",
                "Is an index worker running? 'headrace status' shows it and its lag. The deletes wait there and need not be asked for again.",
            )

    # -- missing and stale -----------------------------------------------------------------------------------------------------------

    async def _ask_again(self, subjects: Iterable[Subject], repaired: Repaired) -> list[Subject]:
        """Those that were asked for: a connector that is stopped is not asked."""
        by_scope: dict[str, list[Subject]] = defaultdict(list)
        for subject in subjects:
            by_scope[subject.scope].append(subject)
        asked: list[Subject] = []
        for scope, found in by_scope.items():
            held = await self._held(found)
            if reason := await self._asking[scope].again(held):
                repaired.beyond.append(f"{len(found)} documents of {scope}. {reason}")
                continue
            repaired.asked_again += len(held)
            asked += found
            _log.info("repair_asked_again", scope=scope, rows=len(held))
        return asked

    async def _held(self, subjects: Collection[Subject]) -> dict[Key, Version | None]:
        """By the rows' keys, the version that the index holds now: what was deleted just before has another than it had."""
        indexed = await self._index.documents(subject.key for subject in subjects)
        current = {subject: indexed[subject.key].current for subject in subjects}
        return {key_of_document(one.scope, one.key.doc_id): manifest.attempt.version if manifest else None for one, manifest in current.items()}

    async def _await_right(self, subjects: Iterable[Subject], advance: Advance) -> None:
        """Until nothing but leftovers is wrong with them, or nothing more comes; what still is wrong by then, the next verification reports."""
        waiting = set(subjects)
        advance(_WAITING, 0, len(waiting))
        deadline, quiet_since = time.monotonic() + ARRIVAL_SECONDS, time.monotonic()
        while waiting and time.monotonic() < deadline:
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
            wrong = await self._verification.look(waiting)
            still = {subject for subject, found in wrong.items() if any(item.kind != "leftover" for item in found)}
            advance(_WAITING, len(waiting) - len(still), None)
            if len(still) < len(waiting):
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > QUIET_SECONDS and await records_in_flight(read(KafkaSettings), self._sources) == 0:
                return
            waiting = still


def just_above(version: Version) -> Version:
    """The next version. No change has it: a minor part is a position in the log, and those are multiples of eight."""
    return version._replace(minor=version.minor + 1)
