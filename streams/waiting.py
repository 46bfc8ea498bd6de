"""Documents on their way through the indexer: records that wait for a batch, and documents that wait for their vectors.

Of several versions of a document only the highest goes on, wherever they meet; it takes the others' records with it, to be acknowledged together.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contracts.events import DeleteRecord, DocumentRecord, FloorRecord
from index.driver import CHUNKS_AT_ONCE

if TYPE_CHECKING:
    from index.driver import Run
    from streams.records import InRecord

Key = tuple[str, str]


@dataclass(slots=True, eq=False)
class Waiting:
    """A decoded record and those of the same document that it overtook."""

    source: InRecord
    record: DocumentRecord | DeleteRecord | FloorRecord
    overtaken: list[InRecord] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    """When the first of them came."""

    @property
    def key(self) -> Key:
        return ("", self.record.scope) if isinstance(self.record, FloorRecord) else (self.record.tenant, self.record.doc_id)

    @property
    def all(self) -> list[InRecord]:
        return [self.source, *self.overtaken]


@dataclass(frozen=True, slots=True)
class Searchable:
    """A document that is found by its words, and whose vectors are still to be computed."""

    item: Waiting
    run: Run


def higher(held: Waiting, item: Waiting) -> Waiting:
    """The one that goes on: of two records of a document the higher version, of one version the later record."""
    if item.record.version >= held.record.version:
        item.overtaken = [*held.all, *item.overtaken]
        item.since = held.since  # a document that is edited all the time must not wait for ever
        return item
    held.overtaken.extend(item.all)
    return held


def give_way(waiting: deque[Waiting], searchable: dict[Key, Searchable]) -> None:
    """Where a document that waits for vectors has another version waiting, the lower of the two leaves its place."""
    for item in list(waiting):
        before = searchable.get(item.key)
        if before is None:
            continue
        if higher(before.item, item) is item:
            del searchable[item.key]
        else:
            waiting.remove(item)


def oldest(searchable: Iterable[Searchable]) -> list[Searchable]:
    """The first documents that together want CHUNKS_AT_ONCE vectors, at least one."""
    chosen: list[Searchable] = []
    chunks = 0
    for one in sorted(searchable, key=lambda one: one.item.since):
        chunks += len(one.run.new)
        if chosen and chunks > CHUNKS_AT_ONCE:
            break
        chosen.append(one)
    return chosen
