"""Lists in pages by cursor, which neither skip nor repeat while objects come and go: https://developer.zendesk.com/api-reference/introduction/pagination/#using-cursor-pagination."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from rest_sources.api import Api, Parameters, UnexpectedAnswerError
from rest_sources.zendesk.answers import CursorPage, Shape, each, parsed

PAGE_SIZE: Final = 100
"""The most that the vendor gives."""


async def cursor_pages(api: Api, path: str, parameters: Parameters | None = None) -> AsyncIterator[Mapping[str, object] | None]:
    """Each page's body to the last; None, and no more, where the list is gone."""
    after = ""
    while True:
        body, after = await cursor_page(api, path, after, parameters)
        yield body
        if not after:
            return


async def cursor_page(api: Api, path: str, after: str, parameters: Parameters | None = None) -> tuple[Mapping[str, object] | None, str]:
    """One page and the cursor of the next, empty after the last; (None, "") where the list is gone."""
    answer = await api.get(path, {**(parameters or {}), "page[size]": PAGE_SIZE, **({"page[after]": after} if after else {})})
    if answer is None:
        return None, ""
    meta = parsed(CursorPage, dict(answer.body), "page").meta
    if not meta.has_more:
        return answer.body, ""
    if not meta.after_cursor or meta.after_cursor == after:
        raise UnexpectedAnswerError(
            "Zendesk's page says that there are more, and meta.after_cursor does not lead there.", "It is tried again with the next look."
        )
    return answer.body, meta.after_cursor


async def all_of(api: Api, path: str, name: str, kind: type[Shape]) -> AsyncIterator[Shape]:
    """Every object of a list; none where the account has no such thing."""
    async for body in cursor_pages(api, path):
        for item in each(body, name, kind) if body is not None else ():
            yield item
