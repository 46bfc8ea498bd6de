"""One pass over sources and index, in both directions, in batches; then the second look, because edits go on meanwhile.

Forward, every row of a table is turned into the document that must be there, and the document that is there is read and compared. Backward, every
manifest is asked whether its row still exists, and every chunk whether a manifest lists it. What looks wrong is only suspected: it counts when it still is wrong
each time it is looked at until the settle time is over. Memory holds a batch, the suspects, and eight bytes for each chunk of one tenant.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeVar

from contracts.events import InvalidRecordError
from contracts.identity import key_of_document
from index.store import DocKey
from operations.verify.comparison import Difference, compare
from operations.verify.expectation import Excluded, Expected, Expecter, Expired, Outcome, Refused, identity, is_document
from operations.verify.index_reader import Held, IndexReader
from operations.verify.source_rows import BATCH_ROWS, Row, TableRows

_BETWEEN_LOOKS_SECONDS: Final = 1.0
_Item = TypeVar("_Item")

Advance = Callable[[str, int, int | None], None]
"""Progress: what is being read, how many more of it were done, and of how many in all where that is known."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A suspected document. ``scope`` names its table; one that no table declares has no source to ask."""

    key: DocKey
    scope: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    scope: str
    doc_id: str
    reason: str


@dataclass(slots=True)
class Findings:
    """What came of a pass."""

    rows: int = 0
    documents: int = 0
    excluded: int = 0
    expired: int = 0
    chunks: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    differences: dict[Subject, tuple[Difference, ...]] = field(default_factory=dict)
    suspected: int = 0
    """Documents that looked wrong at first; those that are not among the differences were being changed."""

    def all(self) -> list[Difference]:
        return [difference for found in self.differences.values() for difference in found]


class Verification:
    """One run. ``tables`` by scope; ``whole`` says that they are all that is declared, so that documents of other scopes are orphans, but for those
    that are verified ``elsewhere``.
    """

    def __init__(
        self,
        tables: dict[str, TableRows],
        expecter: Expecter,
        index: IndexReader,
        *,
        whole: bool,
        elsewhere: Collection[str] = (),
    ) -> None:
        self._tables = tables
        self._expecter = expecter
        self._index = index
        self._whole = whole
        self._elsewhere = frozenset(elsewhere)

    async def run(self, settle_seconds: float, advance: Advance, sample: int | None = None) -> Findings:
        """Both directions and the second look."""
        findings = Findings()
        suspects: set[Subject] = set()
        for rows in self._tables.values():
            suspects |= await self._forward(rows, sample, findings, advance)
        suspects |= await self._backward(advance)
        findings.suspected = len(suspects)
        findings.differences = await self.settle(suspects, settle_seconds)
        return findings

    async def settle(self, suspects: Iterable[Subject], seconds: float) -> dict[Subject, tuple[Difference, ...]]:
        """The suspects that are wrong at every look until the time is over."""
        deadline = time.monotonic() + seconds
        wrong = await self.look(suspects)
        while wrong and time.monotonic() < deadline:
            await asyncio.sleep(min(_BETWEEN_LOOKS_SECONDS, max(0.0, deadline - time.monotonic())))
            wrong = await self.look(wrong)
        return wrong

    async def look(self, suspects: Iterable[Subject]) -> dict[Subject, tuple[Difference, ...]]:
        """What is wrong with each of them now: its row as it is now, and the index read after that."""
        wrong: dict[Subject, tuple[Difference, ...]] = {}
        by_scope: dict[str, list[Subject]] = defaultdict(list)
        for subject in suspects:
            by_scope[subject.scope].append(subject)
        for scope, subjects in by_scope.items():
            for part in _parts(subjects, BATCH_ROWS):
                outcomes = await asyncio.to_thread(self._outcomes, scope, part)
                indexed = await self._index.documents(subject.key for subject in part)
                for subject in part:
                    if found := compare(subject.key, outcomes.get(subject.key), indexed[subject.key]):
                        wrong[subject] = found
        return wrong

    async def _forward(self, rows: TableRows, sample: int | None, findings: Findings, advance: Advance) -> set[Subject]:
        mapping, suspects = rows.mapping, set[Subject]()
        name = f"{mapping.source.name} {mapping.table.name}"
        with rows.snapshot():
            total = rows.count()
            advance(name, 0, total if sample is None else min(sample, total))
            batches = rows.all(sample)
            while batch := await asyncio.to_thread(next, batches, None):
                outcomes = await asyncio.to_thread(lambda part: [self._expecter.of(mapping, row) for row in part], batch)
                suspects |= await self._compare_batch(mapping.scope, outcomes, findings)
                advance(name, len(batch), None)
        return suspects

    async def _compare_batch(self, scope: str, outcomes: Sequence[Outcome], findings: Findings) -> set[Subject]:
        named = {outcome.key: outcome for outcome in outcomes if outcome.key is not None}
        indexed = await self._index.documents(named)
        _count(scope, outcomes, findings)
        findings.chunks += sum(len(found.chunks) for found in indexed.values())
        return {Subject(key, scope) for key, outcome in named.items() if compare(key, outcome, indexed[key])}

    async def _backward(self, advance: Advance) -> set[Subject]:
        suspects: set[Subject] = set()
        for tenant in await self._index.tenants():
            listed: array[int] = array("Q")
            name = f"index {tenant}"
            async for batch in self._index.manifests(tenant, listed):
                suspects |= await self._without_row(batch)
                advance(name, len(batch), None)
            async for unlisted in self._index.unlisted_chunks(tenant, listed):
                suspects |= {Subject(held.key, held.scope) for held in unlisted if self._is_ours(held.scope)}
        return suspects

    async def _without_row(self, batch: Sequence[Held]) -> set[Subject]:
        """Of documents that have a manifest, those without a row of which anything is wrong: a delete that keeps its version is as it should be."""
        suspects: set[Subject] = set()
        by_scope: dict[str, set[DocKey]] = defaultdict(set)
        for held in batch:
            if self._is_ours(held.scope):
                by_scope[held.scope].add(held.key)
        for scope, keys in by_scope.items():
            absent = keys - await asyncio.to_thread(self._present, scope, keys)
            for part in _parts(sorted(absent), BATCH_ROWS):
                indexed = await self._index.documents(part)
                suspects |= {Subject(key, scope) for key in part if compare(key, None, indexed[key])}
        return suspects

    def _is_ours(self, scope: str) -> bool:
        return scope in self._tables or (self._whole and scope not in self._elsewhere)

    def _present(self, scope: str, keys: set[DocKey]) -> set[DocKey]:
        """Those of the documents that a row stands for."""
        rows = self._tables.get(scope)
        if rows is None:
            return set()
        found = self._rows_of(rows, keys)
        return {key for key in keys if key in found and is_document(rows.mapping, found[key], key)}

    def _outcomes(self, scope: str, subjects: Sequence[Subject]) -> dict[DocKey, Outcome]:
        rows = self._tables.get(scope)
        if rows is None:
            return {}
        found = self._rows_of(rows, {subject.key for subject in subjects})
        outcomes = {key: self._expecter.of(rows.mapping, row) for key, row in found.items()}
        return {key: outcome for key, outcome in outcomes.items() if _stands_for(rows, found[key], key)}

    @staticmethod
    def _rows_of(rows: TableRows, keys: set[DocKey]) -> dict[DocKey, Row]:
        """The rows under the documents' keys; a row may turn out to be of another tenant."""
        parts = {key: key_of_document(rows.mapping.scope, key.doc_id) for key in keys}
        width = len(rows.mapping.table.key)
        found = rows.by_key(sorted({part for part in parts.values() if len(part) == width}))
        return {key: found[part] for key, part in parts.items() if part in found}


def _stands_for(rows: TableRows, row: Row, key: DocKey) -> bool:
    try:
        return identity(rows.mapping, row) == key
    except InvalidRecordError:
        return True  # refused: nothing can be said of it


def _count(scope: str, outcomes: Sequence[Outcome], findings: Findings) -> None:
    findings.rows += len(outcomes)
    for outcome in outcomes:
        match outcome:
            case Expected():
                findings.documents += 1
            case Excluded():
                findings.excluded += 1
            case Expired():
                findings.expired += 1
            case Refused(key, reason):
                findings.refused.append(RefusedRow(scope, key.doc_id if key else "", reason))


def _parts(items: Iterable[_Item], size: int) -> Iterable[list[_Item]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
