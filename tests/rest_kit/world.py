"""A vendor as the kit needs it: the source's declaration, who reads it, and hands that change things there as a user would, over the vendor's own API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from contracts.sources.rest import RestSource
from rest_sources.delivery import Delivery
from rest_sources.registry import SourceType
from rest_sources.source import Reader


class World(Protocol):
    source: RestSource
    type: SourceType
    reader: Reader
    secret: bytes
    """Which the vendor signs its deliveries with."""

    async def create(self, text: str) -> str:
        """A new object with this text in its body; its native id."""
        ...

    async def edit(self, native: str, text: str) -> None:
        """The text replaced."""
        ...

    async def delete(self, native: str) -> None: ...

    async def restrict(self, native: str) -> None:
        """Fewer may read the object from now on, or what it contains."""
        ...

    async def readers(self, native: str) -> frozenset[str]:
        """Ids of the accounts that the vendor itself shows the object to."""
        ...

    async def deliveries(self) -> Sequence[Delivery]:
        """Every webhook that the vendor has sent so far, once none is on its way."""
        ...
