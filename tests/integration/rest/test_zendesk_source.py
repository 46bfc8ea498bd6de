"""Zendesk as a source: the kit, then what is Zendesk's own: internal comments, attachments, translations, private groups, roles, segments, and a vendor that fails."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest

from connectors.rest.http_api import HttpApi
from rest_sources import zendesk
from rest_sources.api import ApiRefusedError, ApiUnavailableError, ForbiddenError
from rest_sources.source import GONE, Draft, Fetched
from rest_sources.zendesk.webhooks import registered
from tests.integration.rest.zendesk_world import AUTH, SECTION, ZendeskWorld, declared, opened, seed, served
from tests.rest_kit.kit import RestSourceKit, objects, pages
from tests.rest_kit.vendor import TextFiles

SUPPORT, LEGAL = 11, 12
SHARING, CLOSED = 21, 22
AGENT, GROUP_AGENT, CUSTOMER, COLLEAGUE, SUSPENDED = 31, 32, 35, 36, 37
STAFF = 41


def attached(name: str, text: bytes, kind: str = "text/plain") -> dict[str, str]:
    return {"file_name": name, "content_type": kind, "content_base64": base64.b64encode(text).decode()}


SEED: dict[str, Any] = {
    "groups": [{"id": SUPPORT, "name": "Support"}, {"id": LEGAL, "name": "Legal", "is_public": False}],
    "organizations": [{"id": SHARING, "name": "Sharing", "shared_tickets": True}, {"id": CLOSED, "name": "Closed"}],
    "users": [
        {"id": AGENT, "name": "Ada Agent", "email": "ada@example.com", "role": "agent"},
        {"id": GROUP_AGENT, "name": "Gus", "email": "gus@example.com", "role": "agent", "ticket_restriction": "groups", "group_ids": [SUPPORT]},
        {"id": CUSTOMER, "name": "Cleo Customer", "email": "cleo@example.com", "organization_ids": [SHARING]},
        {"id": COLLEAGUE, "name": "Carl", "email": "carl@example.com", "organization_ids": [SHARING]},
        {"id": SUSPENDED, "name": "Sus", "email": "sus@example.com", "suspended": True, "organization_ids": [SHARING]},
    ],
    "user_segments": [{"id": STAFF, "name": "Staff", "user_type": "staff"}],
    "categories": [{"id": 51, "name": "Handbook"}],
    "sections": [{"id": SECTION, "name": "Faults", "category_id": 51}],
    "tickets": [
        {
            "id": 1,
            "subject": "The printer burns",
            "requester_id": CUSTOMER,
            "organization_id": SHARING,
            "group_id": SUPPORT,
            "assignee_id": GROUP_AGENT,
            "tags": ["printer", "fire"],
            "comments": [
                {"body": "It burns & smokes", "attachments": [attached("log.txt", b"smoke"), attached("photo.bin", b"\x00\x01", "application/octet-stream")]},
                {"body": "A drunk customer?", "public": False, "author_id": AGENT, "attachments": [attached("note.txt", b"promille")]},
                {"body": "Put water on it", "author_id": AGENT},
            ],
        },
        {"id": 2, "subject": "Only inside", "requester_id": CUSTOMER, "comments": [{"body": "Hush", "public": False, "author_id": AGENT}]},
    ],
    "articles": [
        {
            "id": 71,
            "section_id": SECTION,
            "title": "Fire",
            "body": "<h2>Fire</h2><p>Run.</p>",
            "label_names": ["safety"],
            "attachments": [attached("plan.txt", b"exit")],
        },
        {"id": 74, "section_id": SECTION, "title": "Draft", "body": "<p>Not yet</p>", "draft": True},
    ],
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module", autouse=True)
async def _seeded(url: str) -> None:
    await seed(url, SEED)


@pytest.fixture
async def world(url: str) -> AsyncIterator[ZendeskWorld]:
    async with opened(url, "ticket") as made:
        yield made


class TestTickets(RestSourceKit):
    @pytest.fixture
    async def world(self, url: str) -> AsyncIterator[ZendeskWorld]:
        async with opened(url, "ticket", small_pages=True, articles=False) as made:
            yield made


class TestArticles(RestSourceKit):
    @pytest.fixture
    async def world(self, url: str) -> AsyncIterator[ZendeskWorld]:
        async with opened(url, "article", small_pages=True, tickets=False) as made:
            yield made


def drafts(world: ZendeskWorld, fetched: Fetched) -> dict[str, Draft]:
    return {native: zendesk.TYPE.draft(world.source, native, orjson.loads(orjson.dumps(record))) for native, record in fetched.records.items()}


async def holds(world: ZendeskWorld, draft: Draft) -> set[int]:
    """The accounts that may read a document."""
    return {int(account.id) async for account in world.reader.accounts() if account.principals & set(draft.allowed)}


async def test_a_ticket_is_its_public_comments_and_the_internal_ones_are_a_document_of_their_own(world: ZendeskWorld) -> None:
    fetched = await world.reader.fetch("ticket/1")
    made = drafts(world, fetched)
    main, internal = made["ticket/1"], made["ticket/1/internal"]
    assert main.title == "The printer burns"
    assert [section.heading.partition(",")[0] for section in main.sections] == ["", "Comment by Ada Agent"]
    assert [section.heading.partition(",")[0] for section in internal.sections] == ["Internal comment by Ada Agent"]
    assert main.url == f"{world.source.url}/hc/requests/1"
    assert internal.url == f"{world.source.url}/agent/tickets/1"
    assert {"status": "open", "group": "Support", "organization": "Sharing", "tags": ["fire", "printer"]}.items() <= main.metadata.items()
    assert main.people == {str(AGENT): "Ada Agent", str(CUSTOMER): "Cleo Customer"}
    assert "drunk" not in orjson.dumps([fetched.records["ticket/1"]]).decode()
    integration = next(iter(await holds(world, internal) - {AGENT, GROUP_AGENT}))
    assert await holds(world, main) == {integration, AGENT, GROUP_AGENT, CUSTOMER, COLLEAGUE}
    assert await holds(world, internal) == {integration, AGENT, GROUP_AGENT}


async def test_attachments_are_as_restricted_as_their_comment_and_unreadable_ones_are_refused(world: ZendeskWorld) -> None:
    fetched = await world.reader.fetch("ticket/1")
    made = {draft.title: draft for native, draft in drafts(world, fetched).items() if "/attachment/" in native}
    assert {name: draft.sections[0].content for name, draft in made.items()} == {"log.txt": "smoke", "note.txt": "promille"}
    assert CUSTOMER in await holds(world, made["log.txt"])
    assert CUSTOMER not in await holds(world, made["note.txt"])
    (reason,) = fetched.refused.values()
    assert reason == "application/octet-stream is no text. Upload it as text."


async def test_a_ticket_without_a_public_comment_is_for_agents(world: ZendeskWorld) -> None:
    made = drafts(world, await world.reader.fetch("ticket/2"))
    assert not made["ticket/2"].sections
    assert not await holds(world, made["ticket/2"]) & {CUSTOMER, COLLEAGUE}


async def test_a_comment_made_private_takes_its_attachment_along(world: ZendeskWorld) -> None:
    native = await world.create("Public")
    number = native.partition("/")[2]
    up = await world.client.post("/api/v2/uploads?filename=a.txt", content=b"text", headers={"Content-Type": "text/plain"})
    change = {"comment": {"body": "With a file", "uploads": [up.json()["upload"]["token"]]}, "requester_id": CUSTOMER}
    await world.ask("PUT", f"/api/v2/tickets/{number}", {"ticket": change})
    before = drafts(world, await world.reader.fetch(native))
    (part,) = (each for each in before if "/attachment/" in each)
    assert CUSTOMER in await holds(world, before[part])
    comments = (await world.ask("GET", f"/api/v2/tickets/{number}/comments"))["comments"]
    await world.ask("PUT", f"/api/v2/tickets/{number}/comments/{comments[-1]['id']}/make_private")
    after = drafts(world, await world.reader.fetch(native))
    assert set(after) == {native, f"{native}/internal", part}
    assert CUSTOMER not in await holds(world, after[part])
    assert CUSTOMER in await holds(world, after[native])


async def test_many_comments_come_page_by_page(world: ZendeskWorld) -> None:
    comments = [{"body": f"Comment {number}"} for number in range(250)]
    await seed(world.source.url, {"tickets": [{"id": 900, "subject": "Long", "requester_id": CUSTOMER, "comments": comments}]})
    draft = drafts(world, await world.reader.fetch("ticket/900"))["ticket/900"]
    assert len(draft.sections) == 250
    assert "Comment 249" in str(draft.sections[-1].content)


async def test_an_article_is_a_document_in_each_language_that_is_published(world: ZendeskWorld) -> None:
    german = {"locale": "de", "title": "Feuer", "body": "<p>Lauf.</p>"}
    await world.ask("POST", "/api/v2/help_center/articles/71/translations", {"translation": german})
    await world.ask("POST", "/api/v2/help_center/articles/71/translations", {"translation": {"locale": "fr", "title": "Feu", "body": "", "draft": True}})
    made = drafts(world, await world.reader.fetch("article/71"))
    assert {native: draft.title for native, draft in made.items() if "/attachment/" not in native} == {
        "article/71": "Fire",
        "article/71/translation/de": "Feuer",
    }
    assert [draft.sections[0].content for native, draft in made.items() if "/attachment/" in native] == ["exit"]
    assert {draft.allowed for draft in made.values()} == {("public",)}
    assert made["article/71"].metadata["section"] == "Faults"
    await world.ask("PUT", "/api/v2/help_center/articles/71/translations/en-us", {"translation": {"draft": True}})
    fetched = await world.reader.fetch("article/71")
    assert "article/71" not in fetched.records
    assert "article/71/translation/de" in fetched.records
    assert objects(await pages(world.reader.listing("")))["article/71"] == fetched.stamp


async def test_drafts_deleted_tickets_people_and_parts_have_no_document(world: ZendeskWorld) -> None:
    assert await world.reader.fetch("article/74") == GONE
    assert "article/74" not in objects(await pages(world.reader.listing("")))
    for native in (f"user/{CUSTOMER}", f"organization/{SHARING}"):
        assert not (await world.reader.fetch(native)).records
        assert [each async for each in world.reader.below(native)] == []
    for wrong in ("ticket/1/internal", "ticket/x", "ticket/", "ticket"):
        with pytest.raises(KeyError):
            await world.reader.fetch(wrong)


async def test_deleted_tickets_are_listed_as_changed(world: ZendeskWorld) -> None:
    native = await world.create("To be deleted")
    stamp = (await world.reader.fetch(native)).stamp
    cursor = (await pages(world.reader.changed_since("")))[-1].cursor
    await world.delete(native)
    assert objects(await pages(world.reader.changed_since(cursor)))[native] != stamp


async def test_what_is_left_out_in_sources_yaml_is_not_asked_for(url: str) -> None:
    async with HttpApi(url, AUTH) as api:
        files = TextFiles(api)
        reader = zendesk.TYPE.reader(declared(url, articles=False, attachments={"read": False}), api, files)
        assert await reader.fetch("article/71") == GONE
        assert set((await reader.fetch("ticket/1")).records) == {"ticket/1", "ticket/1/internal"}
        assert files.read_keys == []
        assert all(native.startswith("ticket/") for native in objects(await pages(reader.listing(""))))


async def test_the_webhook_is_listed_and_removed(url: str) -> None:
    async with opened(url, "ticket") as made, HttpApi(url, AUTH) as api:
        (found,) = await registered(made.source, api)
        assert (found.id, found.url, found.secret) == (made.webhook.id, made.webhook.url, "")
        assert {"ticket.comment_added", "article.published"} <= set(found.events)
        assert made.webhook.secret not in repr(made.webhook)
    async with HttpApi(url, AUTH) as api:
        assert await registered(made.source, api) == ()


@pytest.mark.parametrize("faults", [{"rate_limited": 0.3, "retry_after_seconds": 0.01, "unavailable": 0.2}, {"html_instead_of_json": 0.3}])
async def test_a_vendor_that_fails_now_and_then_costs_nothing_but_time(url: str, faults: dict[str, float]) -> None:
    """A file's content may be HTML, so a login page in its place is not known for one here."""
    whole_pages = "html_instead_of_json" in faults
    async with opened(url, "ticket", attachments={"read": not whole_pages}) as made:
        whole = await made.reader.fetch("ticket/1")
        try:
            await made.ask("PUT", "/_control/faults", faults)
            for _ in range(5):
                assert orjson.dumps(dict((await made.reader.fetch("ticket/1")).records)) == orjson.dumps(dict(whole.records))
        finally:
            await made.ask("PUT", "/_control/faults", {})


async def test_credentials_that_are_not_taken_and_agents_that_may_not_export_are_named(url: str) -> None:
    async with HttpApi(url, httpx.BasicAuth("x/token", "wrong")) as api:
        with pytest.raises(ApiRefusedError):
            await zendesk.TYPE.reader(declared(url), api, TextFiles(api)).fetch("ticket/1")
    async with HttpApi(url, httpx.BasicAuth("cleo@example.com/token", "test-token")) as api:
        with pytest.raises(ForbiddenError):
            await zendesk.TYPE.reader(declared(url), api, TextFiles(api)).fetch("ticket/1")
    async with HttpApi("http://127.0.0.1:9", AUTH, patience_seconds=0.1) as api:
        with pytest.raises(ApiUnavailableError):
            await zendesk.TYPE.reader(declared(url), api, TextFiles(api)).fetch("ticket/1")
