"""Whether this process can answer: Weaviate reachable, its live space the one that the model embeds into. The model itself is loaded before we listen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import httpx
from weaviate.exceptions import WeaviateBaseError

from index.collections import live_space

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient

    from contracts.embedding_space import EmbeddingSpace

OK: Final = "ok"
_LIMIT_SECONDS: Final = 2.0


class Readiness:
    def __init__(self, client: WeaviateAsyncClient, space: EmbeddingSpace) -> None:
        self._client = client
        self._space = space

    async def checks(self) -> dict[str, str]:
        """Each part and its state: ``ok``, or what is wrong."""
        return {"model": OK, **await self._index()}

    async def _index(self) -> dict[str, str]:
        try:
            async with asyncio.timeout(_LIMIT_SECONDS):
                live = await live_space(self._client)
        except (WeaviateBaseError, httpx.HTTPError, TimeoutError) as error:
            return {"index": f"Weaviate does not answer ({type(error).__name__})"}
        if live is None:
            return {"index": OK, "embedding_space": "the index has no collections"}
        if live != self._space:
            return {"index": OK, "embedding_space": f"the live index is of {live}, this process embeds with {self._space}; restart it with that model"}
        return {"index": OK, "embedding_space": OK}
