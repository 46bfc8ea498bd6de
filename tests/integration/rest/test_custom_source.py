"""A declared API as a source: the kit, every kind of pages, and what only a declaration can get wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from rest_sources.api import ForbiddenError, UnexpectedAnswerError
from rest_sources.source import GONE, Draft, MalformedRecordError
from tests.integration.rest.articles_world import ArticlesWorld, opened, served
from tests.rest_kit.kit import RestSourceKit, drafts, objects, pages

LISTED = {"items": "$.articles", "id": "$.id", "changed": "$.updated_at"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
async def url(server: str) -> str:
    """With no articles."""
    async with httpx.AsyncClient(base_url=server) as client:
        (await client.delete("/_control/articles")).raise_for_status()
    return server


@pytest.fixture
async def world(url: str) -> AsyncIterator[ArticlesWorld]:
    async with opened(url) as made:
        yield made


class TestArticles(RestSourceKit):
    """With ``changed_since``, page by page."""


class TestArticlesThatAreListedOnly(RestSourceKit):
    @pytest.fixture
    async def world(self, url: str) -> AsyncIterator[ArticlesWorld]:
        changes = {"url": "/api/by-token?after={next}", "items": "$.data.rows", "id": "$.id", "changed": "$.updated_at", "next": "$.after"}
        async with opened(url, changed_since=None, list=changes) as made:
            yield made


@pytest.mark.parametrize(
    "listed",
    [
        {"url": "/api/articles?page={page}"},
        {"url": "/api/by-offset?offset={offset}"},
        {"url": "/api/by-token?after={next}", "next": "$.after", "items": "$.data.rows"},
        {"url": "/api/by-link", "next": "$.links.next"},
        {"url": "/api/by-header", "items": "$.values"},
    ],
    ids=lambda listed: listed["url"],
)
async def test_pages_of_every_kind_come_whole_and_go_on_where_they_were_stopped(url: str, listed: dict[str, str]) -> None:
    async with opened(url, list=LISTED | listed) as world:
        assert objects(await pages(world.reader.listing(""))) == {}
        made = [await world.create(f"{number}") for number in range(5)]
        whole = await pages(world.reader.listing(""))
        assert [listed.id for page in whole for listed in page.objects] == made
        assert whole[-1].cursor == ""
        assert [listed.id for page in await pages(world.reader.listing(whole[0].cursor)) for listed in page.objects] == made[2:]


async def test_a_place_that_the_api_has_forgotten_begins_anew(url: str) -> None:
    async with opened(url, list=LISTED | {"url": "/api/by-token?after={next}", "next": "$.after", "items": "$.data.rows"}) as world:
        made = {await world.create(f"{number}") for number in range(3)}
        assert set(objects(await pages(world.reader.listing("forgotten")))) == made


@pytest.mark.parametrize("listed", [{"url": "/api/round", "next": "$.next"}, {"url": "/api/same?page={page}"}, {"items": "$.nowhere"}, {"id": "$.nowhere"}])
async def test_lists_that_are_not_what_was_declared_are_errors(url: str, listed: dict[str, str]) -> None:
    """A circle without end, parameters that the API does not know, a wrong path: none may look like an empty or a whole list."""
    async with opened(url, list=LISTED | {"url": "/api/articles?page={page}"} | listed) as world:
        await world.create("Something.")
        with pytest.raises(UnexpectedAnswerError):
            await pages(world.reader.listing(""))


async def drafted(world: ArticlesWorld, **article: Any) -> Draft:
    native = f"article/{(await world.ask('POST', '/api/articles', article))['article']['id']}"
    return drafts(world, await world.reader.fetch(native))[native]


async def test_a_document_is_what_the_paths_say_and_the_record_holds_nothing_else(world: ArticlesWorld) -> None:
    draft = await drafted(world, title="Leave", html="<p>30 days.</p>", tags=["hr", "time off"], readers=["ben", "cleo"], salary="90,000", team="a team")
    assert (draft.title, draft.sections[0].content, draft.sections[0].format, draft.doc_type) == ("Leave", "<p>30 days.</p>", "html", "article")
    assert draft.allowed == ("group:handbook/a team", "user:handbook/ben", "user:handbook/cleo")
    assert draft.metadata == {"team": "a team", "tags": ["hr", "time off"], "label": "a team/published"}
    fetched = await world.reader.fetch("article/1")
    assert "90,000" not in orjson.dumps(fetched.records["article/1"]).decode()


@pytest.mark.parametrize(
    ("article", "told"), [({"team": None}, True), ({"team": "", "readers": []}, True), ({"team": None, "readers": None}, True), ({}, False)]
)
async def test_whose_readers_are_missing_is_readable_by_nobody_and_that_is_told(world: ArticlesWorld, article: dict[str, object], told: bool) -> None:
    native = await world.create("Whose?")
    await world.ask("PUT", "/api/articles/1", article)
    fetched = await world.reader.fetch(native)
    draft = drafts(world, fetched)[native]
    assert (draft.allowed == ()) is told
    assert ("document.allowed finds nothing" in fetched.refused.get(native, "")) is told


async def test_an_empty_list_of_readers_says_nobody_and_is_no_fault(url: str) -> None:
    document = {"title": "$.title", "body": "$.html", "url": "https://h.example/{id}", "allowed": ["$.readers"]}
    async with opened(url, document=document) as world:
        native = await world.create("For nobody.")
        fetched = await world.reader.fetch(native)
        assert drafts(world, fetched)[native].allowed == ()
        assert fetched.refused == {}


async def test_what_where_leaves_out_is_no_document(world: ArticlesWorld) -> None:
    native = await world.create("Soon.")
    await world.ask("PUT", "/api/articles/1", {"status": "draft"})
    assert await world.reader.fetch(native) == GONE
    assert objects(await pages(world.reader.listing(""))) == {}
    assert set(objects(await pages(world.reader.changed_since("")))) == {native}, "so that it is deleted"
    async with opened(world.source.url, changed_since=None) as listed_only:
        assert set(objects(await pages(listed_only.reader.changed_since("")))) == {native}
    await world.ask("PUT", "/api/articles/1", {"status": None})
    assert await world.reader.fetch(native) == GONE


async def test_ids_with_slashes_percents_and_dots_are_one_objects(world: ArticlesWorld) -> None:
    """An id is a part of an address and of a native id, and must not reach beyond its place."""
    for odd in ("guides/first day", "50%2Foff", "a?b#c"):
        await world.ask("POST", "/api/articles", {"id": odd})
    listed = objects(await pages(world.reader.listing("")))
    assert set(listed) == {"article/guides%2Ffirst day", "article/50%252Foff", "article/a?b#c"}
    for native, stamp in listed.items():
        assert (await world.reader.fetch(native)).stamp == stamp
    hinted = {hint.id for delivery in await world.deliveries() for hint in world.type.verifier(world.source)(delivery, [world.secret])}
    assert hinted == set(listed)
    assert await world.reader.fetch("article/..") == GONE
    for wrong in ("article/1/part", "article/", "article", "other/1"):
        with pytest.raises(KeyError):
            await world.reader.fetch(wrong)


async def test_statuses_that_are_declared_gone_are_and_others_are_not(url: str, world: ArticlesWorld) -> None:
    assert await world.reader.fetch("article/418") == GONE
    async with opened(url, fetch={"url": "/api/articles/{id}", "object": "$.article"}) as other:
        with pytest.raises(UnexpectedAnswerError):
            await other.reader.fetch("article/418")


async def test_a_fetch_without_the_declared_object_is_an_error_and_not_a_delete(url: str) -> None:
    async with opened(url, fetch={"url": "/api/articles/{id}", "object": "$.data"}) as world:
        with pytest.raises(UnexpectedAnswerError, match=r"\$\.data finds no object"):
            await world.reader.fetch(await world.create("There."))


async def test_changes_are_asked_for_from_the_newest_seen_on(url: str) -> None:
    """With a look back: what the API writes late is not passed by; what is older is not listed again."""
    async with opened(url, changed_since={"url": "/api/articles?updated_after={cursor}&page={page}", "overlap_seconds": 0}) as world:
        ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        old = f"article/{(await world.ask('POST', '/api/articles', {'updated_at': ago}))['article']['id']}"
        cursor = (await pages(world.reader.changed_since("")))[-1].cursor
        new = await world.create("New.")
        found = await pages(world.reader.changed_since(cursor))
        assert set(objects(found)) == {old, new}
        assert set(objects(await pages(world.reader.changed_since(found[-1].cursor)))) == {new}


async def test_a_change_without_a_time_is_an_error(world: ArticlesWorld) -> None:
    await world.create("When?")
    async with opened(world.source.url, list=LISTED | {"url": "/api/articles?page={page}", "changed": "$.id"}) as made:
        await world.ask("POST", "/api/articles", {"id": "no time"})
        with pytest.raises(UnexpectedAnswerError, match="time of change"):
            await pages(made.reader.changed_since(""))


async def test_a_mapping_that_was_changed_asks_for_a_new_revision(world: ArticlesWorld) -> None:
    native = await world.create("Before.")
    record = (await world.reader.fetch(native)).records[native]
    with pytest.raises(MalformedRecordError, match="raise the source's revision"):
        world.type.draft(world.source, native, {"found": {path: values for path, values in record["found"].items() if path != "$.title"}})


async def test_a_path_that_finds_an_object_is_refused_by_its_name(world: ArticlesWorld) -> None:
    with pytest.raises(MalformedRecordError, match=r"\$\.title finds an object"):
        await drafted(world, title={"en": "secret words"})


async def test_no_list_without_a_right_is_an_empty_list(url: str) -> None:
    async with opened(url, list=LISTED | {"url": "/api/forbidden"}) as world:
        with pytest.raises((ForbiddenError, UnexpectedAnswerError)):
            await pages(world.reader.listing(""))
