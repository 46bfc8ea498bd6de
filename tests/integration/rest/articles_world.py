"""The articles of ``articles_server`` as a custom source: the YAML that a company would write, and the kit's hands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from connectors.rest.credentials import SourceAuth
from connectors.rest.http_api import HttpApi
from contracts.sources import CustomSource, RestSource, parse_sources
from rest_sources.catalog import type_of
from rest_sources.delivery import Delivery
from rest_sources.registry import SourceType
from rest_sources.source import Reader
from tests.integration.rest.articles_server import TOKEN
from tests.rest_kit.vendor import TextFiles, receiving, vendor_process
from tests.rest_kit.world import Containers, World

SECRET = "articles-test-secret"
DECLARED = r"""
sources:
  - name: handbook
    type: custom
    url: env:HANDBOOK_URL
    credentials: {token: env:HANDBOOK_TOKEN}
    tenant: acme
    kind: article
    webhook:
      secret: env:HANDBOOK_SECRET
      signature:
        header: X-Articles-Signature
        algorithm: sha512
        encoding: base64
        prefix: "v1="
        timestamp_header: X-Articles-Time
        signed: "{timestamp}.{body}"
      id: $.article.id
      event: $.event
      delivery: $.delivery
    fetch: {url: "/api/articles/{id}", object: $.article, gone: [404, 418]}
    list: {url: "/api/articles?page={page}", items: $.articles, id: $.id, changed: $.updated_at}
    changed_since: {url: "/api/articles?updated_after={cursor}&page={page}"}
    accounts: {url: /api/people, items: $.values, id: $.login, mail: $.mail, principals: ["user:handbook/{id}", "group:handbook/{$.teams[*]}"]}
    document:
      title: "{$.title}"
      body: $.html
      format: html
      url: "https://handbook.example/articles/{id}"
      allowed: ["group:handbook/{$.team}", "user:handbook/{$.readers[*]}"]
      doc_type: article
      metadata: {team: $.team, tags: $.tags, label: "{$.team}/{$.status}"}
      where: {$.status: published}
"""


def served() -> AbstractContextManager[str]:
    return vendor_process("tests.integration.rest.articles_server")


def declared(url: str, **changes: Any) -> CustomSource:
    """``changes`` replace parts of the source; None takes one away."""
    document = yaml.safe_load(DECLARED)
    (source,) = document["sources"]
    for name, value in changes.items():
        source[name] = value
        if value is None:
            del source[name]
    environ = {"HANDBOOK_URL": url, "HANDBOOK_TOKEN": TOKEN, "HANDBOOK_SECRET": SECRET}
    (found,) = parse_sources(yaml.safe_dump(document), Path("sources.yaml"), environ).rest
    assert isinstance(found, CustomSource)
    return found


@dataclass
class ArticlesWorld(World):
    source: RestSource
    type: SourceType
    reader: Reader
    client: httpx.AsyncClient
    got: list[Delivery]
    secret: bytes = SECRET.encode()
    containers: Containers = "none"

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        response = await self.client.request(method, path, json=body)
        assert response.status_code < 300, (path, response.status_code, response.text)
        return response.json() if response.content else None

    async def create(self, *texts: str) -> str:
        made = await self.ask("POST", "/api/articles", {"html": "".join(f"<p>{text}</p>" for text in texts)})
        return f"article/{made['article']['id']}"

    async def edit(self, native: str, text: str) -> None:
        await self.ask("PUT", f"/api/articles/{native.partition('/')[2]}", {"html": f"<p>{text}</p>"})

    async def delete(self, native: str) -> None:
        await self.ask("DELETE", f"/api/articles/{native.partition('/')[2]}")

    async def restrict(self, native: str) -> None:
        await self.ask("PUT", f"/api/articles/{native.partition('/')[2]}", {"team": "legal", "readers": ["cleo"]})

    async def readers(self, native: str) -> frozenset[str]:
        return frozenset(await self.ask("GET", f"/_control/readers/{native.partition('/')[2]}"))

    async def deliveries(self) -> Sequence[Delivery]:
        await self.ask("GET", "/_control/settled")
        return self.got


@asynccontextmanager
async def opened(url: str, **changes: Any) -> AsyncIterator[ArticlesWorld]:
    got: list[Delivery] = []
    source = declared(url, **changes)
    async with (
        receiving(got) as hook,
        HttpApi(url, SourceAuth("", lambda: TOKEN), patience_seconds=0.5, first_wait_seconds=0.01, gone=source.gone) as api,
        httpx.AsyncClient(base_url=url, auth=SourceAuth("", lambda: TOKEN)) as client,
    ):
        world = ArticlesWorld(source, type_of(source), type_of(source).reader(source, api, TextFiles(api)), client, got)
        await world.ask("PUT", "/_control/hook", {"url": hook, "secret": SECRET})
        yield world
        await world.deliveries()
