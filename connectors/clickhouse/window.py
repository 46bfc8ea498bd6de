"""Which states of the last seconds were written already: what is read again within the safety lag is written once. Pure.

Of each key and time the last state is remembered, not every one: a row that is set back to what it was within one tick of its clock is new again.
"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.clickhouse.rows import Row


class Window:
    """Remembers states by their digests, about 100 bytes each. A new process knows none of them and writes them again, which changes nothing downstream."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}
        self._kept = 0

    def __len__(self) -> int:
        return len(self._seen)

    def unseen(self, rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if self._seen.get(hash(row.position)) != (row.digest, row.position.ticks)]

    def add(self, rows: Iterable[Row]) -> None:
        self._seen.update((hash(row.position), (row.digest, row.position.ticks)) for row in rows)

    def forget_before(self, ticks: int) -> None:
        """Drop what will not be read again; looked at only once the memory has doubled."""
        if len(self._seen) < 2 * self._kept + 1000:
            return
        self._seen = {place: held for place, held in self._seen.items() if held[1] >= ticks}
        self._kept = len(self._seen)
