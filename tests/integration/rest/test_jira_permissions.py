"""59 people times 510 issues: who may read each document is compared with the vendor's own answers, before and after every kind of change that no webhook tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest

from rest_sources.source import Fetched
from tests.integration.rest.jira_population import GROUPS, ISSUES, USERS, population
from tests.integration.rest.jira_world import EditionName, JiraWorld, jira_process, jira_world

SEED = population(7)


@pytest.fixture(scope="module", params=["cloud", "datacenter"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, EditionName, dict[str, Any]]]:
    with jira_process(request.param) as url:
        yield url, request.param, httpx.post(f"{url}/_control/seed", json=SEED, timeout=60).raise_for_status().json()


@pytest.fixture
async def world(server: tuple[str, EditionName, dict[str, Any]]) -> AsyncIterator[JiraWorld]:
    async with jira_world(*server) as made:
        yield made


class Copy:
    """What a collector would hold: documents, fetched again only where a container's access has changed, or a webhook has named the issue."""

    def __init__(self, world: JiraWorld) -> None:
        self.world = world
        self.fetched: dict[str, Fetched] = {}
        self.access: dict[str, str] = {}

    async def look(self, *named: str) -> set[str]:
        """Containers whose access has changed."""
        reader = self.world.reader
        changed = set()
        stale = set(named)
        async for container in reader.containers():
            access = (await reader.fetch(container)).access
            if access != self.access.get(container):
                self.access[container] = access
                changed.add(container)
                stale |= {native async for native in reader.below(container)}
        wanted = sorted(stale)
        found = await asyncio.gather(*(reader.fetch(native) for native in wanted))
        self.fetched |= dict(zip(wanted, found, strict=True))
        return changed

    async def readers(self) -> tuple[dict[str, set[str]], dict[str, set[str]], set[str]]:
        """Account → issues that it reads, account → issues with a restricted comment that it reads, and issues that are public."""
        allowed = {native: set(draft.allowed) for fetched in self.fetched.values() for native, draft in self.world.drafts(fetched).items()}
        whole: dict[str, set[str]] = {}
        restricted: dict[str, set[str]] = {}
        for account in await self.world.accounts():
            read = {native for native, principals in allowed.items() if principals & account.principals}
            whole[account.id] = {native.split("/")[1] for native in read if native.count("/") == 1}
            restricted[account.id] = {native.split("/")[1] for native in read if "/restricted/" in native}
        return whole, restricted, {native.split("/")[1] for native, principals in allowed.items() if "public" in principals and native.count("/") == 1}


async def vendors(world: JiraWorld) -> tuple[dict[str, set[str]], set[str]]:
    users = ["root", *USERS]
    answers = await asyncio.gather(*(world.control("GET", f"visible?user={user}") for user in [*users, "anonymous"]))
    seen = {await world.account_id(user): set(answer["ids"]) for user, answer in zip(users, answers, strict=False)}
    return seen, set(answers[-1]["ids"])


async def same(world: JiraWorld, copy: Copy, dark: frozenset[str]) -> None:
    """Not one difference. ``dark`` are issues that Data Center says too little of: nobody reads those."""
    whole, _, public = await copy.readers()
    seen, seen_by_anyone = await vendors(world)
    assert public == seen_by_anyone - dark
    for account, ids in seen.items():
        assert whole.get(account, set()) == ids - dark, account


def secured(world: JiraWorld) -> frozenset[str]:
    if world.cloud:
        return frozenset()
    return frozenset(str(number) for number, issue in zip(world.seeded["issues"], SEED["issues"], strict=True) if issue["security"])


async def restricted_comments(world: JiraWorld, user: str, numbers: list[str]) -> set[str]:
    """Issues whose restricted comment the vendor shows this person, asked over REST as that person."""

    async def shown(number: str) -> Mapping[str, Any]:
        version = 3 if world.cloud else 2
        auth: dict[str, Any] = {"auth": (f"{user}@example.com", f"{user}-token")} if world.cloud else {"headers": {"Authorization": f"Bearer {user}-token"}}
        answer = await world.client.get(f"/rest/api/{version}/issue/{number}/comment", **auth)
        found: Mapping[str, Any] = answer.json() if answer.status_code == 200 else {"comments": []}
        return found

    answers = await asyncio.gather(*(shown(number) for number in numbers))
    return {number for number, answer in zip(numbers, answers, strict=True) if any("visibility" in comment for comment in answer["comments"])}


def groups_of(user: str) -> int:
    """Who leaves the last group has no access to Jira any more, which the test server does not know: nobody does here."""
    return sum(user in group["members"] for group in SEED["groups"])


async def change_everything(world: JiraWorld) -> set[str]:
    """Grants, actors, members of groups and levels, the lead, and one issue's own fields; ids of issues that a webhook names."""
    for number, group in enumerate(GROUPS[:6]):
        who = USERS[number * 7]
        await world.ask("POST", f"group/user?groupname={group}", {"accountId" if world.cloud else "name": who})
        leaving = next(name for name in SEED["groups"][number + 1]["members"] if name != "root" and groups_of(name) > 2)
        await world.ask("DELETE", f"group/user?groupname={group}&{'accountId' if world.cloud else 'username'}={leaving}")
    roles, schemes = world.seeded["roles"], world.seeded["permissionSchemes"]
    for project in ("PR1", "PR2", "PR3", "PR6"):
        await world.ask("POST", f"project/{project}/role/{roles['Testers']}", {"user": [USERS[3]], "group": [GROUPS[7]]})
        await world.ask("DELETE", f"project/{project}/role/{roles['Developers']}?group={GROUPS[0]}")
        await world.ask("PUT", f"project/{project}", {"leadAccountId": USERS[40], "lead": USERS[40]})
    await world.ask(
        "POST", f"permissionscheme/{schemes['P1']}/permission", {"permission": "BROWSE_PROJECTS", "holder": {"type": "group", "parameter": GROUPS[9]}}
    )
    await world.ask("PUT", "project/PR5/permissionscheme", {"id": schemes["P7"]})
    if world.cloud:
        scheme, level = world.seeded["securitySchemes"]["S1"], world.seeded["securityLevels"]["S1L1"]
        await world.ask("PUT", f"issuesecurityschemes/{scheme}/level/{level}/member", {"members": [{"type": "group", "parameter": GROUPS[10]}]})
    issue = str(world.seeded["issues"][4])
    person = {"accountId" if world.cloud else "name": USERS[21]}
    await world.ask("PUT", f"issue/{issue}", {"fields": {"reporter": person, "assignee": person}})
    return {f"issue/{issue}"}


async def test_nobody_reads_more_or_less_than_the_vendor_shows(world: JiraWorld) -> None:
    copy, dark = Copy(world), secured(world)
    await copy.look()
    assert len(copy.fetched) >= 500
    assert len(await world.accounts()) >= 50
    assert len(copy.fetched) == ISSUES
    await same(world, copy, dark)
    whole, restricted, _ = await copy.readers()
    parts = sorted(native.split("/")[1] for fetched in copy.fetched.values() for native in fetched.records if "/restricted/" in native)
    for user in USERS[::6]:
        account = await world.account_id(user)
        if account in whole:
            assert restricted[account] == await restricted_comments(world, user, parts) - dark, user

    named = await change_everything(world)
    changed = await copy.look(*named)
    assert changed
    assert changed != copy.access.keys()
    await same(world, copy, dark)

    await world.ask("POST", f"group/user?groupname={GROUPS[11]}", {"accountId" if world.cloud else "name": USERS[1]})
    assert not await copy.look(), "who is in a group is in no document"
    await same(world, copy, dark)


async def test_what_a_level_hides_on_data_center_is_said(world: JiraWorld) -> None:
    for number in sorted(secured(world))[:3]:
        fetched = await world.reader.fetch(f"issue/{number}")
        record = fetched.records[f"issue/{number}"]
        assert record["readers"] == []
        assert record["untold"] == ["Jira does not say who is in the issue's security level."]
