"""What is Jira's own, against its test server: attachments, restricted comments, links, pages of a listing, an index that is behind, and webhooks that are registered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest

from rest_sources.api import ApiUnavailableError
from rest_sources.jira import verify, webhooks
from rest_sources.source import GONE, Listed
from tests.integration.rest.jira_world import SECRET, SEED, EditionName, JiraWorld, jira_process, jira_world, receiver

MANY = {"cloud": 230, "datacenter": 2100}
"""More than two pages."""


@pytest.fixture(scope="module", params=["cloud", "datacenter"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, EditionName, dict[str, Any]]]:
    with jira_process(request.param) as url:
        more = {"projects": [*SEED["projects"], {"key": "MANY", "lead": "root", "permissionScheme": "Kit"}]}
        generate = {"generate": [{"project": "MANY", "count": MANY[request.param], "words": 4}]}
        yield url, request.param, httpx.post(f"{url}/_control/seed", json=SEED | more | generate, timeout=60).raise_for_status().json()


@pytest.fixture
async def world(server: tuple[str, EditionName, dict[str, Any]]) -> AsyncIterator[JiraWorld]:
    async with jira_world(*server, projects=("KIT",)) as made:
        yield made


@pytest.fixture
async def many(server: tuple[str, EditionName, dict[str, Any]]) -> AsyncIterator[JiraWorld]:
    async with jira_world(*server, projects=("MANY", "GONE")) as made:
        yield made


async def upload(world: JiraWorld, native: str, name: str, text: bytes, kind: str = "text/plain") -> str:
    auth: dict[str, Any] = {"auth": ("root@example.com", "root-token")} if world.cloud else {}
    headers = {"X-Atlassian-Token": "no-check"} | ({} if world.cloud else {"Authorization": "Bearer root-token"})
    path = f"/rest/api/{3 if world.cloud else 2}/{native}/attachments"
    answer = await world.client.post(path, files={"file": (name, text, kind)}, headers=headers, **auth)
    (made,) = answer.raise_for_status().json()
    identifier: str = made["id"]
    return identifier


async def test_attachments_are_parts_that_come_and_go(world: JiraWorld) -> None:
    native = await world.create("With files.")
    kept, dropped = await upload(world, native, "a b.txt", b"attached words"), await upload(world, native, "gone.txt", b"x")
    unread = await upload(world, native, "x.bin", b"\x00", "application/octet-stream")
    fetched = await world.reader.fetch(native)
    assert fetched.records.keys() == {native, f"{native}/attachment/{kept}", f"{native}/attachment/{dropped}"}
    assert fetched.refused == {f"{native}/attachment/{unread}": "application/octet-stream is no text. Upload it as text."}
    drafts = world.drafts(fetched)
    part = drafts[f"{native}/attachment/{kept}"]
    assert [section.content for section in part.sections] == ["attached words"]
    assert part.title.startswith("a b.txt (KIT-")
    assert part.allowed == drafts[native].allowed
    await world.ask("DELETE", f"attachment/{dropped}")
    assert f"{native}/attachment/{dropped}" not in (await world.reader.fetch(native)).records


async def test_comments_for_a_role_or_a_group_are_documents_of_their_own(world: JiraWorld) -> None:
    native = await world.create("With comments.")
    for text, visibility in (
        ("for all", None),
        ("for the board", {"type": "group", "value": "board"}),
        ("for the role", {"type": "role", "value": "KitReaders"}),
    ):
        body = {"body": world.text(text)} | ({"visibility": visibility} if visibility else {})
        await world.ask("POST", f"{native}/comment", body)
    drafts = world.drafts(await world.reader.fetch(native))
    board = world.seeded["groups"]["board"] if world.cloud else "board"
    parts = {
        native: "for all",
        f"{native}/restricted/group-{board}": "for the board",
        f"{native}/restricted/role-{world.seeded['roles']['KitReaders']}": "for the role",
    }
    assert drafts.keys() == parts.keys()
    for part, said in parts.items():
        text = orjson.dumps([section.content for section in drafts[part].sections]).decode()
        assert [other for other in parts.values() if other in text] == [said]
    accounts = {account.mail.partition("@")[0]: account.principals for account in await world.accounts()}
    for_board = set(drafts[f"{native}/restricted/group-{board}"].allowed)
    assert {name for name, held in accounts.items() if held & for_board} == {"root", "ann"}, "in the board, and browsing"


async def test_a_link_is_named_by_key_alone(world: JiraWorld) -> None:
    one, other = await world.create("One."), await world.create("The other, a secret.")
    ends = {"inwardIssue": {"id": one.partition("/")[2]}, "outwardIssue": {"id": other.partition("/")[2]}}
    await world.ask("POST", "issueLink", {"type": {"name": "Blocks"}, **ends})
    record = (await world.reader.fetch(one)).records[one]
    assert record["links"] == [f"blocks {(await world.reader.fetch(other)).records[other]['key']}"]


async def test_a_project_that_is_not_asked_for_is_nothing(world: JiraWorld) -> None:
    other = str(world.seeded["projects"]["MANY"])
    assert [container async for container in world.reader.containers()] == [f"project/{world.seeded['projects']['KIT']}"]
    assert await world.reader.fetch(f"project/{other}") == GONE
    async for page in world.reader.listing(""):
        assert not any(listed.id == "issue/10000" for listed in page.objects)
    assert await world.reader.fetch("issue/10000") == GONE, "of the project MANY"
    assert [native async for native in world.reader.below("project/99999")] == []


async def test_a_listing_survives_deletes_between_its_pages(many: JiraWorld) -> None:
    expected = {native async for native in many.reader.below(f"project/{many.seeded['projects']['MANY']}")}
    assert len(expected) >= MANY[many.edition] - 5
    found: dict[str, Listed] = {}
    cursors: list[str] = []
    async for page in many.reader.listing(""):
        found |= {listed.id: listed for listed in page.objects}
        cursors.append(page.cursor)
        if len(cursors) < 3:
            gone = page.objects[len(cursors)].id
            await many.delete(gone)
    assert len(cursors) >= 3
    assert cursors[-1] == ""
    assert found.keys() == expected
    rest = {listed.id async for page in many.reader.listing(cursors[0]) for listed in page.objects}
    assert len(rest) < len(expected)


async def test_a_change_that_the_index_learns_late_is_found_by_the_next_look(world: JiraWorld) -> None:
    native = await world.create("Before.")
    await world.control("PUT", "search", {"lag_seconds": 1.5})
    try:
        await world.edit(native, "Late.")
        first = [page async for page in world.reader.changed_since("")]
        assert native not in {listed.id for page in first for listed in page.objects}
        await asyncio.sleep(1.6)
        late = {listed.id: listed.stamp async for page in world.reader.changed_since(first[-1].cursor) for listed in page.objects}
    finally:
        await world.control("PUT", "search", {"lag_seconds": 0})
    assert late[native] == (await world.reader.fetch(native)).stamp


async def test_an_unhappy_vendor_is_asked_again_and_given_up(world: JiraWorld) -> None:
    native = await world.create("Steady.")
    before = await world.reader.fetch(native)
    await world.control("PUT", "faults", {"rate_limited": 0.2, "unavailable": 0.2, "html_instead_of_json": 0.1, "retry_after_seconds": 0})
    try:
        assert await world.reader.fetch(native) == before
        await world.control("PUT", "faults", {"unavailable": 1})
        with pytest.raises(ApiUnavailableError):
            await world.reader.fetch(native)
    finally:
        await world.control("PUT", "faults", {})


async def test_a_registered_webhook_is_signed_and_can_be_removed(world: JiraWorld) -> None:
    async with receiver(world) as hook:
        made = await webhooks.register(world.source, world.api, hook, SECRET)
        assert (made.url, "jira:issue_updated" in made.events) == (hook, True)
        native = await world.create("Told.")
        hints = {hint.id for delivery in await world.deliveries() for hint in verify(delivery, [SECRET.encode()])}
        assert hints == {native}
        await webhooks.remove(world.source, world.api, made.id)
        await webhooks.remove(world.source, world.api, made.id)
        await world.edit(native, "Untold.")
        assert len(await world.deliveries()) == 1


async def test_registered_webhooks_are_listed_by_the_sources_name(world: JiraWorld) -> None:
    made = await webhooks.register(world.source, world.api, "http://127.0.0.1:1/hook", SECRET)
    try:
        assert made in await webhooks.registered(world.source, world.api)
    finally:
        await webhooks.remove(world.source, world.api, made.id)
