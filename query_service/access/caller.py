"""The one who asks, however they proved it."""

from __future__ import annotations

from dataclasses import dataclass

from index.reading import Access


@dataclass(frozen=True, slots=True)
class Caller:
    """``name`` is for logs and audit: never a secret."""

    name: str
    access: Access
