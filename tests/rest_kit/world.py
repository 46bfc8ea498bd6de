"""A vendor as the kit needs it: the source's declaration, who reads it, and hands that change things there as a user would, over the vendor's own API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Protocol

from contracts.sources.rest import RestSource
from rest_sources.delivery import Delivery
from rest_sources.source import Reader

Containers = Literal["none", "told", "untold"]
"""Whether objects take their readers from something that holds them (a category, a project, a space): from none; from one whose changes webhooks tell; from one whose changes only scans find."""

HANDS: Final = "A world whose containers are told or untold brings container(), close() and drop()."


class World(Protocol):
    """Its lists come in pages of few objects: a reader that reads the first page alone must fail."""

    source: RestSource
    reader: Reader
    secret: bytes
    """Which the vendor signs its deliveries with."""
    containers: Containers
    identified: bool = True
    """Whether deliveries have an id of their own, the same when they are sent again."""
    small_changes: bool = True
    """Whether its changes come in pages of few objects too. False only where the vendor's own rule forbids it."""
    tells_accounts: bool = True
    """Whether the vendor says who holds which principals."""

    async def create(self, *texts: str) -> str:
        """A new object with these texts in its body; its native id. Where a body has pieces (posts, comments), each text is one. All that it makes are in one container."""
        ...

    async def edit(self, native: str, text: str) -> None:
        """The text replaced."""
        ...

    async def delete(self, native: str) -> None: ...

    async def restrict(self, native: str) -> None:
        """Fewer may read the object from now on, or what it contains."""
        ...

    async def readers(self, native: str) -> frozenset[str]:
        """Ids of the accounts that the vendor itself shows the object to; without ``tells_accounts`` the principals."""
        ...

    async def deliveries(self) -> Sequence[Delivery]:
        """Every webhook that the vendor has sent so far, once none is on its way."""
        ...

    async def container(self, native: str) -> str:
        """The native id of what the object takes its readers from. Not asked for where ``containers`` is none, nor are the next two."""
        raise AssertionError(HANDS)

    async def close(self, container: str) -> None:
        """Fewer may read what is in it from now on, and somebody still may."""
        raise AssertionError(HANDS)

    async def drop(self, container: str) -> None:
        """Deleted, with what is in it or without: nobody may read that."""
        raise AssertionError(HANDS)
