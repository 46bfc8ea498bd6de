"""What most readers do with an API: every failure names the source's type and the place, and none looks like an empty list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.sources.declared import TYPES as DECLARED
from contracts.sources.rest import Credentials, RestSource
from rest_sources.api import Answer, Method, Parameters, UnexpectedAnswerError
from rest_sources.api_reader import ApiReader
from rest_sources.catalog import TYPES, UnlistedTypeError, draft_of, type_of
from rest_sources.source import GONE, Fetched, ListedPage, Record, RemoteFile

FORUM = RestSource(name="talk", type="forum", url="https://forum.example", credentials=Credentials(token="env:FORUM"), tenant="acme")
Json = dict[str, Any]


class Paged:
    """By the page that is asked for; nothing where there is none."""

    def __init__(self, *pages: Json | None) -> None:
        self.pages = pages
        self.asked: list[Parameters | None] = []

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        self.asked.append(parameters)
        body = self.pages[int((parameters or {}).get("page", 1)) - 1]
        return None if body is None else Answer(body)

    async def send(self, method: Method, path: str, body: object = None) -> Answer | None:
        raise NotImplementedError

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        raise NotImplementedError


class NoFiles:
    async def read(self, file: RemoteFile) -> Record | None:
        raise NotImplementedError


class ForumReader(ApiReader):
    async def fetch(self, native: str) -> Fetched:
        found = await self._ask(f"/api/{native}")
        return GONE if found is None else Fetched({native: {"title": found.text("title")}})

    async def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        async for _, following in self._pages("/api/threads", "threads", {"in": "1"}, cursor):
            yield ListedPage((), following)


def reader(*answers: Json | None) -> tuple[ForumReader, Paged]:
    api = Paged(*answers)
    return ForumReader(FORUM, api, NoFiles()), api


async def listed(asked: ForumReader, cursor: str = "") -> list[str]:
    return [page.cursor async for page in asked.listing(cursor)]


def test_pages_are_counted_from_the_first_or_from_where_a_look_was_stopped() -> None:
    pages: tuple[Json, ...] = ({"threads": [{"id": 1}]}, {"threads": [{"id": 2}]}, {"threads": []})
    asked, api = reader(*pages)
    assert asyncio.run(listed(asked)) == ["2", "3", ""]
    assert api.asked == [{"in": "1", "page": page} for page in (1, 2, 3)]
    assert asyncio.run(listed(reader(*pages)[0], "2")) == ["3", ""]


def test_an_api_that_knows_no_pages_is_no_endless_list() -> None:
    page = {"threads": [{"id": 1}]}
    with pytest.raises(UnexpectedAnswerError, match="forum: two pages of /api/threads are the same"):
        asyncio.run(listed(reader(page, page)[0]))


def test_a_list_that_is_not_there_is_no_empty_one() -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"forum knows no /api/threads \(404\)"):
        asyncio.run(listed(reader(None)[0]))


def test_an_object_that_is_not_there_is_gone() -> None:
    assert asyncio.run(reader(None)[0].fetch("thread/1")) == GONE


def test_an_answer_of_another_form_names_the_vendor_and_the_place_and_blames_no_address() -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        asyncio.run(reader({"title": ["secret words"]})[0].fetch("thread/1"))
    assert str(caught.value) == (
        "forum's answer has another form than documented: api/thread/1.title is missing, or no text. The vendor has changed its API, and this source must follow."
    )


def test_every_type_that_may_be_declared_is_listed() -> None:
    assert {name for name, model in DECLARED.items() if issubclass(model, RestSource)} == set(TYPES)


def test_a_type_that_is_not_listed_is_told_with_its_cure() -> None:
    for asked in (type_of, draft_of):
        with pytest.raises(UnlistedTypeError, match=r"add 'forum': forum\.TYPE to TYPES in rest_sources/catalog\.py"):
            asked(FORUM)
