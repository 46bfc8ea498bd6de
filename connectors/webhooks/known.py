"""Which deliveries came before. Their ids are in the hints themselves, so every replica learns them by reading ``hints.*``, and after a restart reads them again."""

from __future__ import annotations

import hashlib
from typing import Final

from cachetools import TTLCache

from contracts.hints import HINTS_RETENTION_MS, Hint

_DIGEST_BYTES: Final = 16


class KnownDeliveries:
    """Remembers (source, delivery id, object id) for as long as the hints' topic does; beyond ``most``, the oldest are forgotten.

    The object's id belongs to it: a delivery about two objects of which one reached Kafka is sent again, and then the other is new. A forgotten or unseen one
    (two replicas given the same delivery at the same moment) costs a fetch and changes nothing.
    """

    def __init__(self, most: int) -> None:
        self._seen: TTLCache[bytes, None] = TTLCache(most, HINTS_RETENTION_MS / 1000)

    def __len__(self) -> int:
        return len(self._seen)

    def has(self, source: str, hint: Hint) -> bool:
        """False for what has no delivery id: it cannot be told from another."""
        return bool(hint.delivery_id) and _digest(source, hint) in self._seen

    def add(self, source: str, hint: Hint) -> None:
        if hint.delivery_id:
            self._seen[_digest(source, hint)] = None


def _digest(source: str, hint: Hint) -> bytes:
    return hashlib.blake2b(f"{source}\x00{hint.delivery_id}\x00{hint.id}".encode(), digest_size=_DIGEST_BYTES).digest()
