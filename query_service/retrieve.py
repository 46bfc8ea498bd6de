"""From a question to hits: embed, then search; the age of the index is read before the search, so that it never claims more than was searched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.reading import NO_FILTERS, Access, Filters, Hit, IndexReader, Mode, Search
from index.reading_as_of import AsOf, AsOfReader
from query_service.steps import Steps

if TYPE_CHECKING:
    from index.embedding import Embedder


@dataclass(frozen=True, slots=True)
class Request:
    text: str
    limit: int
    mode: Mode = "hybrid"
    filters: Filters = NO_FILTERS


@dataclass(frozen=True, slots=True)
class Retrieved:
    vector: Sequence[float] | None
    """Of the question; None in mode keyword."""
    hits: tuple[Hit, ...]
    as_of: tuple[AsOf, ...]


class Retriever:
    def __init__(self, reader: IndexReader, ages: AsOfReader, embedder: Embedder) -> None:
        self._reader = reader
        self._ages = ages
        self._embedder = embedder

    async def retrieve(self, access: Access, request: Request, steps: Steps) -> Retrieved:
        """Raises StoreUnavailableError, EmbeddingUnavailableError, TextRejectedError."""
        vector, as_of = await asyncio.gather(self._vector(request, steps), self._as_of(access, request, steps))
        with steps.step("search"):
            hits = await self._reader.search(access, Search(request.text, vector, request.mode, request.limit, request.filters))
        return Retrieved(vector, tuple(hits), as_of)

    async def _vector(self, request: Request, steps: Steps) -> Sequence[float] | None:
        if request.mode == "keyword":
            return None
        with steps.step("embed"):
            return (await self._embedder.embed([request.text]))[0]

    async def _as_of(self, access: Access, request: Request, steps: Steps) -> tuple[AsOf, ...]:
        with steps.step("as_of"):
            ages = await self._ages.as_of(access.tenant)
        wanted = request.filters.source
        return tuple(age for age in ages if not wanted or age.source in wanted)
