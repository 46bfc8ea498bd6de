"""Confluence as a source: what every source must pass, in both editions, and what this one promises beyond it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from connectors.rest.http_api import HttpApi
from contracts.sources.rest import Attachments
from rest_sources.api import Answer, ApiError, Method, Parameters
from rest_sources.confluence.webhooks import EVENTS, register, registered, remove
from rest_sources.source import GONE
from streams.parse.confluence_storage import to_html
from tests.integration.rest.confluence_world import KIT_SEED, ConfluenceWorld, EditionName, confluence_process, confluence_world, receiver
from tests.rest_kit.kit import RestSourceKit, objects, pages, text_of
from tests.rest_kit.vendor import TextFiles
from tests.unit.rest_sources.spoiling import places, spoiled


@pytest.fixture(scope="module", params=["cloud", "datacenter"])
def process(request: pytest.FixtureRequest) -> Iterator[tuple[str, EditionName]]:
    with confluence_process(request.param) as url:
        yield url, request.param


@asynccontextmanager
async def seeded(process: tuple[str, EditionName], *, small_pages: bool = False) -> AsyncIterator[ConfluenceWorld]:
    async with confluence_world(*process, small_pages=small_pages) as made:
        if made.cloud:
            made.restricted_to = ("user:acc-ann", "user:acc-integration")
        await made.seed(**KIT_SEED)
        yield made


@pytest.fixture
async def world(process: tuple[str, EditionName]) -> AsyncIterator[ConfluenceWorld]:
    async with seeded(process) as made:
        yield made


@dataclass
class Told:
    """An API that remembers its answers, or gives those of before: what is not among them is gone."""

    api: HttpApi | None
    answers: dict[str, Mapping[str, object]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        assert parameters is None
        if self.api is None:
            return Answer(self.answers[path]) if path in self.answers else None
        found = await self.api.get(path)
        if found is not None:
            self.answers[path] = found.body
        return found

    async def send(self, method: Method, path: str, body: Mapping[str, object] | None = None) -> Answer | None:
        raise NotImplementedError

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        if self.api is not None:
            self.files[url] = await self.api.download(url, most_bytes) or b""
        return self.files.get(url)


class TestConfluence(RestSourceKit):
    @pytest.fixture
    async def world(self, process: tuple[str, EditionName]) -> AsyncIterator[ConfluenceWorld]:
        async with seeded(process, small_pages=True) as made, receiver(made) as hook:
            await made.register(hook)
            yield made


async def test_a_page_with_all_that_belongs_to_it(world: ConfluenceWorld) -> None:
    who = 'ri:account-id="acc-bob"' if world.cloud else 'ri:userkey="acc-bob"'
    native = await world.create(f'Ask <ac:link><ri:user {who}/></ac:link> for <ac:link><ri:page ri:content-title="The rota"/></ac:link>.')
    await world.label(native, "howto")
    first = await world.comment(native, "Who has the key?")
    await world.comment(native, "Cat has.", parent=first)
    fetched = await world.reader.fetch(native)
    draft = world.drafts(fetched)[native]
    assert (draft.doc_type, dict(draft.metadata)) == ("page", {"space": "KIT", "status": "current", "labels": ["howto"]})
    assert [section.heading.partition(",")[0] for section in draft.sections] == ["", "Comment by Integration", "Comment by Integration"]
    assert draft.people["acc-bob"] == "Bob"
    assert not {"profilePicture", "_links", "email"} & set(text_of(draft).split('"'))
    assert fetched.changed_us > 1_600_000_000_000_000
    converted = to_html(str(draft.sections[0].content), draft.people)
    assert set(converted.users) <= draft.people.keys()
    assert "Bob" in converted.html
    assert draft.url.startswith(f"{world.url}{'/wiki' if world.cloud else ''}/spaces/KIT/pages/")
    assert (await world.listed())[native] == fetched.stamp


@pytest.mark.parametrize("change", ["label", "comment", "reply", "comment deleted", "restriction", "restriction above", "space"])
async def test_whatever_a_fetch_shows_changes_the_stamp_in_a_listing_too(world: ConfluenceWorld, change: str) -> None:
    top = await world.create("Top.")
    native = await world.create("Below.")
    await world.move(native, top)
    comment = await world.comment(native, "First.")
    before = await world.reader.fetch(native)
    match change:
        case "label":
            await world.label(native, "new")
        case "comment":
            await world.comment(native, "Second.")
        case "reply":
            await world.comment(native, "Answer.", parent=comment)
        case "comment deleted":
            await world.ask("DELETE", f"/wiki/api/v2/footer-comments/{comment}" if world.cloud else f"/rest/api/content/{comment}")
        case "restriction":
            await world.restrict(native)
        case "restriction above":
            await world.restrict(top)
        case "space":
            await world.seed(spaces=[{"key": "KIT", "read": ["group:staff", "user:acc-cat"]}])
    after = await world.reader.fetch(native)
    assert after.stamp != before.stamp
    assert (await world.listed())[native] == after.stamp
    assert (before.access != after.access) == (change in {"restriction", "restriction above", "space"})


async def test_an_unchanged_source_costs_its_listing_alone(world: ConfluenceWorld) -> None:
    await world.seed(generate={"space": "KIT", "pages": 500, "seed": 3, "author": "acc-ann", "comments": 0.3, "restricted": 0.1, "to": ["group:staff"]})
    first = await world.listed()
    asked = sum((await world.control("GET", "requests")).values())
    assert await world.listed() == first
    assert sum((await world.control("GET", "requests")).values()) - asked < len(first) / 20


async def test_an_attachment_is_content_of_its_own_with_the_readers_of_its_page(world: ConfluenceWorld) -> None:
    page = await world.create("Has a file.")
    native = await world.attach(page, "plan 1.txt", b"The gate opens at six.")
    await world.comment(page, "Of the page, not of the file.")
    assert native.startswith("content/att") == world.cloud
    draft = await world.draft(native)
    assert (draft.title, draft.doc_type, [section.content for section in draft.sections]) == ("plan 1.txt", "attachment", ["The gate opens at six."])
    assert draft.metadata["on"] == page
    assert draft.allowed == (await world.draft(page)).allowed
    before = (await world.reader.fetch(page)).access
    await world.restrict(page)
    assert (await world.reader.fetch(page)).access != before
    assert native in await world.below(page)
    assert (await world.draft(native)).allowed == (await world.draft(page)).allowed != draft.allowed
    assert (await world.listed())[native] == (await world.reader.fetch(native)).stamp
    await world.seed(admin_key=False)  # the trash shows what is in it to administrators
    await world.delete(page)
    assert native in await world.below(page)
    assert await world.reader.fetch(native) == GONE


async def test_an_attachment_that_cannot_be_read_is_refused_with_its_reason(world: ConfluenceWorld) -> None:
    page = await world.create("Has a picture.")
    native = await world.attach(page, "gate.png", b"\x89PNG", "image/png")
    fetched = await world.reader.fetch(native)
    assert (dict(fetched.records), list(fetched.refused)) == ({}, [native])
    assert "Upload it as text" in fetched.refused[native]
    assert (await world.listed())[native] == fetched.stamp
    assert (await world.reader.fetch(page)).records


async def test_what_is_restricted_at_the_top_reaches_everything_below(world: ConfluenceWorld) -> None:
    chain = [await world.create(f"Level {level}.") for level in range(8)]
    for above, native in itertools.pairwise(chain):
        await world.move(native, above)
    file = await world.attach(chain[-1], "deep.txt", b"deep")
    assert set(await world.below(chain[0])) == {*chain[1:], file}
    before = {native: (await world.draft(native)).allowed for native in (*chain, file)}
    await world.restrict(chain[0])
    after = {native: (await world.draft(native)).allowed for native in (*chain, file)}
    assert len(set(after.values())) == 1
    assert not set(after.values()) & set(before.values())


async def test_drafts_and_the_trash_are_gone_and_what_is_restored_is_back(world: ConfluenceWorld) -> None:
    (draft, trashed) = await world.seed(
        content=[{"id": 910_001, "space": "KIT", "title": "Draft", "status": "draft", "author": "acc-integration"},
                 {"id": 910_002, "space": "KIT", "title": "Trash", "status": "trashed", "author": "acc-integration"}]
    )  # fmt: skip
    assert await world.reader.fetch(draft) == await world.reader.fetch(trashed) == GONE
    assert not {draft, trashed} & (await world.listed()).keys()
    form = {"type": "page", "title": "Trash", "status": "current", "version": {"number": 2}}
    if world.cloud:
        await world.ask("PUT", "/wiki/api/v2/pages/910002", {**form, "id": "910002", "body": {"representation": "storage", "value": "x"}})
    else:
        await world.ask("PUT", "/rest/api/content/910002", form)
    assert (await world.reader.fetch(trashed)).records
    assert trashed in await world.listed()


async def test_children_of_a_trashed_page_move_up_and_are_below_it_still(world: ConfluenceWorld) -> None:
    top, middle, bottom = [await world.create(f"Level {level}.") for level in range(3)]
    await world.move(middle, top)
    await world.move(bottom, middle)
    await world.restrict(middle)
    before = await world.draft(bottom)
    await world.delete(middle)
    assert await world.reader.fetch(middle) == GONE
    assert bottom in await world.below(middle)
    assert (await world.draft(bottom)).allowed == (await world.draft(top)).allowed != before.allowed


async def test_a_page_without_a_restriction_leaves_its_siblings_alone_when_it_goes_to_the_trash(world: ConfluenceWorld) -> None:
    await world.create("A sibling at the top.")
    native = await world.create("Unrestricted.")
    await world.delete(native)
    if not world.cloud:  # whose answers do not tell of restrictions
        assert await world.below(native) == []


async def test_a_hint_for_a_comment_leads_to_what_it_is_on(world: ConfluenceWorld) -> None:
    page = await world.create("Talked about.")
    comment = await world.comment(page, "Talk.")
    fetched = await world.reader.fetch(f"content/{comment}")
    assert not fetched.records
    assert fetched.access
    assert await world.below(f"content/{comment}") == [page]


async def test_a_comment_is_found_as_a_change_of_its_page(world: ConfluenceWorld) -> None:
    native = await world.create("Talked about.")
    cursor = (await pages(world.reader.changed_since("")))[-1].cursor
    await world.comment(native, "Talk.")
    assert objects(await pages(world.reader.changed_since(cursor)))[native] == (await world.reader.fetch(native)).stamp


async def test_a_restriction_is_found_as_a_change_on_cloud_where_nothing_tells_of_it(world: ConfluenceWorld) -> None:
    if not world.cloud:
        pytest.skip("Data Center has a webhook for it")
    (native,) = await world.seed(content=[{"id": 920_001, "space": "KIT", "title": "Old", "when": "2025-01-02T00:00:00Z"}])
    before = await world.reader.fetch(native)
    await world.restrict(native)
    found = objects(await pages(world.reader.changed_since("")))
    assert found[native] == (await world.reader.fetch(native)).stamp != before.stamp


async def test_only_the_declared_spaces_and_without_attachments(process: tuple[str, EditionName], world: ConfluenceWorld) -> None:
    inside = await world.create("Inside.")
    file = await world.attach(inside, "a.txt", b"a")
    (outside,) = await world.seed(spaces=[{"key": "OTHER", "read": ["group:staff"]}], content=[{"id": 930_001, "space": "OTHER", "title": "Outside"}])
    async with confluence_world(*process, spaces=("KIT",), attachments=Attachments(read=False)) as narrow:
        listed = await narrow.listed()
        assert inside in listed
        assert outside not in listed
        assert file not in listed
        assert await narrow.reader.fetch(file) == GONE
        assert await narrow.reader.fetch(outside) == GONE
        assert [container async for container in narrow.reader.containers()] == ["space/KIT"]
        assert await narrow.below(inside) == []


async def test_a_restriction_on_more_people_than_a_page_of_results(world: ConfluenceWorld) -> None:
    crowd = [f"c{number:03}" for number in range(130)]
    people = [{"id": f"acc-{name}", "name": name, "email": f"{name}@example.com", "token": f"test-token-{name}"} for name in crowd]
    read = [f"user:acc-{name}" for name in crowd]
    (native,) = await world.seed(
        users=people,
        spaces=[{"key": "WIDE", "read": ["anonymous"]}],
        content=[{"id": 940_001, "space": "WIDE", "title": "For many", "read": [*read, "user:acc-integration"]}],
    )
    allowed = set((await world.draft(native)).allowed)
    assert {f"user:wiki/acc-{name}" for name in (*crowd, "integration")} <= allowed
    assert "public" not in allowed
    assert (await world.listed())[native] == (await world.reader.fetch(native)).stamp


async def test_content_of_everybody_is_public(world: ConfluenceWorld) -> None:
    (native,) = await world.seed(
        spaces=[{"key": "OPEN", "read": ["anonymous"]}], content=[{"id": 950_001, "space": "OPEN", "title": "Open", "body": "<p>x</p>"}]
    )
    assert (await world.draft(native)).allowed == ("public",)


async def test_faults_of_the_vendor_are_waited_out(world: ConfluenceWorld) -> None:
    native = await world.create("Through the storm.")
    await world.comment(native, "Wind.")
    calm = await world.reader.fetch(native)
    await world.control("PUT", "faults", {"rate_limited": 0.1, "retry_after_seconds": 0.01, "unavailable": 0.1, "html_instead_of_json": 0.05})
    try:
        assert await world.reader.fetch(native) == calm
        assert (await world.listed())[native] == calm.stamp
    finally:
        await world.control("PUT", "faults", {})


async def test_no_path_is_made_of_an_id_that_is_none(world: ConfluenceWorld) -> None:
    for native in ("content/1/../../user", "content/", "content/abc", "space/../x", "space/"):
        assert await world.reader.fetch(native) == GONE
        assert await world.below(native) == []


async def test_webhooks_are_registered_found_and_removed(world: ConfluenceWorld) -> None:
    if world.cloud:
        with pytest.raises(ApiError, match="automation rule"):
            await register(world.source, world.api, "http://127.0.0.1:1/hook", "test-secret")
        return
    made = await register(world.source, world.api, "http://127.0.0.1:1/hook", "test-secret")
    assert made.events == EVENTS
    assert made in await registered(world.source, world.api)
    await remove(world.source, world.api, made.id)
    await remove(world.source, world.api, made.id)
    assert made not in await registered(world.source, world.api)


async def test_answers_of_another_form_are_named_and_nothing_else_goes_wrong(world: ConfluenceWorld) -> None:
    """What a fetch was answered, each value in turn of another type."""
    who = 'ri:account-id="acc-bob"' if world.cloud else 'ri:userkey="acc-bob"'
    page = await world.create(f"Ask <ri:user {who}/>.")
    await world.label(page, "howto")
    await world.comment(page, "Talk.")
    file = await world.attach(page, "a.txt", b"text")
    await world.restrict(page)
    refused: list[str] = []
    for native in (page, file):
        told = Told(world.api)
        await world.type.reader(world.source, told, TextFiles(told)).fetch(native)
        for asked, answer in told.answers.items():
            for place in places(answer):
                for wrong in ("secret-value", 5, ["secret-value"], {"secret-value": 1}):
                    replaying = Told(None, {**told.answers, asked: spoiled(answer, place, wrong)}, told.files)
                    try:
                        await world.type.reader(world.source, replaying, TextFiles(replaying)).fetch(native)
                    except ApiError as error:
                        refused.append(str(error))
    assert len(refused) > 100
    assert not [text for text in refused if "secret-value" in text]


async def test_what_vanishes_between_two_requests_shows_nothing_to_anybody_more(world: ConfluenceWorld) -> None:
    """Each answer of a fetch gone in turn: the object is gone, or its readers are not known."""
    top = await world.create("Top.")
    page = await world.create("Below.")
    await world.move(page, top)
    await world.restrict(top, [*world.restricted_to, "user:acc-bob"])
    file = await world.attach(page, "a.txt", b"text")
    for native in (page, file):
        told = Told(world.api)
        whole = await world.type.reader(world.source, told, TextFiles(told)).fetch(native)
        before = world.drafts(whole)[native].allowed
        for asked in told.answers:
            left = Told(None, {path: answer for path, answer in told.answers.items() if path != asked}, told.files)
            found = await world.type.reader(world.source, left, TextFiles(left)).fetch(native)
            allowed = world.drafts(found)[native].allowed if found.records else ()
            assert allowed == () or (allowed == before and "user" in asked), asked
            if found.records and not allowed:
                assert found.records[native]["readers_unknown"]
