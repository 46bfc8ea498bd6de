"""Who may read content: the space's permission and the view restriction of each page from the top down to it, https://support.atlassian.com/confluence-cloud/docs/add-or-remove-page-restrictions/.

An attachment has the readers of what it is on. Where something that decides cannot be seen by our account, nobody reads, and ``unknown`` says what it was.

One ``Permissions`` is for one look: what it has asked for once it does not ask for again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rest_sources.api import ForbiddenError
from rest_sources.confluence.audience import EVERYBODY, NOBODY, Audience, Clause, all_of
from rest_sources.confluence.content import READABLE, Content
from rest_sources.confluence.datacenter import ADMINISTRATORS
from rest_sources.confluence.edition import Edition, restriction


@dataclass(frozen=True, slots=True)
class Readers:
    audience: Audience
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    space: str
    path: tuple[str, ...]
    """The ids whose restrictions count: from the top, its own the last."""


class Permissions:
    def __init__(self, edition: Edition) -> None:
        self._edition: Final = edition
        self._spaces: dict[str, Readers] = {}
        self._restrictions: dict[str, Clause | None] = {}
        self._places: dict[str, _Place | None] = {}

    def learn(self, contents: Iterable[Content]) -> None:
        """What answers have told already."""
        for content in contents:
            if content.own is not None:
                self._restrictions[content.id] = content.own
            if content.kind in {"page", "blogpost"}:
                self._places[content.id] = _Place(content.space, (*content.above, content.id))

    async def of(self, content: Content) -> Readers:
        return (await self.of_all([content]))[0]

    async def of_all(self, contents: Sequence[Content]) -> list[Readers]:
        """In their order."""
        self.learn(contents)
        holders = [content.container or content.id for content in contents]
        await self._find_places(holders)
        places = [self._places[holder] for holder in holders]
        known = [place for place in places if place is not None]
        await asyncio.gather(
            *(self._ask_space(space) for space in sorted({place.space for place in known} - self._spaces.keys())),
            *(self._ask_restriction(number) for number in sorted({number for place in known for number in place.path} - self._restrictions.keys())),
        )
        return [Readers(NOBODY, "what it is on cannot be read") if place is None else self._readers(place) for place in places]

    async def of_space(self, key: str) -> Readers | None:
        """None where the space is gone. Raises ForbiddenError."""
        found = await self._edition.space_readers(key)
        return None if found is None else Readers(self._with_administrators(found))

    def _readers(self, place: _Place) -> Readers:
        space = self._spaces[place.space]
        if space.unknown:
            return space
        unseen = [number for number in place.path if self._restrictions[number] is None]
        if unseen:
            return Readers(NOBODY, f"the view restriction of content/{unseen[0]} above it cannot be read")
        restrictions = all_of(clause for number in place.path if (clause := self._restrictions[number]))
        return Readers(all_of([*space.audience, *self._with_administrators(restrictions)]))

    def _with_administrators(self, audience: Audience) -> Audience:
        if self._edition.site.cloud or audience == EVERYBODY:
            return audience
        return all_of(clause | {ADMINISTRATORS} for clause in audience)

    async def _find_places(self, holders: Iterable[str]) -> None:
        missing = sorted(set(holders) - self._places.keys())
        for number, found in zip(missing, await asyncio.gather(*(self._content(number) for number in missing)), strict=True):
            self._places[number] = None
            if found is not None and found.status in READABLE:
                self.learn([found])

    async def _content(self, number: str) -> Content | None:
        try:
            return await self._edition.content(number, whole=False)
        except ForbiddenError:
            return None

    async def _ask_space(self, key: str) -> None:
        try:
            found = await self.of_space(key)
        except ForbiddenError:
            found = None
        self._spaces[key] = found or Readers(NOBODY, "our account may not see the permissions of the space: make it an administrator of the space")

    async def _ask_restriction(self, number: str) -> None:
        self._restrictions[number] = await restriction(self._edition.site, number)
