"""Every account with its principals: itself, its groups, and the combinations that documents ask for (see ``audience``) as far as it holds them.

Which combinations those are the pages say: one look through all of them, a request for every 200, with their restrictions. What is restricted in a way that no page was before is
read by those whom it names once the accounts are listed anew; until then by none of them. An account holds its own combinations with the spaces' groups in any case, so that a page restricted to people is read at once.

Accounts are those that can log in; who is not listed any more holds nothing any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Final

from rest_sources.confluence import audience
from rest_sources.confluence.audience import Audience, Clause
from rest_sources.confluence.content import user_id
from rest_sources.confluence.edition import Edition
from rest_sources.confluence.listing import Listing
from rest_sources.source import Account

_AT_ONCE: Final = 50


class Accounts:
    def __init__(self, source: str, edition: Edition, listing: Listing) -> None:
        self._source: Final = source
        self._edition: Final = edition
        self._listing: Final = listing

    async def every(self) -> AsyncIterator[Account]:
        asked = {found async for found in self._listing.audiences()}
        offers = _Offers(self._source, asked)
        groups = await self._groups()
        async for person in self._edition.people():
            held = {audience.user(person.id), *groups.get(person.id, ())}
            yield Account(person.id, person.mail, frozenset(offers.of(held)))

    async def _groups(self) -> dict[str, set[str]]:
        """Atoms of groups by member."""
        found: dict[str, set[str]] = {}
        groups = [group async for group in self._edition.groups()]
        for at in range(0, len(groups), _AT_ONCE):
            part = groups[at : at + _AT_ONCE]
            for (number, _), members in zip(part, await asyncio.gather(*(self._members(path) for _, path in part)), strict=True):
                for member in members:
                    found.setdefault(member, set()).add(audience.group(number))
        return found

    async def _members(self, path: str) -> list[str]:
        return [number async for person in self._edition.site.every(path, {"limit": 200}) if (number := user_id(person))]


class _Offers:
    """What an account may hold, found by the atoms that it has: of each combination one atom is looked up, so that an account costs its own and not all there are."""

    def __init__(self, source: str, asked: Collection[Audience]) -> None:
        self._source = source
        self._by_atom: dict[str, list[frozenset[str]]] = {}
        self._whole: list[Audience] = []
        self._groups_of_clauses: Clause = frozenset(atom for found in asked for clause in found for atom in clause if atom.startswith("group:"))
        combinations: set[frozenset[str]] = set()
        for found in asked:
            multiplied = audience.combinations(found)
            if multiplied is None:
                self._whole.append(found)
            else:
                combinations |= {combination for combination in multiplied if len(combination) > 1}
        for combination in combinations:
            self._by_atom.setdefault(max(combination), []).append(combination)  # "user:…" sorts behind "group:…", and is held by one account alone

    def of(self, held: Collection[str]) -> Iterator[str]:
        yield audience.PUBLIC
        atoms = frozenset(held)
        for atom in atoms:
            yield audience.principal(self._source, frozenset({atom}))
            for combination in self._by_atom.get(atom, ()):
                if combination <= atoms:
                    yield audience.principal(self._source, combination)
        own = next(atom for atom in atoms if atom.startswith("user:"))
        for group in atoms & self._groups_of_clauses:
            yield audience.principal(self._source, frozenset({own, group}))
        for found in self._whole:
            if audience.reads(found, atoms):
                yield audience.whole(self._source, found)
