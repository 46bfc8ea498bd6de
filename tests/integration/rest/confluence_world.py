"""A Confluence in a process of its own, with a seed, a receiver of its webhooks, and the reader that is tested, over the real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import orjson

from connectors.rest.http_api import HttpApi
from contracts.sources.rest import ConfluenceSource, Credentials
from rest_sources import confluence
from rest_sources.confluence.webhooks import EVENTS
from rest_sources.delivery import Delivery
from rest_sources.source import Account, Draft, Fetched, Reader
from tests.rest_kit.kit import objects, pages
from tests.rest_kit.vendor import SmallPages, TextFiles, login, receiving, vendor_process
from tests.rest_kit.world import Containers, World

SECRET = "test-secret-of-a-confluence-webhook"
EditionName = Literal["cloud", "datacenter"]


def confluence_process(edition: EditionName) -> AbstractContextManager[str]:
    """Its address, once it listens."""
    return vendor_process("examples.vendors.confluence", "--edition", edition, "--events", "automation", "--speed", "1000")


def user(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"acc-{name}", "name": name, "display_name": name.title(), "email": f"{name}@example.com", "token": f"test-token-{name}", **more}


def _login(edition: EditionName, name: str) -> httpx.Auth:
    return login(f"{name}@example.com", f"test-token-{name}", basic=edition == "cloud")


@dataclass
class ConfluenceWorld(World):
    url: str
    edition: EditionName
    source: ConfluenceSource
    reader: Reader
    api: HttpApi
    client: httpx.AsyncClient
    got: list[Delivery] = field(default_factory=list)
    type = confluence.TYPE
    secret: bytes = SECRET.encode()
    space = "KIT"
    restricted_to: tuple[str, ...] = ("user:acc-ann",)

    @property
    def containers(self) -> Containers:  # type: ignore[override]
        """An automation rule has no trigger for a space's permissions."""
        return "untold" if self.cloud else "told"

    @property
    def identified(self) -> bool:  # type: ignore[override]
        """A rule sends what its author wrote."""
        return not self.cloud

    @property
    def cloud(self) -> bool:
        return self.edition == "cloud"

    @property
    def v1(self) -> str:
        return "/wiki/rest/api" if self.cloud else "/rest/api"

    async def ask(self, method: str, path: str, body: object = None, who: str = "integration", **more: Any) -> Any:
        answer = await self.client.request(method, path, json=body, auth=_login(self.edition, who), **more)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def control(self, method: str, path: str, body: object = None) -> Any:
        return await self.ask(method, f"/_control/{path}", body)

    async def seed(self, **form: Any) -> list[str]:
        return [f"content/{number}" for number in (await self.control("POST", "seed", form))["content"]]

    async def create(self, *texts: str, **more: Any) -> str:
        native = await self._page(texts[0], **more)
        for text in texts[1:]:
            await self.comment(native, text)
        return native

    async def _page(self, text: str, **more: Any) -> str:
        title = f"Page {time.monotonic_ns()}"
        if self.cloud:
            space = (await self.ask("GET", f"/wiki/api/v2/spaces?keys={self.space}"))["results"][0]["id"]
            body = {"representation": "storage", "value": f"<p>{text}</p>"}
            made = await self.ask("POST", "/wiki/api/v2/pages", {"spaceId": space, "status": "current", "title": title, "body": body, **more})
        else:
            body = {"storage": {"value": f"<p>{text}</p>", "representation": "storage"}}
            made = await self.ask("POST", "/rest/api/content", {"type": "page", "title": title, "space": {"key": self.space}, "body": body, **more})
        return f"content/{made['id']}"

    async def edit(self, native: str, text: str) -> None:
        number = native.partition("/")[2]
        if self.cloud:
            now = await self.ask("GET", f"/wiki/api/v2/pages/{number}")
            body = {"representation": "storage", "value": f"<p>{text}</p>"}
            form = {"id": number, "status": "current", "title": now["title"], "body": body, "version": {"number": now["version"]["number"] + 1}}
            await self.ask("PUT", f"/wiki/api/v2/pages/{number}", form)
        else:
            now = await self.ask("GET", f"/rest/api/content/{number}?expand=version")
            body = {"storage": {"value": f"<p>{text}</p>", "representation": "storage"}}
            form = {"type": "page", "title": now["title"], "body": body, "version": {"number": now["version"]["number"] + 1}}
            await self.ask("PUT", f"/rest/api/content/{number}", form)

    async def comment(self, native: str, text: str, parent: str = "") -> str:
        number = native.partition("/")[2]
        if self.cloud:
            on = {"parentCommentId": parent} if parent else {"pageId": number}
            body = {"representation": "storage", "value": f"<p>{text}</p>"}
            return str((await self.ask("POST", "/wiki/api/v2/footer-comments", {**on, "body": body}))["id"])
        form: dict[str, Any] = {
            "type": "comment",
            "container": {"id": number, "type": "page"},
            "body": {"storage": {"value": f"<p>{text}</p>", "representation": "storage"}},
        }
        if parent:
            form["ancestors"] = [{"id": parent}]
        return str((await self.ask("POST", "/rest/api/content", form))["id"])

    async def label(self, native: str, name: str) -> None:
        await self.ask("POST", f"{self.v1}/{native}/label", [{"prefix": "global", "name": name}])

    async def attach(self, native: str, name: str, content: bytes, media_type: str = "text/plain") -> str:
        files = {"file": (name, content, media_type)}
        answer = await self.client.post(
            f"{self.v1}/{native}/child/attachment", files=files, headers={"X-Atlassian-Token": "nocheck"}, auth=_login(self.edition, "integration")
        )
        assert answer.status_code == 200, answer.text
        number = answer.json()["results"][0]["id"]
        return f"content/{number if self.cloud else number.removeprefix('att')}"

    async def move(self, native: str, under: str) -> None:
        await self.ask("PUT", f"{self.v1}/{native}/move/append/{under.partition('/')[2]}")

    async def delete(self, native: str) -> None:
        await self.ask("DELETE", f"/wiki/api/v2/pages/{native.partition('/')[2]}" if self.cloud else f"/rest/api/{native}")

    async def restrict(self, native: str, names: Iterable[str] | None = None) -> None:
        """To these; to nobody but the one who may see everything otherwise. None of them lifts it."""
        named = [name.partition(":") for name in (self.restricted_to if names is None else names)]
        users = [{"accountId" if self.cloud else "userKey": identifier, "type": "known"} for kind, _, identifier in named if kind == "user"]
        groups = [{"id" if self.cloud else "name": identifier, "type": "group"} for kind, _, identifier in named if kind == "group"]
        form = [{"operation": "read", "restrictions": {"user": users, "group": groups}}]
        await self.ask("PUT", f"{self.v1}/{native}/restriction", form)

    async def container(self, native: str) -> str:
        """All are in one space."""
        return f"space/{self.space}"

    async def close(self, container: str) -> None:
        """For fewer of those who are in the group."""
        if self.cloud:
            await self.seed(spaces=[{"key": self.space, "read": ["user:acc-ann", "user:acc-integration"]}])
            return
        reading = [{"operationKey": "read", "targetType": "space"}]
        await self.ask("POST", f"{self.v1}/{container}/permissions", [{"userKey": "acc-ann", "operations": reading}, {"groupName": "staff", "operations": []}])

    async def drop(self, container: str) -> None:
        await self.ask("DELETE", f"{self.v1}/{container}")

    async def member(self, name: str, group: str, *, present: bool) -> None:
        """``group`` by id on Cloud, by name on Data Center."""
        if not self.cloud:
            await self.ask("PUT" if present else "DELETE", f"/rest/api/user/{name}/group/{group}")
        elif present:
            await self.ask("POST", f"{self.v1}/group/userByGroupId?groupId={group}", {"accountId": f"acc-{name}"})
        else:
            await self.ask("DELETE", f"{self.v1}/group/userByGroupId?groupId={group}&accountId=acc-{name}")

    async def readers(self, native: str) -> frozenset[str]:
        number = native.partition("/")[2]
        return frozenset(account for account, seen in (await self.visible()).items() if self.wire(number) in seen)

    def wire(self, number: str) -> str:
        """Without «att», which the server writes in both editions."""
        return number.removeprefix("att")

    async def visible(self) -> dict[str, set[str]]:
        """Account id → ids of the content that the vendor's own rules show it."""
        people = (await self.ask("GET", f"{self.v1}/search/user?cql=type=user&limit=200" if self.cloud else "/rest/api/user/list?limit=200"))["results"]
        ids = [person["user"]["accountId"] if self.cloud else person["userKey"] for person in people]
        found = await asyncio.gather(*(self.control("GET", f"visible?user={account}") for account in ids))
        return {account: {self.wire(number) for number in answer["ids"]} for account, answer in zip(ids, found, strict=True)}

    async def deliveries(self) -> Sequence[Delivery]:
        assert (await self.control("GET", "deliveries?wait=5"))["settled"]
        return self.got

    async def accounts(self) -> list[Account]:
        return [account async for account in self.reader.accounts()]

    async def listed(self) -> dict[str, str]:
        return objects(await pages(self.reader.listing("")))

    async def below(self, native: str) -> list[str]:
        return [found async for found in self.reader.below(native)]

    async def draft(self, native: str) -> Draft:
        return self.drafts(await self.reader.fetch(native))[native]

    def drafts(self, fetched: Fetched) -> dict[str, Draft]:
        return {native: self.type.draft(self.source, native, orjson.loads(orjson.dumps(record))) for native, record in fetched.records.items()}

    async def register(self, receiver: str) -> None:
        if self.cloud:
            await self.control("PUT", "automation", {"url": receiver, "token": SECRET})
        else:
            await self.ask(
                "POST", "/rest/api/webhooks", {"name": "ours", "url": receiver, "events": EVENTS, "configuration": {"secret": SECRET}, "active": True}
            )


KIT_SEED: Mapping[str, Any] = {
    "users": [user("integration", admin=True), *(user(name) for name in ("ann", "bob", "cat")), user("gone", active=False)],
    "groups": [{"id": "staff", "name": "staff", "members": ["acc-integration", "acc-ann", "acc-bob", "acc-gone"]}],
    "spaces": [{"key": "KIT", "name": "Kit", "read": ["group:staff"]}],
    "admin_key": True,
}


def source_at(url: str, edition: EditionName, **more: Any) -> ConfluenceSource:
    credentials = Credentials(user="integration@example.com" if edition == "cloud" else "", token="env:WIKI_TOKEN")
    return ConfluenceSource(name="wiki", type="confluence", url=url, edition=edition, credentials=credentials, tenant="acme", **more)


@asynccontextmanager
async def confluence_world(url: str, edition: EditionName, *, small_pages: bool = False, **more: Any) -> AsyncIterator[ConfluenceWorld]:
    source = source_at(url, edition, **more)
    api = HttpApi(url, _login(edition, "integration"), patience_seconds=5, first_wait_seconds=0.01)
    async with api, httpx.AsyncClient(base_url=url, timeout=30) as client:
        asked = SmallPages(api, ("limit",)) if small_pages else api
        yield ConfluenceWorld(url, edition, source, confluence.TYPE.reader(source, asked, TextFiles(asked)), api, client)


def receiver(world: ConfluenceWorld) -> AbstractAsyncContextManager[str]:
    return receiving(world.got)
