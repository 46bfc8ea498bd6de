"""An API as many companies have one of their own: articles with readers, lists in pages of every kind, signed webhooks. A process: ``python -m tests.integration.rest.articles_server --port PORT``."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from aiohttp import web

TOKEN = "articles-test-token"
TEAMS = {"ann": ["support", "legal"], "ben": ["support"], "cleo": []}
PER_PAGE = 2
Json = dict[str, Any]


@dataclass
class Articles:
    """``hook`` is where deliveries go, and what signs them."""

    kept: dict[str, Json] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    hook: Json = field(default_factory=dict)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)
    asked: dict[str, int] = field(default_factory=dict)

    def changed(self, article: Json) -> None:
        article["updated_at"] = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def tell(self, event: str, number: str) -> None:
        if self.hook:
            task = asyncio.create_task(self._deliver(event, number))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)

    async def _deliver(self, event: str, number: str) -> None:
        body = orjson.dumps({"event": event, "delivery": f"d-{time.time_ns()}", "article": {"id": number}})
        at = str(int(time.time()))
        digest = hmac.new(self.hook["secret"].encode(), at.encode() + b"." + body, hashlib.sha512).digest()
        headers = {"X-Articles-Time": at, "X-Articles-Signature": "v1=" + base64.b64encode(digest).decode(), "Content-Type": "application/json"}
        async with httpx.AsyncClient() as client:
            (await client.post(self.hook["url"], content=body, headers=headers)).raise_for_status()


def readers_of(article: Json) -> list[str]:
    return sorted(user for user, teams in TEAMS.items() if article["team"] in teams or user in article["readers"])


routes = web.RouteTableDef()
ARTICLES = web.AppKey("articles", Articles)


def _all(request: web.Request) -> list[Json]:
    since = request.query.get("updated_after", "")
    found = [
        article
        for article in request.app[ARTICLES].kept.values()
        if not since or datetime.fromisoformat(article["updated_at"]) >= datetime.fromisoformat(since)
    ]
    return [{name: article.get(name) for name in ("id", "updated_at", "status")} for article in found]


@routes.get("/api/articles")
async def by_page(request: web.Request) -> web.Response:
    at = (int(request.query["page"]) - 1) * PER_PAGE
    return web.json_response({"articles": _all(request)[at : at + PER_PAGE]})


@routes.get("/api/by-offset")
async def by_offset(request: web.Request) -> web.Response:
    at = int(request.query["offset"])
    found = _all(request)[at : at + PER_PAGE]
    return web.json_response({"articles": found}) if found or not at else web.json_response({}, status=404)


@routes.get("/api/by-token")
async def by_token(request: web.Request) -> web.Response:
    """An empty token is refused, as is one that was never given."""
    token = request.query.get("after", "t0")
    if not token.startswith("t"):
        return web.json_response({"error": "no such token"}, status=400)
    at = int(token[1:])
    return web.json_response(
        {"data": {"rows": _all(request)[at : at + PER_PAGE]}, "after": f"t{at + PER_PAGE}" if len(_all(request)) > at + PER_PAGE else None}
    )


@routes.get("/api/by-link")
async def by_link(request: web.Request) -> web.Response:
    at = int(request.query.get("at", "0"))
    more = len(_all(request)) > at + PER_PAGE
    return web.json_response({"articles": _all(request)[at : at + PER_PAGE], "links": {"next": f"?at={at + PER_PAGE}" if more else ""}})


@routes.get("/api/by-header")
async def by_header(request: web.Request) -> web.Response:
    at = int(request.query.get("at", "0"))
    headers = {"Link": f'</api/by-header?at={at + PER_PAGE}>; rel="next"'} if len(_all(request)) > at + PER_PAGE else {}
    return web.json_response(_all(request)[at : at + PER_PAGE], headers=headers)


@routes.get("/api/round")
async def in_a_circle(request: web.Request) -> web.Response:
    return web.json_response({"articles": [{"id": "1"}], "next": f"/api/round?turn={1 - int(request.query.get('turn', '0'))}"})


@routes.get("/api/same")
async def always_the_same(request: web.Request) -> web.Response:
    return web.json_response({"articles": [{"id": "1"}]})


@routes.get("/api/articles/{id}")
async def one(request: web.Request) -> web.Response:
    articles, number = request.app[ARTICLES], request.match_info["id"]
    articles.asked[number] = articles.asked.get(number, 0) + 1
    article = articles.kept.get(number)
    if article is None:
        return web.json_response({"error": "gone"}, status=418 if "418" in number else 404)
    return web.json_response({"article": {**article, "views": articles.asked[number]}})


@routes.post("/api/articles")
async def create(request: web.Request) -> web.Response:
    articles, given = request.app[ARTICLES], await request.json()
    number = given.get("id") or str(next(articles.numbers))
    article = {"title": f"Article {number}", "html": "", "team": "support", "readers": [], "status": "published", "tags": [], **given, "id": number}
    if "updated_at" not in given:
        articles.changed(article)
    articles.kept[number] = article
    articles.tell("created", number)
    return web.json_response({"article": article}, status=201)


@routes.put("/api/articles/{id}")
async def edit(request: web.Request) -> web.Response:
    articles, number = request.app[ARTICLES], request.match_info["id"]
    articles.kept[number] |= await request.json()
    articles.changed(articles.kept[number])
    articles.tell("edited", number)
    return web.json_response({"article": articles.kept[number]})


@routes.delete("/api/articles/{id}")
async def delete(request: web.Request) -> web.Response:
    articles, number = request.app[ARTICLES], request.match_info["id"]
    del articles.kept[number]
    articles.tell("deleted", number)
    return web.Response(status=204)


@routes.get("/api/people")
async def people(_request: web.Request) -> web.Response:
    return web.json_response([{"login": user, "mail": f"{user}@company.example", "teams": teams} for user, teams in TEAMS.items()])


@routes.get("/_control/readers/{id}")
async def control_readers(request: web.Request) -> web.Response:
    return web.json_response(readers_of(request.app[ARTICLES].kept[request.match_info["id"]]))


@routes.put("/_control/hook")
async def control_hook(request: web.Request) -> web.Response:
    request.app[ARTICLES].hook = await request.json()
    return web.Response(status=204)


@routes.delete("/_control/articles")
async def control_empty(request: web.Request) -> web.Response:
    articles = request.app[ARTICLES]
    articles.kept.clear()
    articles.asked.clear()
    articles.numbers = itertools.count(1)
    return web.Response(status=204)


@routes.get("/_control/settled")
async def control_settled(request: web.Request) -> web.Response:
    if request.app[ARTICLES].under_way:
        await asyncio.wait(request.app[ARTICLES].under_way, timeout=5)
    return web.json_response({})


@routes.get("/_control/asked")
async def control_asked(request: web.Request) -> web.Response:
    return web.json_response(request.app[ARTICLES].asked)


@web.middleware
async def only_with_token(request: web.Request, handler: Any) -> web.StreamResponse:
    if request.path.startswith("/api/") and request.headers.get("Authorization") != f"Bearer {TOKEN}":
        return web.json_response({"error": "who are you?"}, status=401)
    answered: web.StreamResponse = await handler(request)
    return answered


def main() -> None:
    application = web.Application(middlewares=[only_with_token])
    application[ARTICLES] = Articles()
    application.add_routes(routes)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[-1]), print=lambda *_: sys.stdout.write("listens\n") and sys.stdout.flush())


if __name__ == "__main__":
    main()
