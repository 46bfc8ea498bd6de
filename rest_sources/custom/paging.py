"""Lists in pages, whichever way the API has: a page's number, an offset, a value for the next request, or an address that leads there (by a path, or by the header Link).

A place is a text: the number, the offset, the value, or the address of the page to come; empty for the first. No API can lead in a circle: a place that comes again in one walk, and a page that
says the same as the one before, are errors.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urljoin

from contracts.sources.custom import NEXT, OFFSET, PAGE
from contracts.sources.template import parse_template
from rest_sources.api import Answer, Api, UnexpectedAnswerError
from rest_sources.custom.paths import find, first

_CHECK: Final = "Compare the source's declaration in sources.yaml with what the API answers."
_EMPTY_NEXT: Final = re.compile(r"(?<=[?&])[^?&=]+=\{next\}(?:&|$)")


@dataclass(frozen=True, slots=True)
class Page:
    """``following`` is the place of the next page, empty on the last."""

    items: tuple[object, ...]
    following: str


@dataclass(frozen=True, slots=True)
class Pages:
    """One list. ``name`` is what sources.yaml calls it; ``given`` are values for its url beside the place."""

    api: Api
    address: str
    name: str
    url: str
    items: str
    next: str | None
    first_page: int
    given: Mapping[str, str] = field(default_factory=dict)

    async def walk(self, place: str = "") -> AsyncIterator[Page]:
        """From a place on to the end; from the beginning where the API no longer knows the place. Raises ApiError."""
        at, page = await self._begun(place)
        seen = {at}
        while True:
            yield page
            if not page.following:
                return
            if page.following in seen:
                raise UnexpectedAnswerError(f"{self.name}: a page leads back to an earlier one.", _CHECK)
            seen.add(page.following)
            before, page = page, await self._page(page.following)
            if page.items and page.items == before.items:
                raise UnexpectedAnswerError(f"{self.name}: two pages are the same.", f"The API may know its url's parameters by other names. {_CHECK}")

    async def _begun(self, place: str) -> tuple[str, Page]:
        """Places are forgotten by many APIs after a while, each in its own words."""
        if place:
            try:
                return place, await self._page(place)
            except UnexpectedAnswerError:  # begun anew: should the list itself be wrong, the first page says so again
                pass
        return "", await self._page("")

    async def _page(self, place: str) -> Page:
        asked = self._asked(place)
        answer = await self.api.get(asked)
        if answer is None:
            if place and self._counts:
                return Page((), "")  # beyond the last page
            raise UnexpectedAnswerError(f"{self.name}: there is no such list.", _CHECK)
        items = self._items(answer)
        return Page(items, self._following(answer, place, len(items), asked))

    def _asked(self, place: str) -> str:
        if place and not self._named & {PAGE, OFFSET, NEXT}:
            return place
        values = {**self.given, PAGE: place or str(self.first_page), OFFSET: place or "0", NEXT: place}
        url = self.url if place else _EMPTY_NEXT.sub("", self.url).rstrip("?&")
        return self.address + parse_template(url).render(lambda name: quote(values[name], safe=""))

    def _items(self, answer: Answer) -> tuple[object, ...]:
        found = find(self.items, dict(answer.body))
        if len(found) != 1 or not isinstance(found[0], list | None):
            raise UnexpectedAnswerError(f"{self.name}: {self.items} finds no list.", _CHECK)
        return tuple(found[0] or ())

    def _following(self, answer: Answer, place: str, count: int, asked: str) -> str:
        if self._counts:
            step = 1 if PAGE in self._named else count
            return str(int(place or (self.first_page if PAGE in self._named else 0)) + step) if count else ""
        led = first(self.next, dict(answer.body)) if self.next else answer.next_url
        if not isinstance(led, str | int) or isinstance(led, bool):
            return ""
        return str(led) if NEXT in self._named or led == "" else urljoin(asked, str(led))

    @property
    def _named(self) -> frozenset[str]:
        return frozenset(parse_template(self.url).columns)

    @property
    def _counts(self) -> bool:
        return bool(self._named & {PAGE, OFFSET})
