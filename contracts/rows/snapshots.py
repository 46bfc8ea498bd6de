"""The state of a Postgres database that a statement saw, and its place in the order of all of them. Pure.

Transactions get their ids in order, and a snapshot sees those below ``xmax`` that are not in progress. From one snapshot to a later one ``xmax`` never falls, and at
the same ``xmax`` the list of those in progress only shrinks: every id below ``xmax`` has been given out. So (xmax, how many are done below it) grows with each commit and stands still
otherwise, and equal pairs are equal states. That holds on the primary alone; a standby's snapshots are of another making.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GATHERED_ORDER: Final = 2**62
"""Added to the first part of a gathered state's sequence: above every position in a log, which orders the states of a table that is not gathered, so that a
table may gain related ones. (Losing them again needs a new epoch.)"""
_MOST_IN_PROGRESS: Final = 2**32
_IDS: Final = 2**32
_NEAR: Final = 2**30


@dataclass(frozen=True, slots=True)
class Snapshot:
    """As ``pg_current_snapshot()`` tells it, with ids of 64 bits that never wrap."""

    xmax: int
    in_progress: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        """``10:20:10,14,15``: the lowest in progress, the first not yet given out, and all in progress."""
        _, xmax, listed = text.split(":")
        return cls(int(xmax), frozenset(int(part) for part in listed.split(",") if part))

    @property
    def sequence(self) -> tuple[int, int]:
        """Orders the states: the ``source.sequence`` of what was read in this one."""
        return GATHERED_ORDER + self.xmax, _MOST_IN_PROGRESS - len(self.in_progress)

    def shows(self, transaction: int) -> bool:
        """Whether it shows what a transaction did that is known to have committed. Of the id the log tells the lower 32 bits."""
        ahead = (transaction - self.xmax) % _IDS
        if ahead < _NEAR:
            return False
        return self.whole(transaction) not in self.in_progress

    def whole(self, transaction: int) -> int:
        """The id in 64 bits: the one next to ``xmax``."""
        ahead = (transaction - self.xmax) % _IDS
        return self.xmax + (ahead if ahead < _NEAR else ahead - _IDS)
