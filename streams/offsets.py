"""Which offset of a partition may be committed: the lowest that was delivered and is not done, or the one behind the last.

Faust 0.15 keeps its own books of acknowledged offsets, and they commit past a record that is still in work: the first record behind the committed offset
when the second is acknowledged first, and the first record behind a gap (a transaction's marker, a compacted record). A worker killed then has lost it. Records are delivered
in order, so what is in work says everything, and gaps need no books (docs/decisions/0078-offsets.md).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable


class Offsets:
    """Of every partition: what was delivered and is not done, and where the next delivery will be."""

    def __init__(self) -> None:
        self._in_work: dict[Hashable, set[int]] = {}
        self._next: dict[Hashable, int] = {}

    def delivered(self, partition: Hashable, offset: int) -> None:
        """A record is in work from now on; one that is delivered again, after a seek, is so once."""
        self._in_work.setdefault(partition, set()).add(offset)
        self._next[partition] = max(self._next.get(partition, 0), offset + 1)

    def done(self, partition: Hashable, offset: int) -> None:
        """What came of the record is durable. A record of an earlier assignment is none of ours any more."""
        self._in_work.get(partition, set()).discard(offset)

    def to_commit(self, partition: Hashable) -> int | None:
        """The offset to go on from after a restart; None where nothing was delivered yet."""
        if partition not in self._next:
            return None
        return min(self._in_work[partition], default=self._next[partition])

    def forget(self, partitions: Iterable[Hashable]) -> None:
        """They are another worker's, or will be delivered anew from their committed offset."""
        for partition in partitions:
            self._in_work.pop(partition, None)
            self._next.pop(partition, None)
