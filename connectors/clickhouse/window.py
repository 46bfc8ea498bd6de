"""Which states of the last seconds were written already: what is read again within the safety lag is written once. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.clickhouse.rows import Row


class Window:
    """Remembers states by their digest, about 100 bytes each. A new process knows none of them and writes them again, which changes nothing downstream."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._kept = 0

    def __len__(self) -> int:
        return len(self._seen)

    def unseen(self, rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if row.digest not in self._seen]

    def add(self, rows: Iterable[Row]) -> None:
        self._seen.update((row.digest, row.position.ticks) for row in rows)

    def forget_before(self, ticks: int) -> None:
        """Drop what will not be read again; looked at only once the memory has doubled."""
        if len(self._seen) < 2 * self._kept + 1000:
            return
        self._seen = {digest: at for digest, at in self._seen.items() if at >= ticks}
        self._kept = len(self._seen)
