"""The hints of one partition on their way: what to fetch next, and up to where all is done. Pure.

Invariants: of one object at most one fetch is under way, and a hint that comes in meanwhile asks for another one after it, since the first may have seen
the state before. Hints of one object that wait together are one fetch, whose version is the highest of their offsets. The offset to commit is below every
hint that is not served, so fetches may end in any order and none is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.hints import FoundBy, Hint


@dataclass(frozen=True, slots=True)
class Pending:
    """An object to fetch. ``changed_us`` is the earliest change that waits for it; ``found_by`` is the most urgent finder. The rest is as in the hints."""

    native: str
    offsets: tuple[int, ...]
    changed_us: int
    found_by: FoundBy
    attempts: int = 0
    again: bool = False
    moved_from: str = ""
    delay_ms: int = 0

    @property
    def offset(self) -> int:
        return max(self.offsets)

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for it: a sweep's finding may take its time."""
        return self.found_by != "sweep"

    def and_(self, other: Pending) -> Pending:
        """Both as one fetch."""
        found_by = min(self.found_by, other.found_by, key=_URGENCY.index)
        return Pending(
            self.native,
            (*self.offsets, *other.offsets),
            min(self.changed_us, other.changed_us),
            found_by,
            min(self.attempts, other.attempts),
            self.again or other.again,
            self.moved_from or other.moved_from,
            min(self.delay_ms, other.delay_ms),
        )


_URGENCY: tuple[FoundBy, ...] = ("webhook", "scan", "sweep")


class HintQueue:
    """``position`` is the first offset to serve; ``served`` gives, for objects fetched beyond it before a restart, the offset of their hint."""

    def __init__(self, position: int, served: Mapping[str, int]) -> None:
        self._end = position
        self._served = dict(served)
        self._open: dict[int, None] = {}
        self._told: dict[str, Pending] = {}
        self._scanned: dict[str, Pending] = {}
        self._slow: dict[str, Pending] = {}
        self._running: set[str] = set()
        self._behind: dict[str, Pending] = {}
        self._delayed: dict[str, Pending] = {}

    def __len__(self) -> int:
        """Hints that are not served."""
        return len(self._open)

    @property
    def committable(self) -> int:
        """Every hint below it is served."""
        return next(iter(self._open), self._end)

    def add(self, offset: int, hint: Hint | None) -> None:
        """The next hint; None for a record that needs no fetch."""
        self._end = offset + 1
        if hint is None or self._served.get(hint.id, -1) >= offset:
            return
        self._open[offset] = None
        self._place(
            Pending(hint.id, (offset,), hint.source_time_us, hint.found_by, again=hint.again, moved_from=hint.moved_from, delay_ms=hint.delay_ms),
        )

    @property
    def has_slow(self) -> bool:
        return bool(self._slow)

    def take_urgent(self, *, scanned: bool = True) -> Pending | None:
        """The next that somebody waits for; None where there is none. A sender's word goes first; ``scanned`` is whether what follows from another change may have its turn."""
        return self._take(self._told) or (self._take(self._scanned) if scanned else None)

    def take_slow(self) -> Pending | None:
        """The next that may take its time."""
        return self._take(self._slow)

    def serve(self, pending: Pending) -> None:
        """What came of it is about to be written together with ``committable``."""
        for offset in pending.offsets:
            self._open.pop(offset, None)

    def free(self, pending: Pending) -> None:
        """It is written, and remembered: the object may be fetched again."""
        self._running.discard(pending.native)
        if (behind := self._behind.pop(pending.native, None)) is not None:
            self._place(behind)

    def delay(self, pending: Pending) -> Pending:
        """It could not be fetched now. A new hint of the object ends the wait; else ``resume`` does."""
        delayed = replace(pending, attempts=pending.attempts + 1)
        if pending.native in self._behind:
            self._behind[pending.native] = self._behind[pending.native].and_(delayed)
        else:
            self._delayed[pending.native] = delayed
        self.free(pending)
        return delayed

    def resume(self, native: str) -> None:
        """The wait is over."""
        if (pending := self._delayed.pop(native, None)) is not None:
            self._place(pending)

    def _take(self, waiting: dict[str, Pending]) -> Pending | None:
        if not waiting:
            return None
        native = next(iter(waiting))
        self._running.add(native)
        return waiting.pop(native)

    def _place(self, pending: Pending) -> None:
        native = pending.native
        for place in (self._behind, self._delayed, self._told, self._scanned, self._slow):
            if (other := place.pop(native, None)) is not None:
                pending = other.and_(pending)
        if native in self._running:
            self._behind[native] = pending
        else:
            {"webhook": self._told, "scan": self._scanned, "sweep": self._slow}[pending.found_by][native] = pending
