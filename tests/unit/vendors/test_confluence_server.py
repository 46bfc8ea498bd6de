"""The server that stands in for Confluence, over HTTP: shapes, pages of results, permissions, webhooks with their signatures, faults."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from examples.vendors.confluence.app import create_app
from examples.vendors.confluence.connect import query_string_hash

V2, V1, DC = "/wiki/api/v2", "/wiki/rest/api", "/rest/api"
ROOT, CHILD, GRANDCHILD, OPEN, BLOG, OTHER = 300_001, 300_002, 300_003, 300_004, 300_005, 300_006

PEOPLE = ("integration", "ann", "bob", "eve", "gone")
SEED: dict[str, Any] = {
    "users": [
        {"id": f"acc-{name}", "name": name, "display_name": name.title(), "email": f"{name}@example.com", "token": f"test-token-{name}",
         "admin": name == "integration", "active": name != "gone"}
        for name in PEOPLE
    ],
    "groups": [{"id": "g-eng", "name": "engineers", "members": ["acc-ann", "acc-bob"]}, {"id": "g-all", "name": "everyone", "members": ["acc-ann", "acc-bob", "acc-eve"]}],
    "spaces": [{"key": "ENG", "name": "Engineering", "read": ["group:g-eng"]}, {"key": "PUB", "name": "Public", "read": ["anonymous"]}],
    "content": [
        {"id": ROOT, "space": "ENG", "title": "Root", "body": "<p>root</p>"},
        {"id": CHILD, "space": "ENG", "title": "Child", "parent": ROOT, "read": ["user:acc-ann", "user:acc-eve"]},
        {"id": GRANDCHILD, "space": "ENG", "title": "Grandchild", "parent": CHILD},
        {"id": OPEN, "space": "PUB", "title": "Open page"},
        {"id": BLOG, "kind": "blogpost", "space": "ENG", "title": "News", "read": ["group:g-eng"]},
        {"id": OTHER, "space": "ENG", "title": "Other"},
    ],
}  # fmt: skip


def basic(name: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}@example.com:test-token-{name}".encode()).decode()}


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer test-token-{name}"}


class Site:
    """A client of one server, in JSON."""

    def __init__(self, client: TestClient[Any, Any], login: Any) -> None:
        self.client = client
        self._login = login

    async def ask(self, method: str, path: str, who: str | None = "integration", **given: Any) -> tuple[int, Any, Any]:
        headers = {**(self._login(who) if who else {}), **given.pop("headers", {})}
        async with self.client.request(method, path, headers=headers, allow_redirects=False, **given) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith(("{", "[")) else text, response.headers

    async def get(self, path: str, who: str | None = "integration", **given: Any) -> Any:
        status, body, _ = await self.ask("GET", path, who, **given)
        assert status == 200, body
        return body

    async def do(self, method: str, path: str, body: Any = None, who: str = "integration") -> Any:
        status, answer, _ = await self.ask(method, path, who, json=body)
        assert status < 300, answer
        return answer

    async def visible(self, who: str, kind: str = "page") -> set[str]:
        person = who if who == "anonymous" else f"acc-{who}"
        return set((await self.get(f"/_control/visible?user={person}&kind={kind}"))["ids"])


@asynccontextmanager
async def running(**given: Any) -> AsyncIterator[Site]:
    login = bearer if given.get("edition") == "datacenter" else basic
    async with TestClient(TestServer(create_app(**given))) as client:
        site = Site(client, login)
        await site.do("POST", "/_control/seed", SEED)
        yield site


@pytest.fixture
async def cloud() -> AsyncIterator[Site]:
    async with running(speed=1000.0) as site:
        yield site


@pytest.fixture
async def datacenter() -> AsyncIterator[Site]:
    async with running(edition="datacenter") as site:
        yield site


class Receiver:
    """Takes webhooks; answers with ``statuses``, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes, Mapping[str, str]]] = []
        self.statuses: list[int] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append((request.path_qs, await request.read(), request.headers))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body, _ in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("")).rstrip("/")
        yield receiver


async def register(site: Site, receiver: Receiver, *events: str) -> None:
    hook = {"name": "h", "url": receiver.url + "/hook", "events": list(events), "configuration": {"secret": "test-secret"}, "active": True}
    await site.do("POST", DC + "/webhooks", hook)


async def settled(site: Site) -> list[dict[str, Any]]:
    told = await site.get("/_control/deliveries?wait=5")
    assert told["settled"]
    return list(told["deliveries"])


def page(title: str, space: str, **more: Any) -> dict[str, Any]:
    return {"spaceId": space, "title": title, "status": "current", "body": {"representation": "storage", "value": f"<p>{title}</p>"}, **more}


async def space_id(site: Site, key: str) -> str:
    return str((await site.get(f"{V2}/spaces?keys={key}"))["results"][0]["id"])


async def edited(site: Site, number: int, title: str, version: int, **more: Any) -> tuple[int, Any]:
    form = {
        "id": str(number),
        "status": "current",
        "title": title,
        "body": {"representation": "storage", "value": "<p>new</p>"},
        "version": {"number": version},
        **more,
    }
    status, body, _ = await site.ask("PUT", f"{V2}/pages/{number}", json=form)
    return status, body


# What Cloud shows


async def test_a_page_has_the_fields_of_the_reference(cloud: Site) -> None:
    shown = await cloud.get(f"{V2}/pages/{CHILD}?body-format=storage")
    assert {name: shown[name] for name in ("id", "status", "title", "parentId", "parentType")} == {
        "id": str(CHILD), "status": "current", "title": "Child", "parentId": str(ROOT), "parentType": "page",
    }  # fmt: skip
    assert set(shown["version"]) == {"createdAt", "message", "number", "minorEdit", "authorId"}
    assert shown["createdAt"] == "2025-01-01T00:00:00.000Z"
    assert shown["body"] == {"storage": {"representation": "storage", "value": ""}}
    assert shown["_links"]["webui"] == f"/spaces/ENG/pages/{CHILD}/Child"
    assert (await cloud.get(f"{V2}/pages/{CHILD}"))["body"] == {}


async def test_ancestors_come_from_the_top_and_children_in_order(cloud: Site) -> None:
    assert [one["id"] for one in (await cloud.get(f"{V2}/pages/{GRANDCHILD}/ancestors"))["results"]] == [str(ROOT), str(CHILD)]
    assert [one["id"] for one in (await cloud.get(f"{V2}/pages/{ROOT}/children"))["results"]] == [str(CHILD)]


async def test_wrong_credentials_are_401_and_what_is_not_there_404(cloud: Site) -> None:
    status, body, _ = await cloud.ask("GET", f"{V2}/pages", None, headers={"Authorization": "Basic " + base64.b64encode(b"x:y").decode()})
    assert (status, body["errors"][0]["code"]) == (401, "UNAUTHORIZED")
    assert (await cloud.ask("GET", f"{V2}/pages", "gone"))[0] == 401
    status, body, _ = await cloud.ask("GET", f"{V2}/pages/1")
    assert (status, body["errors"][0]["code"]) == (404, "NOT_FOUND")
    status, body, _ = await cloud.ask("GET", f"{V1}/content/1/restriction/byOperation/read")
    assert (status, body["statusCode"]) == (404, 404)


# Pages of results


async def walked(site: Site, path: str, who: str = "integration", between: Any = None) -> list[str]:
    found: list[str] = []
    following: str | None = path
    while following:
        _, body, headers = await site.ask("GET", following, who)
        found += [one["id"] for one in body["results"]]
        following = body["_links"].get("next")
        assert ("Link" in headers) == (following is not None)
        if following:
            assert headers["Link"].startswith(f'<{following}>; rel="next"')
            if between:
                await between()
    return found


async def test_cursors_give_each_page_once_while_pages_are_added(cloud: Site) -> None:
    await cloud.do("POST", "/_control/seed", {"generate": {"space": "ENG", "pages": 60, "seed": 3}})
    before = set(await walked(cloud, f"{V2}/pages?limit=250"))
    space, count = await space_id(cloud, "ENG"), iter(range(100))

    async def add() -> None:
        await cloud.do("POST", f"{V2}/pages", page(f"Added {next(count)}", space))

    for sort in ("id", "-created-date", "title"):
        found = await walked(cloud, f"{V2}/pages?limit=7&sort={sort}", between=add)
        assert len(found) == len(set(found))
        assert before <= set(found)


async def test_limits_are_as_documented(cloud: Site) -> None:
    assert (await cloud.ask("GET", f"{V2}/pages?limit=251"))[0] == 400
    assert (await cloud.ask("GET", f"{V2}/pages?limit=0"))[0] == 400
    wrong = base64.urlsafe_b64encode(b'["a", "b"]').decode()
    for cursor in ("nonsense", wrong):
        assert (await cloud.ask("GET", f"{V2}/pages?cursor={cursor}"))[0] == 400
    assert (await cloud.get(f"{V1}/content/search?cql=type=page&limit=0"))["results"] == []


async def test_generated_pages_follow_from_the_seed_alone() -> None:
    texts = []
    for _ in range(2):
        async with running() as site:
            made = await site.do("POST", "/_control/seed", {"generate": {"space": "ENG", "pages": 20, "seed": 9, "comments": 0.5}})
            assert len(made["generated"]) == 20
            texts.append([one["body"]["storage"]["value"] for one in (await site.get(f"{V2}/pages?body-format=storage&limit=250"))["results"]])
    assert texts[0] == texts[1]


# What Cloud changes


async def test_an_edit_needs_the_next_version_number(cloud: Site) -> None:
    status, body = await edited(cloud, ROOT, "Root", 1)
    assert (status, body["errors"][0]["code"]) == (409, "CONFLICT")
    status, body = await edited(cloud, ROOT, "Renamed", 2)
    assert (status, body["title"], body["version"]["number"]) == (200, "Renamed", 2)
    assert (await edited(cloud, OTHER, "Renamed", 2))[0] == 400


async def test_a_draft_is_its_authors_until_it_is_published(cloud: Site) -> None:
    draft = await cloud.do("POST", f"{V2}/pages", {"spaceId": await space_id(cloud, "ENG"), "status": "draft"}, who="ann")
    number = int(draft["id"])
    assert (await cloud.ask("GET", f"{V2}/pages/{number}?get-draft=true", "bob"))[0] == 404
    assert (await cloud.ask("GET", f"{V2}/pages/{number}", "ann"))[0] == 404
    assert (await cloud.get(f"{V2}/pages/{number}?get-draft=true", "ann"))["status"] == "draft"
    assert str(number) not in await walked(cloud, f"{V2}/pages", "ann")
    assert str(number) not in await cloud.visible("ann")
    form = {"id": str(number), "status": "current", "title": "Done", "body": {"representation": "storage", "value": "x"}, "version": {"number": 1}}
    assert (await cloud.do("PUT", f"{V2}/pages/{number}", form, who="ann"))["status"] == "current"
    assert str(number) in await cloud.visible("bob")


async def test_trash_restore_and_purge(cloud: Site) -> None:
    assert (await cloud.ask("DELETE", f"{V2}/pages/{OTHER}"))[0] == 204
    assert (await cloud.ask("GET", f"{V2}/pages/{OTHER}", "ann"))[0] == 404
    assert await walked(cloud, f"{V2}/pages?status=trashed") == [str(OTHER)]
    assert await walked(cloud, f"{V2}/pages?status=trashed", "ann") == []
    status, restored = await edited(cloud, OTHER, "Ignored", 2)
    assert (status, restored["title"], restored["version"]["number"]) == (200, "Other", 1)
    assert (await cloud.ask("DELETE", f"{V2}/pages/{OTHER}?purge=true"))[0] == 400
    await cloud.do("DELETE", f"{V2}/pages/{OTHER}")
    await cloud.do("DELETE", f"{V2}/pages/{OTHER}?purge=true")
    assert (await cloud.ask("GET", f"{V2}/pages/{OTHER}"))[0] == 404


async def test_comments_replies_and_their_page(cloud: Site) -> None:
    body = {"representation": "storage", "value": "<p>yes</p>"}
    footer = await cloud.do("POST", f"{V2}/footer-comments", {"pageId": str(CHILD), "body": body}, who="ann")
    reply = await cloud.do("POST", f"{V2}/footer-comments", {"parentCommentId": footer["id"], "body": body}, who="ann")
    inline = {"pageId": str(CHILD), "body": body, "inlineCommentProperties": {"textSelection": "root"}}
    marked = await cloud.do("POST", f"{V2}/inline-comments", inline, who="ann")
    assert (reply["parentCommentId"], reply["pageId"]) == (footer["id"], str(CHILD))
    assert (marked["resolutionStatus"], marked["properties"]["inlineOriginalSelection"]) == ("open", "root")
    assert [one["id"] for one in (await cloud.get(f"{V2}/pages/{CHILD}/footer-comments"))["results"]] == [footer["id"]]
    assert [one["id"] for one in (await cloud.get(f"{V2}/footer-comments/{footer['id']}/children"))["results"]] == [reply["id"]]
    assert (await cloud.ask("GET", f"{V2}/footer-comments/{footer['id']}", "bob"))[0] == 404
    assert await cloud.visible("ann", "comment") == {footer["id"], reply["id"], marked["id"]}
    assert not await cloud.visible("bob", "comment")
    await cloud.do("DELETE", f"{V2}/footer-comments/{footer['id']}")
    assert (await cloud.ask("GET", f"{V2}/footer-comments/{reply['id']}"))[0] == 404


async def test_attachments_are_uploaded_replaced_and_downloaded(cloud: Site) -> None:
    path = f"{V1}/content/{ROOT}/child/attachment"
    for text, version in (("one", 1), ("two", 2)):
        form = aiohttp.FormData()
        form.add_field("file", text.encode(), filename="a b.txt", content_type="text/plain")
        status, made, _ = await cloud.ask("PUT", path, data=form, headers={"X-Atlassian-Token": "nocheck"})
        assert (status, made["results"][0]["version"]["number"]) == (200, version)
    assert (await cloud.ask("PUT", path, data=aiohttp.FormData({"file": "x"})))[0] == 403
    [shown] = (await cloud.get(f"{V2}/pages/{ROOT}/attachments"))["results"]
    assert (shown["id"][:3], shown["fileSize"], shown["mediaType"], shown["pageId"]) == ("att", 3, "text/plain", str(ROOT))
    assert (await cloud.ask("GET", "/wiki" + shown["downloadLink"], "bob"))[1] == "two"
    assert (await cloud.ask("GET", "/wiki" + shown["downloadLink"], "eve"))[0] == 404
    status, _, headers = await cloud.ask("GET", f"{path}/{shown['id']}/download")
    assert status == 302
    assert headers["Location"].endswith(shown["downloadLink"])


async def test_what_hangs_on_a_trashed_page_is_gone_with_it(cloud: Site) -> None:
    await cloud.do("POST", f"{V2}/footer-comments", {"pageId": str(OTHER), "body": {"representation": "storage", "value": "x"}})
    assert len(await found(cloud, "type = comment")) == 1
    await cloud.do("DELETE", f"{V2}/pages/{OTHER}")
    assert await found(cloud, "type = comment") == []
    assert (await cloud.get(f"{V2}/footer-comments"))["results"] == []


async def test_labels(cloud: Site) -> None:
    await cloud.do("POST", f"{V1}/content/{ROOT}/label", [{"prefix": "global", "name": "howto"}])
    assert [one["name"] for one in (await cloud.get(f"{V2}/pages/{ROOT}/labels"))["results"]] == ["howto"]
    await cloud.do("DELETE", f"{V1}/content/{ROOT}/label?name=howto")
    assert (await cloud.get(f"{V2}/pages/{ROOT}/labels"))["results"] == []


# permissions


async def test_each_restriction_on_the_way_must_name_the_person(cloud: Site) -> None:
    assert await cloud.visible("ann") == {str(one) for one in (ROOT, CHILD, GRANDCHILD, OPEN, OTHER)}
    assert await cloud.visible("bob") == {str(one) for one in (ROOT, OPEN, OTHER)}
    assert await cloud.visible("eve") == await cloud.visible("anonymous") == {str(OPEN)}
    assert await cloud.visible("gone") == set()


async def test_the_api_shows_each_person_what_the_oracle_says(cloud: Site) -> None:
    await cloud.do("POST", "/_control/seed", {"generate": {"space": "ENG", "pages": 80, "restricted": 0.2, "to": ["user:acc-bob"], "seed": 5}})
    for who in ("ann", "bob", "eve"):
        assert set(await walked(cloud, f"{V2}/pages?limit=50", who)) == await cloud.visible(who)
    anonymous = (await cloud.get(f"{V2}/pages", None))["results"]
    assert {one["id"] for one in anonymous} == {str(OPEN)}


async def test_a_move_takes_the_new_parents_restriction(cloud: Site) -> None:
    await cloud.do("PUT", f"{V1}/content/{OTHER}/move/append/{CHILD}")
    assert str(OTHER) not in await cloud.visible("bob")
    await cloud.do("PUT", f"{V1}/content/{OTHER}/move/after/{OPEN}")
    assert str(OTHER) in await cloud.visible("anonymous")
    assert (await cloud.get(f"{V2}/pages/{OTHER}"))["version"]["number"] == 1
    assert (await cloud.ask("PUT", f"{V1}/content/{ROOT}/move/append/{GRANDCHILD}"))[0] == 400


async def test_children_of_a_trashed_page_leave_its_restriction(cloud: Site) -> None:
    await cloud.do("DELETE", f"{V2}/pages/{CHILD}")
    assert (await cloud.get(f"{V2}/pages/{GRANDCHILD}"))["parentId"] == str(ROOT)
    assert str(GRANDCHILD) in await cloud.visible("bob")


async def test_restrictions_are_read_set_and_taken_away(cloud: Site) -> None:
    path = f"{V1}/content/{CHILD}/restriction"
    read = await cloud.get(f"{path}/byOperation/read")
    assert read["operation"] == "read"
    assert [one["accountId"] for one in read["restrictions"]["user"]["results"]] == ["acc-ann", "acc-eve"]
    assert (await cloud.get(f"{V1}/content/{GRANDCHILD}/restriction/byOperation/read"))["restrictions"]["user"]["results"] == []
    await cloud.do("PUT", path, [{"operation": "read", "restrictions": {"group": [{"type": "group", "name": "engineers"}]}}])
    read = await cloud.get(f"{path}/byOperation/read")
    assert [one["id"] for one in read["restrictions"]["group"]["results"]] == ["g-eng"]
    assert str(GRANDCHILD) in await cloud.visible("bob")
    await cloud.do("PUT", f"{path}/byOperation/read/user?accountId=acc-eve")
    assert (await cloud.ask("GET", f"{path}/byOperation/read/user?accountId=acc-eve"))[0] == 200
    assert str(CHILD) not in await cloud.visible("eve")
    await cloud.do("DELETE", path)
    assert (await cloud.get(f"{path}/byOperation/read"))["restrictions"]["group"]["size"] == 0


async def test_group_members_space_permissions_and_what_they_give(cloud: Site) -> None:
    assert [one["accountId"] for one in (await cloud.get(f"{V1}/group/g-eng/membersByGroupId?limit=1&start=1"))["results"]] == ["acc-bob"]
    await cloud.do("POST", f"{V1}/group/userByGroupId?groupId=g-eng", {"accountId": "acc-eve"})
    assert str(CHILD) in await cloud.visible("eve")
    await cloud.do("DELETE", f"{V1}/group/userByGroupId?groupId=g-eng&accountId=acc-eve")
    assert str(CHILD) not in await cloud.visible("eve")
    subject = {"subject": {"type": "user", "identifier": "anonymous"}, "operation": {"key": "read", "target": "space"}}
    assert (await cloud.ask("POST", f"{V1}/space/ENG/permission", "ann", json=subject))[0] == 403
    made = await cloud.do("POST", f"{V1}/space/ENG/permission", subject)
    principals = [one["principal"] for one in (await cloud.get(f"{V2}/spaces/{await space_id(cloud, 'ENG')}/permissions"))["results"]]
    assert principals == [{"type": "group", "id": "g-eng"}, {"type": "role", "id": "anonymous-users"}]
    assert str(ROOT) in await cloud.visible("anonymous")
    assert str(CHILD) in await cloud.visible("eve")
    await cloud.do("DELETE", f"{V1}/space/ENG/permission/{made['id']}")
    assert str(ROOT) not in await cloud.visible("anonymous")


async def test_an_edit_restriction_keeps_others_from_changing(cloud: Site) -> None:
    await cloud.do("PUT", f"{V1}/content/{ROOT}/restriction", [{"operation": "update", "restrictions": {"user": [{"accountId": "acc-ann"}]}}])
    assert str(ROOT) in await cloud.visible("bob")
    form = {"id": str(ROOT), "status": "current", "title": "T", "body": {"representation": "storage", "value": ""}, "version": {"number": 2}}
    assert (await cloud.ask("PUT", f"{V2}/pages/{ROOT}", "bob", json=form))[0] == 403
    assert (await cloud.ask("PUT", f"{V2}/pages/{ROOT}", "ann", json=form))[0] == 200


async def test_where_an_admin_key_is_needed_it_is_needed(cloud: Site) -> None:
    await cloud.do("POST", "/_control/seed", {"admin_key": True})
    assert (await cloud.ask("GET", f"{V2}/pages/{CHILD}"))[0] == 404
    assert (await cloud.ask("GET", f"{V2}/pages/{CHILD}", headers={"Atl-Confluence-With-Admin-Key": "true"}))[0] == 200


# search


async def found(site: Site, cql: str, who: str = "integration") -> list[str]:
    return [one["id"] for one in (await site.get(f"{V1}/content/search", who, params={"cql": cql, "limit": "100"}))["results"]]


async def test_search_by_cql(cloud: Site) -> None:
    for number, minute in ((400_001, "10:00:59"), (400_002, "10:01:00")):
        late = {"id": number, "space": "ENG", "title": f"Late {number}", "when": f"2026-02-03T{minute}Z"}
        await cloud.do("POST", "/_control/seed", {"content": [late]})
    assert await found(cloud, 'lastmodified >= "2026/02/03 10:00" order by lastmodified desc') == ["400002", "400001"]
    assert await found(cloud, 'lastmodified > "2026-02-03 10:00"') == ["400002"]
    assert await found(cloud, f"ancestor = {ROOT} and type in (page, blogpost) order by id asc") == [str(CHILD), str(GRANDCHILD)]
    assert await found(cloud, f'space = ENG and not (type = blogpost or id in ({ROOT}, {OTHER})) and created < "2026/01/01"', "bob") == []
    assert await found(cloud, 'title ~ "open" and space != "ENG"', "eve") == [str(OPEN)]
    for wrong in ('lastmodified >= "2026-02-03 10:00:00"', "colour = red", "type =", "type = page order by colour", "(type = page"):
        assert (await cloud.ask("GET", f"{V1}/content/search", params={"cql": wrong}))[0] == 400


async def test_search_goes_on_by_a_cursor_on_cloud(cloud: Site) -> None:
    results, following = [], f"{V1}/search?cql=type=page&limit=2"
    while following:
        body = await cloud.get(following)
        results += [one["content"]["id"] for one in body["results"]]
        following = "/wiki" + body["_links"]["next"] if "next" in body["_links"] else ""
    assert results == [str(one) for one in (ROOT, CHILD, GRANDCHILD, OPEN, OTHER)]


# Data Center


async def test_data_center_expands_what_is_asked(datacenter: Site) -> None:
    expand = "body.storage,version,ancestors,restrictions.read.restrictions.user,space"
    shown = await datacenter.get(f"{DC}/content/{GRANDCHILD}?expand={expand}")
    assert [one["id"] for one in shown["ancestors"]] == [str(ROOT), str(CHILD)]
    assert shown["space"]["key"] == "ENG"
    assert shown["version"]["number"] == 1
    assert shown["body"]["storage"]["representation"] == "storage"
    assert "restrictions" not in shown["_expandable"]
    assert "history" in shown["_expandable"]
    shown = await datacenter.get(f"{DC}/content/{CHILD}?expand=restrictions.read.restrictions.user")
    assert [one["username"] for one in shown["restrictions"]["read"]["restrictions"]["user"]["results"]] == ["ann", "eve"]


async def test_data_center_shows_groups_only_unless_asked(datacenter: Site) -> None:
    path = f"{DC}/content/{CHILD}/restriction/byOperation"
    assert set((await datacenter.get(path))["read"]["restrictions"]) == {"group", "_expandable"}
    both = await datacenter.get(path + "?expand=read.restrictions.user,read.restrictions.group")
    assert [one["userKey"] for one in both["read"]["restrictions"]["user"]["results"]] == ["acc-ann", "acc-eve"]


async def test_data_center_pages_by_start_and_limit_and_by_scan(datacenter: Site) -> None:
    by_start, following = [], f"{DC}/content?type=page&limit=2"
    while following:
        body = await datacenter.get(following)
        by_start += [one["id"] for one in body["results"]]
        following = body["_links"].get("next", "")
    by_scan, following = [], f"{DC}/content/scan?limit=2"
    while following:
        body = await datacenter.get(following)
        by_scan += [one["id"] for one in body["results"]]
        following = body["_links"].get("next", "")
    assert by_start == by_scan == [str(one) for one in (ROOT, CHILD, GRANDCHILD, OPEN, OTHER)]
    assert [one["id"] for one in (await datacenter.get(f"{DC}/content?spaceKey=ENG", "bob"))["results"]] == [str(ROOT), str(OTHER)]


async def test_data_center_creates_edits_trashes_and_purges(datacenter: Site) -> None:
    form = {
        "type": "page",
        "title": "New",
        "space": {"key": "ENG"},
        "ancestors": [{"id": ROOT}],
        "body": {"storage": {"value": "<p>1</p>", "representation": "storage"}},
    }
    made = await datacenter.do("POST", f"{DC}/content", form, who="ann")
    path = f"{DC}/content/{made['id']}"
    status, body, _ = await datacenter.ask("PUT", path, "ann", json={**form, "version": {"number": 1}})
    assert (status, body["statusCode"]) == (409, 409)
    changed = await datacenter.do("PUT", path, {"type": "page", "title": "Newer", "version": {"number": 2}, "ancestors": [{"id": CHILD}]}, who="ann")
    assert (changed["title"], changed["version"]["number"], changed["ancestors"][-1]["id"]) == ("Newer", 2, str(CHILD))
    assert (await datacenter.ask("DELETE", path, "ann"))[0] == 204
    assert (await datacenter.get(path + "?status=trashed"))["status"] == "trashed"
    assert (await datacenter.ask("DELETE", path + "?status=trashed"))[0] == 204
    assert (await datacenter.ask("GET", path + "?status=any"))[0] == 404


async def test_data_center_space_permissions_and_groups(datacenter: Site) -> None:
    listed = await datacenter.get(f"{DC}/space/ENG/permissions")
    assert [(one["subject"]["type"], one["subject"]["name"], one["operation"]["operationKey"]) for one in listed] == [("group", "engineers", "read")]
    wanted = [{"userKey": "acc-eve", "operations": [{"operationKey": "read", "targetType": "space"}]}, {"groupName": "engineers", "operations": []}]
    await datacenter.do("POST", f"{DC}/space/ENG/permissions", wanted)
    assert str(CHILD) in await datacenter.visible("eve")
    assert str(ROOT) not in await datacenter.visible("ann")
    assert [one["username"] for one in (await datacenter.get(f"{DC}/group/everyone/member"))["results"]] == ["ann", "bob", "eve"]


# webhooks


async def test_data_center_signs_its_webhooks(datacenter: Site, receiver: Receiver) -> None:
    await register(datacenter, receiver, "page_updated", "page_moved", "page_trashed", "page_restored", "page_removed", "content_permissions_updated")
    path = f"{DC}/content/{OTHER}"
    await datacenter.do("PUT", path, {"type": "page", "title": "Other", "version": {"number": 2}, "ancestors": [{"id": CHILD}]})
    await datacenter.do("PUT", path + "/restriction", [{"operation": "read", "restrictions": {"user": [{"username": "ann"}]}}])
    await datacenter.do("DELETE", path)
    await datacenter.do("PUT", path, {"type": "page", "status": "current", "version": {"number": 3}})
    await datacenter.do("DELETE", path)
    await datacenter.do("DELETE", path + "?status=trashed")
    await settled(datacenter)
    got = {json.loads(body)["event"]: (body, headers) for _, body, headers in receiver.got}
    assert set(got) == {"page_updated", "page_moved", "page_trashed", "page_restored", "page_removed", "content_permissions_updated"}
    for event, (body, headers) in got.items():
        assert headers["X-Hub-Signature"] == "sha256=" + hmac.new(b"test-secret", body, hashlib.sha256).hexdigest()
        assert headers["X-Event-Key"] == event
        assert headers["X-Request-Id"]
    moved = json.loads(got["page_moved"][0])
    assert (moved["page"]["id"], moved["newParent"]["id"], moved["oldParent"], moved["userKey"]) == (OTHER, CHILD, None, "acc-integration")


async def test_data_center_tells_of_comments_and_attachments(datacenter: Site, receiver: Receiver) -> None:
    await register(datacenter, receiver, "comment_created", "comment_removed", "attachment_created", "attachment_trashed", "attachment_removed")
    comment = {"type": "comment", "container": {"id": ROOT, "type": "page"}, "body": {"storage": {"value": "x", "representation": "storage"}}}
    made = await datacenter.do("POST", f"{DC}/content", comment, who="ann")
    await datacenter.do("DELETE", f"{DC}/content/{made['id']}", who="ann")
    form = aiohttp.FormData()
    form.add_field("file", b"text", filename="a.txt", content_type="text/plain")
    path = f"{DC}/content/{ROOT}/child/attachment"
    _, uploaded, _ = await datacenter.ask("POST", path, data=form, headers={"X-Atlassian-Token": "nocheck"})
    await datacenter.do("DELETE", f"{DC}/content/{uploaded['results'][0]['id']}")
    await settled(datacenter)
    told = {body["event"]: body for body in receiver.bodies()}
    assert set(told) == {"comment_created", "comment_removed", "attachment_created", "attachment_trashed", "attachment_removed"}
    assert told["comment_created"]["comment"]["parent"]["id"] == ROOT
    assert (told["attachment_created"]["attachments"][0]["fileName"], told["attachment_created"]["attachedTo"]["id"]) == ("a.txt", ROOT)
    assert (await datacenter.get(path))["results"] == []


async def test_data_center_webhooks_are_administered(datacenter: Site, receiver: Receiver) -> None:
    hook = {"name": "h", "url": receiver.url, "events": ["page_created"]}
    assert (await datacenter.ask("POST", f"{DC}/webhooks", "ann", json=hook))[0] == 403
    assert (await datacenter.ask("POST", f"{DC}/webhooks", json={**hook, "events": ["page_painted"]}))[0] == 400
    made = await datacenter.do("POST", f"{DC}/webhooks", hook)
    assert made["id"] == 1
    assert made["createdDate"] == made["updatedDate"]
    assert made["configuration"] == {}
    await datacenter.do("PUT", f"{DC}/webhooks/1", {**hook, "active": False})
    await datacenter.do("POST", f"{DC}/content", {"type": "page", "title": "Unheard", "space": {"key": "ENG"}})
    assert await settled(datacenter) == []
    assert (await datacenter.get(f"{DC}/webhooks"))["size"] == 1
    await datacenter.do("DELETE", f"{DC}/webhooks/1")
    assert (await datacenter.ask("GET", f"{DC}/webhooks/1"))[0] == 404


async def test_what_seeds_and_memberships_change_is_not_told(datacenter: Site, receiver: Receiver) -> None:
    await register(datacenter, receiver, "page_created", "page_updated", "space_permissions_updated", "content_permissions_updated", "user_deactivated")
    await datacenter.do("POST", "/_control/seed", SEED)
    await datacenter.do("PUT", f"{DC}/user/eve/group/engineers")
    await datacenter.do("DELETE", f"{DC}/user/eve/group/engineers")
    assert await settled(datacenter) == []
    await datacenter.do("PUT", f"{DC}/admin/user/eve/disable")
    await settled(datacenter)
    assert [body["event"] for body in receiver.bodies()] == ["user_deactivated"]
    assert await datacenter.visible("eve") == set()


async def test_connect_signs_with_jwt_and_does_not_name_the_event(cloud: Site, receiver: Receiver) -> None:
    urls = {"page_updated": "/hooks/page-updated?b=2&a=1%202&a=0", "comment_created": "/hooks/comment", "content_permissions_updated": "/hooks/rights"}
    app = {
        "base_url": receiver.url,
        "client_key": "test-client",
        "shared_secret": "test-secret-of-32-bytes-or-more!",
        "webhooks": [{"event": e, "url": u} for e, u in urls.items()],
    }
    await cloud.do("PUT", "/_control/connect", app)
    await edited(cloud, ROOT, "Root two", 2)
    await cloud.do("POST", f"{V2}/footer-comments", {"pageId": str(ROOT), "body": {"representation": "storage", "value": "x"}})
    await cloud.do("DELETE", f"{V1}/content/{CHILD}/restriction")
    await settled(cloud)
    bodies = dict(zip([path for path, _, _ in receiver.got], receiver.bodies(), strict=True))
    page_body = bodies[urls["page_updated"]]
    assert set(page_body) == {"page", "userAccountId", "timestamp", "accountType", "updateTrigger", "suppressNotifications"}
    assert (page_body["page"]["id"], page_body["page"]["spaceKey"], page_body["page"]["version"]) == (str(ROOT), "ENG", 2)
    assert bodies[urls["comment_created"]]["comment"]["parent"]["id"] == str(ROOT)
    assert bodies[urls["content_permissions_updated"]]["content"]["id"] == str(CHILD)
    for path, _, headers in receiver.got:
        scheme, token = headers["Authorization"].split(" ")
        claims = jwt.decode(token, "test-secret-of-32-bytes-or-more!", algorithms=["HS256"], options={"require": ["exp", "iat", "iss", "qsh"]})
        assert (scheme, claims["iss"], claims["sub"]) == ("JWT", "test-client", "acc-integration")
        query = "a=0,1%202&b=2" if "?" in path else ""
        assert claims["qsh"] == hashlib.sha256(f"POST&{path.partition('?')[0]}&{query}".encode()).hexdigest()


def test_the_query_string_hash_of_a_root_path() -> None:
    assert query_string_hash("get", "/?param=foo&jwt=x") == hashlib.sha256(b"GET&/&param=foo").hexdigest()


async def test_connect_does_not_send_again(cloud: Site, receiver: Receiver) -> None:
    receiver.statuses = [503]
    hook = {"base_url": receiver.url, "client_key": "c", "shared_secret": "test-secret", "webhooks": [{"event": "page_updated", "url": "/h"}]}
    await cloud.do("PUT", "/_control/connect", hook)
    await edited(cloud, ROOT, "Root two", 2)
    assert [sent["statuses"] for sent in await settled(cloud)] == [[503]]


async def test_forge_sends_events_with_its_token_and_tries_four_times_more(receiver: Receiver) -> None:
    async with running(events="forge", speed=100_000.0) as site:
        app = {"app_id": "ari:cloud:ecosystem::app/test", "url": receiver.url + "/events"}
        names = [f"avi:confluence:{what}:page" for what in ("created", "moved", "permissions_updated", "deleted")]
        await site.do("PUT", "/_control/forge", {**app, "events": names})
        made = await site.do("POST", f"{V2}/pages", page("Fresh", await space_id(site, "ENG")))
        await settled(site)
        [(_, body, headers)] = receiver.got
        keys = jwt.PyJWKSet.from_dict(await site.get("/_control/forge/jwks.json"))
        claims = jwt.decode(
            headers["Authorization"].removeprefix("Bearer "), keys.keys[0], algorithms=["RS256"], audience=app["app_id"], issuer="forge/invocation-token"
        )
        assert claims["app"]["id"] == app["app_id"]
        assert claims["exp"] > time.time()
        told = json.loads(body)
        assert (told["eventType"], told["atlassianId"], told["content"]["id"]) == ("avi:confluence:created:page", "acc-integration", made["id"])
        assert told["content"]["space"]["key"] == "ENG"
        assert told["content"]["version"]["number"] == 1
        receiver.statuses = [500, 400, 503, 401, 500]
        await site.do("PUT", f"{V1}/content/{OTHER}/move/append/{ROOT}")
        assert (await settled(site))[-1]["statuses"] == [500, 400, 503, 401, 500]
        assert receiver.bodies()[-1]["prevContent"]["id"] == str(OTHER)


async def test_a_removed_space_tells_only_of_itself(datacenter: Site, receiver: Receiver) -> None:
    await register(datacenter, receiver, "space_created", "page_created", "page_removed", "page_trashed", "space_removed")
    await datacenter.do("POST", f"{DC}/space", {"key": "TMP", "name": "Temporary"})
    await datacenter.do("DELETE", f"{DC}/space/TMP")
    await settled(datacenter)
    assert sorted(body["event"] for body in receiver.bodies()) == ["page_created", "space_created", "space_removed"]


# faults


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [({"rate_limited": 1.0, "retry_after_seconds": 7}, 429, "TOO_MANY_REQUESTS"), ({"unavailable": 1.0}, 503, "SERVICE_UNAVAILABLE"), ({"tokens_expired": True}, 401, "UNAUTHORIZED")],
)  # fmt: skip
async def test_faults_have_the_vendors_error_body(cloud: Site, fault: dict[str, Any], status: int, code: str) -> None:
    await cloud.do("PUT", "/_control/faults", fault)
    got, body, headers = await cloud.ask("GET", f"{V2}/pages")
    assert (got, body["errors"][0]["code"], headers.get("Retry-After")) == (status, code, "7" if status == 429 else None)


async def test_html_where_json_belongs_and_slow_answers(cloud: Site) -> None:
    await cloud.do("PUT", "/_control/faults", {"html_instead_of_json": 1.0, "slow_seconds": 0.05})
    started = asyncio.get_running_loop().time()
    status, body, headers = await cloud.ask("GET", f"{V2}/pages")
    assert (status, body[:9], headers["Content-Type"][:9]) == (200, "<!DOCTYPE", "text/html")
    assert asyncio.get_running_loop().time() - started >= 0.05


@pytest.mark.parametrize(("fault", "arrive"), [({"dropped": 1.0}, 0), ({"duplicated": 1.0}, 2), ({"delayed": 1.0, "delay_seconds": 0.05}, 1)])
async def test_faults_of_deliveries(datacenter: Site, receiver: Receiver, fault: dict[str, Any], arrive: int) -> None:
    await register(datacenter, receiver, "page_updated")
    await datacenter.do("PUT", "/_control/faults", fault)
    await datacenter.do("PUT", f"{DC}/content/{OTHER}", {"type": "page", "title": "Other", "version": {"number": 2}})
    await settled(datacenter)
    assert len(receiver.got) == arrive


async def test_a_reordered_delivery_comes_after_its_successor(datacenter: Site, receiver: Receiver) -> None:
    await register(datacenter, receiver, "page_updated")
    for version, share in ((2, 1.0), (3, 0.0)):
        await datacenter.do("PUT", "/_control/faults", {"reordered": share})
        await datacenter.do("PUT", f"{DC}/content/{OTHER}", {"type": "page", "title": "Other", "version": {"number": version}})
    await settled(datacenter)
    assert [body["page"]["version"] for body in receiver.bodies()] == [3, 2]


# what a sync client asks beside


async def test_descendants_come_by_level_with_their_depth(cloud: Site) -> None:
    below = (await cloud.get(f"{V2}/pages/{ROOT}/descendants?limit=1"))["results"]
    assert [(one["id"], one["type"], one["depth"]) for one in below] == [(str(CHILD), "page", 1)]
    whole = (await cloud.get(f"{V2}/pages/{ROOT}/descendants?limit=250&depth=5"))["results"]
    assert [(one["id"], one["parentId"], one["depth"]) for one in whole] == [(str(CHILD), str(ROOT), 1), (str(GRANDCHILD), str(CHILD), 2)]
    assert len((await cloud.get(f"{V2}/pages/{ROOT}/descendants?depth=1"))["results"]) == 1


async def test_people_in_bulk(cloud: Site) -> None:
    asked = {"accountIds": ["acc-ann", "acc-gone", "acc-nobody"]}
    found = (await cloud.do("POST", f"{V2}/users-bulk", asked))["results"]
    assert [(one["accountId"], one["accountStatus"]) for one in found] == [("acc-ann", "active"), ("acc-gone", "inactive")]
    found = (await cloud.get(f"{V1}/user/bulk?accountId=acc-bob&accountId=acc-ann"))["results"]
    assert [one["displayName"] for one in found] == ["Bob", "Ann"]
    found = (await cloud.get(f"{V1}/search/user?cql=type%3Duser&limit=2"))["results"]
    assert [(one["entityType"], one["user"]["accountId"]) for one in found] == [("user", "acc-ann"), ("user", "acc-bob")]
    assert (await cloud.ask("GET", f"{V1}/search/user?cql=user.fullname~a"))[0] == 400


async def test_people_and_administrators_of_data_center(datacenter: Site) -> None:
    found = (await datacenter.get(f"{DC}/user/list?expand=status"))["results"]
    assert {one["userKey"]: one["status"] for one in found}["acc-gone"] == "deactivated"
    members = (await datacenter.get(f"{DC}/group/confluence-administrators/member"))["results"]
    assert [one["userKey"] for one in members] == ["acc-integration"]


async def test_search_expands_labels_and_finds_archived_content_where_it_is_told_to(cloud: Site) -> None:
    await cloud.do("POST", f"{V1}/content/{OTHER}/label", [{"prefix": "global", "name": "howto"}])
    await cloud.do("POST", "/_control/seed", {"content": [{"id": 300_100, "space": "ENG", "title": "Old", "status": "archived"}]})
    path = f"{V1}/content/search?cql=id+in+({OTHER},300100)&expand=metadata.labels"
    (other,) = (await cloud.get(path))["results"]
    assert [label["name"] for label in other["metadata"]["labels"]["results"]] == ["howto"]
    both = (await cloud.get(path + '&cqlcontext={"contentStatuses":["current","archived"]}'))["results"]
    assert [one["status"] for one in both] == ["current", "archived"]


async def test_pages_at_the_top_of_a_space(cloud: Site, datacenter: Site) -> None:
    for site, path in ((cloud, f"{V2}/spaces/{await space_id(cloud, 'ENG')}/pages"), (datacenter, f"{DC}/space/ENG/content/page")):
        assert {one["id"] for one in (await site.get(path + "?depth=root"))["results"]} == {str(ROOT), str(OTHER)}


async def test_an_automation_rule_names_the_page_and_bears_its_token(receiver: Receiver) -> None:
    async with running(events="automation", speed=1000.0) as site:
        await site.do("PUT", "/_control/automation", {"url": receiver.url + "/hook", "token": "test-token-of-a-rule"})
        await site.do("POST", f"{V2}/footer-comments", {"pageId": str(OTHER), "body": {"representation": "storage", "value": "x"}})
        await site.do("PUT", f"{V1}/content/{OTHER}/restriction", [{"operation": "read", "restrictions": {"user": [{"accountId": "acc-ann"}]}}])
        await settled(site)
    assert receiver.bodies() == [{"event": "comment_created", "page": {"id": str(OTHER)}}]
    assert receiver.got[0][2]["Authorization"] == "Bearer test-token-of-a-rule"
