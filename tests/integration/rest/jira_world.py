"""A Jira in a process of its own, with a seed, a receiver of its webhooks, and the reader that is tested, over the real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from connectors.rest.http_api import HttpApi
from contracts.sources.rest import Credentials, JiraSource
from rest_sources import jira
from rest_sources.delivery import Delivery
from rest_sources.source import Account, Draft, Fetched, Reader
from tests.rest_kit.vendor import SmallPages, TextFiles, login, receiving, vendor_process
from tests.rest_kit.world import Containers, World

SECRET = "test-secret-of-a-jira-webhook"
EditionName = Literal["cloud", "datacenter"]


def jira_process(edition: EditionName) -> AbstractContextManager[str]:
    """Its address, once it listens."""
    return vendor_process("examples.vendors.jira", "--edition", edition, "--speed", "100000")


def document(text: str) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]}


@dataclass
class JiraWorld(World):
    """Permission schemes, roles and groups have no events."""

    url: str
    edition: EditionName
    reader: Reader
    api: HttpApi
    source: JiraSource
    client: httpx.AsyncClient
    seeded: dict[str, Any]
    got: list[Delivery] = field(default_factory=list)
    type = jira.TYPE
    secret: bytes = SECRET.encode()
    containers: Containers = "untold"
    project = "KIT"

    @property
    def cloud(self) -> bool:
        return self.edition == "cloud"

    async def ask(self, method: str, path: str, body: object = None, user: str = "root", **more: Any) -> Any:
        """As this person; ``path`` below the version's, or from the root."""
        auth: dict[str, Any] = {"auth": (f"{user}@example.com", f"{user}-token")} if self.cloud else {"headers": {"Authorization": f"Bearer {user}-token"}}
        whole = path if path.startswith("/") else f"/rest/api/{3 if self.cloud else 2}/{path}"
        answer = await self.client.request(method, whole, json=body, **auth, **more)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def control(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.client.request(method, f"/_control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def text(self, text: str) -> Any:
        return document(text) if self.cloud else text

    async def create(self, *texts: str) -> str:
        fields = {"project": {"key": self.project}, "summary": "Made by the test", "issuetype": {"name": "Task"}, "description": self.text(texts[0])}
        native = f"issue/{(await self.ask('POST', 'issue', {'fields': fields}))['id']}"
        for text in texts[1:]:
            await self.ask("POST", f"{native}/comment", {"body": self.text(text)})
        return native

    async def edit(self, native: str, text: str) -> None:
        await self.ask("PUT", native, {"fields": {"description": self.text(text)}})

    async def delete(self, native: str) -> None:
        await self.ask("DELETE", native)

    async def restrict(self, native: str) -> None:
        """On Cloud by a security level; on Data Center, which does not tell a level's members, by taking a group out of the role that browses."""
        if self.cloud:
            await self.ask("PUT", native, {"fields": {"security": {"id": str(self.seeded["securityLevels"]["KitBoard"])}}})
        else:
            await self.close(await self.container(native))

    async def container(self, native: str) -> str:
        return f"project/{(await self.ask('GET', native))['fields']['project']['id']}"

    async def close(self, container: str) -> None:
        await self.ask("DELETE", f"{container}/role/{self.seeded['roles']['KitReaders']}?group=guests")

    async def drop(self, container: str) -> None:
        await self.ask("DELETE", f"{container}?enableUndo=false")

    async def projects(self) -> list[str]:
        """Ids."""
        found = await self.ask("GET", "project/search" if self.cloud else "project")
        return [project["id"] for project in (found["values"] if self.cloud else found)]

    async def readers(self, native: str) -> frozenset[str]:
        number = native.partition("/")[2]
        return frozenset(name for name, seen in (await self.visible()).items() if number in seen)

    async def visible(self) -> dict[str, set[str]]:
        """Account id → ids of the issues that the vendor shows that account."""
        users = [user["id"] for user in SEED["users"]]
        answers = await asyncio.gather(*(self.control("GET", f"visible?user={user}") for user in users))
        return {await self.account_id(user): set(answer["ids"]) for user, answer in zip(users, answers, strict=True)}

    async def account_id(self, user: str) -> str:
        if self.cloud:
            return user
        key: str = (await self.ask("GET", f"user?username={user}"))["key"]
        return key

    async def deliveries(self) -> Sequence[Delivery]:
        assert (await self.control("GET", "deliveries?wait=5"))["settled"]
        return self.got

    async def accounts(self) -> list[Account]:
        return [account async for account in self.reader.accounts()]

    def drafts(self, fetched: Fetched) -> dict[str, Draft]:
        return {native: self.type.draft(self.source, native, record) for native, record in fetched.records.items()}

    async def register(self, receiver: str) -> None:
        path = "/rest/webhooks/1.0/webhook" if self.cloud else "/rest/jira-webhook/1.0/webhooks"
        events = [*(f"jira:issue_{verb}" for verb in ("created", "updated", "deleted")), *(f"comment_{verb}" for verb in ("created", "updated", "deleted"))]
        secret = {"secret": SECRET} if self.cloud else {"configuration": {"SECRET": SECRET}}
        await self.ask("POST", path, {"name": "ours", "url": receiver, "events": events, **secret})


SEED: dict[str, Any] = {
    "users": [{"id": name, "name": name.title(), "mail": f"{name}@example.com"} for name in ("root", "ann", "bob", "cat", "dan")],
    "groups": [
        {"name": "jira-administrators", "members": ["root"]},
        {"name": "staff", "members": ["root", "ann", "bob"]},
        {"name": "board", "members": ["root", "ann"]},
        {"name": "guests", "members": ["cat", "dan", "ann"]},
    ],
    "permissionSchemes": [
        {
            "name": "Kit",
            "grants": [
                {"permission": "ALL", "type": "group", "parameter": "jira-administrators"},
                {"permission": "BROWSE_PROJECTS", "type": "projectRole", "parameter": "KitReaders"},
                {"permission": "BROWSE_PROJECTS", "type": "reporter"},
            ],
        }
    ],
    "securitySchemes": [{"name": "KitLevels", "levels": [{"name": "KitBoard", "members": [{"type": "group", "parameter": "board"}, {"type": "reporter"}]}]}],
    "projects": [
        {
            "key": "KIT",
            "name": "Kit",
            "lead": "root",
            "permissionScheme": "Kit",
            "securityScheme": "KitLevels",
            "actors": {"KitReaders": {"users": ["dan"], "groups": ["staff", "guests"]}},
        }
    ],
}


def source_at(url: str, edition: EditionName, **more: Any) -> JiraSource:
    return JiraSource(name="jira", type="jira", url=url, edition=edition, credentials=Credentials(user="", token="env:JIRA_TOKEN"), tenant="acme", **more)


def auth_of(edition: EditionName, user: str = "root") -> httpx.Auth:
    return login(f"{user}@example.com", f"{user}-token", basic=edition == "cloud")


@asynccontextmanager
async def jira_world(url: str, edition: EditionName, seeded: dict[str, Any], *, small_pages: bool = False, **more: Any) -> AsyncIterator[JiraWorld]:
    source = source_at(url, edition, **more)
    api = HttpApi(url, auth_of(edition), patience_seconds=1.5, first_wait_seconds=0.01)
    async with api, httpx.AsyncClient(base_url=url, timeout=30) as client:
        asked = SmallPages(api, ("maxResults",), whole=("groups/picker",)) if small_pages else api
        yield JiraWorld(url, edition, jira.TYPE.reader(source, asked, TextFiles(asked)), api, source, client, seeded)


def receiver(world: JiraWorld) -> AbstractAsyncContextManager[str]:
    return receiving(world.got)
