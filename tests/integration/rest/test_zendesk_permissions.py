"""Who reads what: our principals against the vendor's own rules, for every account and every object, before and after everything that permissions depend on was changed.

The documents are drafted once and not again when only people, groups, organizations, roles or segments change: that is what the principals promise.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from rest_sources import zendesk
from rest_sources.source import parent_of
from tests.integration.rest.zendesk_world import SECTION, ZendeskWorld, opened, seed, served
from tests.rest_kit.kit import objects, pages

GROUPS = {11: True, 12: False, 13: True, 14: False}
ORGANIZATIONS = {21: True, 22: False, 23: False}
ROLES = {81: "all", 82: "within-groups", 83: "within-groups-and-public-groups", 84: "within-organization", 85: "assigned-only"}
AGENTS, CUSTOMERS = range(100, 130), range(200, 232)
SEGMENTS = range(41, 50)
TICKETS, ARTICLES = range(1, 421), range(5001, 5101)


def some(dice: random.Random, pool: Any, most: int) -> list[int]:
    return dice.sample(list(pool), dice.randint(0, most))


def agent(dice: random.Random, number: int) -> dict[str, Any]:
    restrictions = (None, "groups", "organization", "assigned", None)
    return {
        "id": number,
        "name": f"Agent {number}",
        "email": f"a{number}@example.com",
        "role": "admin" if number == 100 else "agent",
        "ticket_restriction": restrictions[number % 5],
        "custom_role_id": 81 + number % 5 if number >= 115 else None,
        "group_ids": some(dice, GROUPS, 3),
        "organization_ids": some(dice, ORGANIZATIONS, 2),
        "tags": some_tags(dice),
        "suspended": number == 129,
    }


def some_tags(dice: random.Random) -> list[str]:
    return dice.sample(["vip", "beta", "gold"], dice.randint(0, 2))


def customer(dice: random.Random, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Customer {number}",
        "email": f"c{number}@example.com",
        "ticket_restriction": ("requested", "organization", None)[number % 3],
        "organization_ids": some(dice, ORGANIZATIONS, 2),
        "tags": some_tags(dice),
        "suspended": number == 231,
    }


def ticket(dice: random.Random, number: int) -> dict[str, Any]:
    people = [*AGENTS, *CUSTOMERS]
    requester = dice.choice(people)
    publics = [dice.random() < 0.7 for _ in range(dice.randint(1, 3))]
    return {
        "id": number,
        "subject": f"Ticket {number}",
        "requester_id": requester,
        "assignee_id": dice.choice([None, *AGENTS]),
        "group_id": dice.choice([None, *GROUPS]),
        "organization_id": dice.choice([None, *ORGANIZATIONS]),
        "email_cc_ids": some(dice, people, 2),
        "follower_ids": some(dice, AGENTS, 2),
        "archived": number % 50 == 0,
        "comments": [{"body": f"{number}.{place}", "public": public, "author_id": requester} for place, public in enumerate(publics)],
    }


def article(dice: random.Random, number: int) -> dict[str, Any]:
    form = {"id": number, "section_id": SECTION, "title": f"Article {number}", "body": "<p>Text</p>", "draft": dice.random() < 0.1}
    return {**form, "user_segment_ids": some(dice, SEGMENTS, 2), "author_id": dice.choice([100, 101])}


def account() -> dict[str, Any]:
    dice = random.Random(7)
    shapes: list[dict[str, Any]] = [
        {},
        {"user_type": "staff"},
        {"tags": ["vip"]},
        {"or_tags": ["beta", "gold"]},
        {"organization_ids": [21, 22]},
        {"user_type": "staff", "group_ids": [12, 13]},
        {"tags": ["vip", "gold"], "added_user_ids": [200, 201, 110]},
        {"user_type": "staff", "added_user_ids": [202]},
        {"organization_ids": [23], "or_tags": ["gold"]},
    ]
    return {
        "groups": [{"id": number, "name": f"G{number}", "is_public": public} for number, public in GROUPS.items()],
        "organizations": [{"id": number, "name": f"O{number}", "shared_tickets": shared} for number, shared in ORGANIZATIONS.items()],
        "custom_roles": [{"id": number, "name": access, "ticket_access": access} for number, access in ROLES.items()],
        "users": [*(agent(dice, number) for number in AGENTS), *(customer(dice, number) for number in CUSTOMERS)],
        "user_segments": [{"id": number, "name": f"S{number}", **shape} for number, shape in zip(SEGMENTS, shapes, strict=True)],
        "categories": [{"id": 51, "name": "Handbook"}],
        "sections": [{"id": SECTION, "name": "Faults", "category_id": 51}],
        "tickets": [ticket(dice, number) for number in TICKETS],
        "articles": [article(dice, number) for number in ARTICLES],
    }


@pytest.fixture
def url() -> Iterator[str]:
    with served() as address:
        yield address


async def allowed(world: ZendeskWorld, natives: Any) -> dict[str, frozenset[str]]:
    """Of each document, parts too."""
    found: dict[str, frozenset[str]] = {}
    for fetched in await asyncio.gather(*map(world.reader.fetch, natives)):
        for part, record in fetched.records.items():
            found[part] = frozenset(zendesk.TYPE.draft(world.source, part, orjson.loads(orjson.dumps(record))).allowed)
    return found


async def differences(world: ZendeskWorld, documents: dict[str, frozenset[str]]) -> list[tuple[str, str, bool]]:
    """(account, document, whether we let them) wherever the vendor says otherwise. Internal comments are for agents of those who see the ticket."""
    accounts = {account.id: account.principals async for account in world.reader.accounts()}
    users = (await world.ask("GET", "/api/v2/users?per_page=100"))["users"]
    staff = {str(user["id"]) for user in users if user["role"] != "end-user"}
    wrong: list[tuple[str, str, bool]] = []
    shown = await asyncio.gather(*(world.visible(each["id"]) for each in users))
    for user, seen in zip((str(each["id"]) for each in users), shown, strict=True):
        principals = accounts.get(user, frozenset({"public"}))  # a suspended user is a visitor
        for native, names in documents.items():
            vendor = parent_of(native) in seen and (not native.endswith("/internal") or user in staff)
            if vendor == principals.isdisjoint(names):
                wrong.append((user, native, not vendor))
    return wrong


async def change_everything_but_documents(world: ZendeskWorld) -> None:
    async def put(path: str, **body: Any) -> None:
        await world.ask("PUT", f"/api/v2/{path}", body)

    await put("groups/11", group={"is_public": False})
    await world.ask("DELETE", "/api/v2/groups/13")
    await put("organizations/22", organization={"shared_tickets": True})
    await put("organizations/21", organization={"shared_tickets": False})
    await put("users/101", user={"ticket_restriction": "assigned"})
    await put("users/102", user={"ticket_restriction": None})
    await put("users/103", user={"role": "admin"})
    await put("users/104", user={"role": "end-user"})
    await put("users/105", user={"suspended": True})
    await put("users/129", user={"suspended": False})
    await put("users/116", user={"custom_role_id": 85})
    await put("users/117", user={"custom_role_id": None})
    await put("users/200", user={"tags": ["vip", "gold"]})
    await put("users/203", user={"ticket_restriction": "organization"})
    await put("users/204", user={"role": "agent", "ticket_restriction": None})
    await world.ask("DELETE", "/api/v2/users/106")
    await put("help_center/user_segments/43", user_segment={"tags": ["beta"]})
    await put("help_center/user_segments/44", user_segment={"or_tags": [], "group_ids": [12]})
    await put("help_center/user_segments/47", user_segment={"added_user_ids": []})
    for path, name in (("group_memberships", "group_membership"), ("organization_memberships", "organization_membership")):
        there = (await world.ask("GET", f"/api/v2/{path}?per_page=100"))[path]
        for membership in there[::4]:
            await world.ask("DELETE", f"/api/v2/{path}/{membership['id']}")
        to = {"group_id": 14} if name == "group_membership" else {"organization_id": 23}
        for user in (107, 118, 125):
            await world.ask("POST", f"/api/v2/{path}", {name: {"user_id": user, **to}})


async def change_documents(world: ZendeskWorld) -> None:
    dice = random.Random(9)
    for number in dice.sample([each for each in TICKETS if each % 50], 40):
        people = [{"user_id": each, "action": "put"} for each in some(dice, CUSTOMERS, 2)]
        change = {"group_id": dice.choice([None, 11, 12, 14]), "organization_id": dice.choice([None, *ORGANIZATIONS]), "email_ccs": people}
        await world.ask("PUT", f"/api/v2/tickets/{number}", {"ticket": {**change, "assignee_id": dice.choice(AGENTS), "comment": {"body": "Moved"}}})
    for number in dice.sample(list(ARTICLES), 20):
        await world.ask("PUT", f"/api/v2/help_center/articles/{number}", {"article": {"user_segment_ids": some(dice, SEGMENTS, 2)}})


async def test_not_one_account_reads_more_or_less_than_the_vendor_shows_it(url: str) -> None:
    await seed(url, account())
    async with opened(url, "ticket") as world:
        listed = objects(await pages(world.reader.listing("")))
        documents = await allowed(world, listed)
        assert len(listed) >= 500
        assert len([native for native in documents if native.endswith("/internal")]) > 50
        assert await differences(world, documents) == []
        cursor = (await pages(world.reader.changed_since("")))[-1].cursor
        await change_everything_but_documents(world)
        changed = objects(await pages(world.reader.changed_since(cursor)))
        # Leaving a group or an organization changes tickets at the vendor: those are listed as changed, and only those are made anew.
        assert not await differences(world, {**documents, **await allowed(world, (native for native in changed if changed[native] != listed.get(native)))})
        await change_documents(world)
        assert not await differences(world, await allowed(world, objects(await pages(world.reader.listing("")))))


async def test_a_group_with_another_name_has_the_same_readers(url: str) -> None:
    await seed(url, account())
    async with opened(url, "ticket") as world:
        documents = await allowed(world, [f"ticket/{number}" for number in TICKETS[:60]])
        for number in GROUPS:
            await world.ask("PUT", f"/api/v2/groups/{number}", {"group": {"name": f"Renamed {number}"}})
        assert not await differences(world, documents)
        assert await allowed(world, [f"ticket/{number}" for number in TICKETS[:60]]) == documents


async def test_the_vendors_rest_answers_say_the_same(url: str) -> None:
    """A sample asked as the accounts themselves, since the test server's rules might not be what its routes do."""
    await seed(url, account())
    async with opened(url, "ticket") as world, httpx.AsyncClient(base_url=url) as anyone:
        principals = {account.id: account.principals async for account in world.reader.accounts()}
        documents = await allowed(world, [f"ticket/{number}" for number in TICKETS[:60]] + [f"article/{number}" for number in ARTICLES[:30]])
        for user, (native, names) in itertools.product([101, 102, 103, 117, 119, 205, 206, 207], documents.items()):
            if native.endswith("/internal"):
                continue
            kind, _, number = native.partition("/")
            path = f"/api/v2/requests/{number}" if kind == "ticket" else f"/api/v2/help_center/articles/{number}"
            answer = await anyone.get(path, headers={"Authorization": f"Bearer oauth-{user}"})
            assert (answer.status_code == 200) == bool(principals[str(user)] & names), (user, native)


async def test_a_sweep_of_what_did_not_change_has_the_stamps_of_the_fetches(url: str) -> None:
    await seed(url, {"generated": {"seed": 3, "users": 30, "groups": 4, "organizations": 4, "tickets": 1500, "articles": 250, "comments": 1}})
    async with opened(url, "ticket", attachments={"read": False}) as world:
        found = await pages(world.reader.listing(""))
        listed = objects(found)
        assert len(listed) > 1700
        assert [len(page.objects) for page in found[:2]] == [1000, 500]
        sample = random.Random(1).sample(sorted(listed), 60)
        for native, fetched in zip(sample, await asyncio.gather(*map(world.reader.fetch, sample)), strict=True):
            assert fetched.stamp == listed[native]
        assert objects(await pages(world.reader.listing(found[0].cursor))) == objects(found[1:])
