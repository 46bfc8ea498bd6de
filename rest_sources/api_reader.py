"""What most readers do with an API: ask it for one object, for a list, and for a list in numbered pages. An answer of another form is refused with the source's type and the place.

Not for APIs whose pages are found by cursors or links: those have rules of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

from contracts.sources.rest import RestSource
from rest_sources.api import Api, Parameters, UnexpectedAnswerError
from rest_sources.shape import CHANGED, Shape, of_answer
from rest_sources.source import Files, Reader


class ApiReader(Reader):
    """Derive from it where the reader needs no other state."""

    def __init__(self, source: RestSource, api: Api, files: Files) -> None:
        self._source = source
        self._api = api
        self._files = files

    async def _ask(self, path: str, parameters: Parameters | None = None) -> Shape | None:
        """The answer's object; None where the vendor says that there is no such thing. Raises ApiError."""
        answer = await self._api.get(path, parameters)
        return None if answer is None else Shape(answer.body, path.lstrip("/"), of_answer(self._source.type, CHANGED))

    async def _list(self, path: str, name: str, parameters: Parameters | None = None) -> tuple[Shape, ...]:
        """The objects of a list. Raises ApiError."""
        return (await self._given(path, parameters)).each(name)

    async def _given(self, path: str, parameters: Parameters | None) -> Shape:
        """A list that is not there is no empty one: a sweep would take every object for deleted."""
        found = await self._ask(path, parameters)
        if found is None:
            raise UnexpectedAnswerError(f"{self._source.type} knows no {path} (404).", "Check the source's url in sources.yaml, and what its account may see.")
        return found

    async def _pages(self, path: str, name: str, parameters: Parameters | None = None, first: str = "") -> AsyncIterator[tuple[tuple[Shape, ...], str]]:
        """Each page's objects with the number of the page that follows, empty with the last, which is the first without objects. Raises ApiError."""
        before: object = None
        for page in itertools.count(int(first or 1)):
            answer = await self._given(path, {**(parameters or {}), "page": page})
            found = answer.each(name)
            if found and answer.raw(name) == before:
                raise UnexpectedAnswerError(f"{self._source.type}: two pages of {path} are the same.", "Its pages may have another parameter than page.")
            yield found, str(page + 1) if found else ""
            if not found:
                return
            before = answer.raw(name)
