"""A Zendesk account for tests: the vendor's test server in its own process, asked over HTTP as an admin would, and the real client behind the source."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.rest.http_api import HttpApi
from contracts.sources.rest import Credentials, ZendeskSource
from rest_sources import zendesk
from rest_sources.delivery import Delivery
from rest_sources.registry import SourceType
from rest_sources.source import Reader
from rest_sources.zendesk.webhooks import Registered, register, remove
from tests.rest_kit.vendor import SmallPages, TextFiles, receiving, vendor_process
from tests.rest_kit.world import Containers, World

AUTH = httpx.BasicAuth("integration@example.com/token", "test-token")
SECTION = 61


def served(export_lag_seconds: float = 0.0) -> AbstractContextManager[str]:
    """The address of a new account."""
    return vendor_process("examples.vendors.zendesk", "--speed", "1000", "--export-lag", str(export_lag_seconds))


def declared(url: str, **more: Any) -> ZendeskSource:
    return ZendeskSource(
        name="desk", type="zendesk", url=url, credentials=Credentials(user="integration@example.com/token", token="env:TOKEN"), tenant="acme", **more
    )


@dataclass
class ZendeskWorld(World):
    """``create`` makes tickets, or articles."""

    source: ZendeskSource
    reader: Reader
    client: httpx.AsyncClient
    webhook: Registered
    kind: str
    got: list[Delivery]
    secret: bytes
    type: SourceType = zendesk.TYPE
    containers: Containers = "none"

    @property
    def small_changes(self) -> bool:  # type: ignore[override]
        """A page of the article export holds whole seconds, up to 1,000 articles, and here all are of one second."""
        return self.kind == "ticket"

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        response = await self.client.request(method, path, json=body)
        assert response.status_code < 300, (path, response.status_code, response.text)
        return response.json() if response.content else None

    async def create(self, *texts: str) -> str:
        if self.kind == "ticket":
            made = await self.ask("POST", "/api/v2/tickets", {"ticket": {"subject": "Question", "comment": {"body": texts[0]}}})
            for text in texts[1:]:
                await self.ask("PUT", f"/api/v2/tickets/{made['ticket']['id']}", {"ticket": {"comment": {"body": text}}})
            return f"ticket/{made['ticket']['id']}"
        form = {"title": "Answer", "body": "".join(f"<p>{text}</p>" for text in texts)}
        made = await self.ask("POST", f"/api/v2/help_center/sections/{SECTION}/articles", {"article": form})
        return f"article/{made['article']['id']}"

    async def edit(self, native: str, text: str) -> None:
        """A ticket's texts are added to. Its stamp counts whole seconds, so that of the change before must be over."""
        number = native.partition("/")[2]
        if self.kind == "article":
            await self.ask("PUT", f"/api/v2/help_center/articles/{number}/translations/en-us", {"translation": {"body": f"<p>{text}</p>"}})
            return
        changed = (await self.ask("GET", f"/api/v2/tickets/{number}"))["ticket"]["generated_timestamp"]
        while int(time.time()) <= changed:  # noqa: ASYNC110  # a time is awaited
            await asyncio.sleep(0.02)
        await self.ask("PUT", f"/api/v2/tickets/{number}", {"ticket": {"comment": {"body": text}}})

    async def delete(self, native: str) -> None:
        number = native.partition("/")[2]
        await self.ask("DELETE", f"/api/v2/tickets/{number}" if self.kind == "ticket" else f"/api/v2/help_center/articles/{number}")

    async def restrict(self, native: str) -> None:
        number = native.partition("/")[2]
        if self.kind == "ticket":
            private = await self.ask("POST", "/api/v2/groups", {"group": {"name": "Private", "is_public": False}})
            await self.ask("PUT", f"/api/v2/tickets/{number}", {"ticket": {"group_id": private["group"]["id"]}})
        else:
            staff = await self.ask("POST", "/api/v2/help_center/user_segments", {"user_segment": {"name": "Staff", "user_type": "staff"}})
            await self.ask("PUT", f"/api/v2/help_center/articles/{number}", {"article": {"user_segment_id": staff["user_segment"]["id"]}})

    async def readers(self, native: str) -> frozenset[str]:
        seen = {str(user): await self.visible(user) for user in await self.people()}
        return frozenset(user for user, what in seen.items() if native in what)

    async def people(self) -> list[int]:
        """Those who can sign in."""
        users = (await self.ask("GET", "/api/v2/users?per_page=100"))["users"]
        return [user["id"] for user in users if not user["suspended"]]

    async def visible(self, user: int | None) -> set[str]:
        """Native ids of what the vendor's own rules show to a user, or to a visitor."""
        found = await self.ask("GET", f"/_control/visible{'' if user is None else f'?user={user}'}")
        return {f"ticket/{number}" for number in found["tickets"]} | {f"article/{number}" for number in found["articles"]}

    async def deliveries(self) -> Sequence[Delivery]:
        assert (await self.ask("GET", "/_control/deliveries?wait=5"))["settled"]
        return self.got


@asynccontextmanager
async def opened(url: str, kind: str, *, small_pages: bool = False, **declaration: Any) -> AsyncIterator[ZendeskWorld]:
    """The world of an account, with a webhook that ends with it."""
    got: list[Delivery] = []
    source = declared(url, **declaration)
    async with (
        receiving(got) as hook,
        HttpApi(url, AUTH, patience_seconds=20, first_wait_seconds=0.01) as api,
        httpx.AsyncClient(base_url=url, auth=AUTH) as client,
    ):
        webhook = await register(source, api, hook)
        asked = SmallPages(api, ("page[size]", "per_page"), {"/api/v2/incremental/": "per_page"}) if small_pages else api
        yield ZendeskWorld(source, zendesk.TYPE.reader(source, asked, TextFiles(asked)), client, webhook, kind, got, webhook.secret.encode())
        await remove(source, api, webhook.id)


async def seed(url: str, form: Mapping[str, object]) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        response = await client.post("/_control/seed", json=form)
        assert response.status_code == 200, response.text
