"""The Jira server over HTTP: shapes, pages, permissions, webhooks and faults, in both editions."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer

from examples.vendors.jira.markup import to_document, to_html, to_wiki
from examples.vendors.jira.model import Edition
from examples.vendors.jira.routes import application

SECRET = "test-secret"
SEED: dict[str, Any] = {
    "users": [
        {"id": "root", "mail": "root@example.com"},
        {"id": "ann", "name": "Ann Lee", "mail": "ann@example.com", "timeZone": "Europe/Berlin"},
        {"id": "bob", "name": "Bob Ray", "mail": "bob@example.com"},
        {"id": "eve", "name": "Eve Out", "mail": "eve@example.com", "mailHidden": True},
    ],
    "groups": [
        {"name": "jira-administrators", "members": ["root"]},
        {"name": "staff", "members": ["ann", "bob", "root"]},
        {"name": "board", "members": ["ann", "root"]},
    ],
    "fields": {"customfield_10010": "Reviewer"},
    "permissionSchemes": [
        {
            "name": "Staff",
            "grants": [
                {"permission": "ALL", "type": "projectRole", "parameter": "Developers"},
                {"permission": "BROWSE_PROJECTS", "type": "reporter"},
                {"permission": "BROWSE_PROJECTS", "type": "userCustomField", "parameter": "customfield_10010"},
            ],
        },
        {"name": "Public", "grants": [{"permission": "BROWSE_PROJECTS", "type": "anyone"}]},
    ],
    "securitySchemes": [{"name": "Levels", "levels": [{"name": "Board", "members": [{"type": "group", "parameter": "board"}, {"type": "reporter"}]}]}],
    "projects": [
        {
            "key": "ENG",
            "name": "Engineering",
            "lead": "ann",
            "permissionScheme": "Staff",
            "securityScheme": "Levels",
            "actors": {"Developers": {"groups": ["staff"]}},
        },
        {"key": "PUB", "name": "Public", "lead": "ann", "permissionScheme": "Public"},
    ],
    "issues": [
        {"project": "ENG", "summary": "First", "description": "h1. Head\n\nplain *bold*\n\n* one\n* two", "reporter": "ann", "labels": ["red"]},
        {"project": "ENG", "summary": "Secret", "reporter": "bob", "security": "Board"},
        {"project": "PUB", "summary": "For all", "reporter": "ann"},
        {"project": "ENG", "summary": "Reviewed", "reporter": "ann", "custom": {"customfield_10010": "user:eve"}},
    ],
    "oauthApps": [{"clientId": "app", "clientSecret": SECRET, "user": "root", "refreshToken": "first"}],
}


def basic(user: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}@example.com:{user}-token".encode()).decode()}


def pat(user: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {user}-token"}


def document(text: str) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]}


@dataclass
class Vendor:
    client: TestClient[web.Request, web.Application]
    seeded: dict[str, Any]
    edition: Edition = Edition.CLOUD

    async def ask(self, method: str, path: str, body: object = None, user: str | None = "root", expect: int = 200, **more: Any) -> Any:
        """The JSON of an answer, or None where there is none. ``path`` is below /rest/api/N/ unless it starts with a slash."""
        cloud = self.edition is Edition.CLOUD
        headers = more.pop("headers", None) or (({} if user is None else basic(user)) if cloud else ({} if user is None else pat(user)))
        url = path if path.startswith("/") else f"/rest/api/{3 if cloud else 2}/{path}"
        async with self.client.request(method, url, json=body, headers=headers, **more) as response:
            text = await response.text()
            assert response.status == expect, (method, path, response.status, text)
            return json.loads(text) if "json" in response.content_type and text else None

    async def visible(self, user: str) -> list[str]:
        ids: list[str] = (await self.ask("GET", f"/_control/visible?user={user}"))["ids"]
        return ids

    async def settled(self) -> list[dict[str, Any]]:
        found = await self.ask("GET", "/_control/deliveries?wait=5")
        assert found["settled"]
        deliveries: list[dict[str, Any]] = found["deliveries"]
        return deliveries


@dataclass
class Got:
    """What the receiver was sent."""

    body: bytes
    headers: dict[str, str]
    path: str

    @property
    def json(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read


@dataclass
class Receiver:
    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses to answer with, in order; then 200."""

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append(Got(await request.read(), dict(request.headers), request.path_qs))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def events(self) -> list[str]:
        return [got.json["webhookEvent"] for got in self.got]


async def start(edition: Edition) -> AsyncIterator[Vendor]:
    client = TestClient(TestServer(application(edition, speed=100_000)))
    async with client:
        async with client.post("/_control/seed", json=SEED) as response:
            assert response.status == 200, await response.text()
            seeded = await response.json()
        yield Vendor(client, seeded, edition)


@pytest.fixture
async def cloud() -> AsyncIterator[Vendor]:
    async for vendor in start(Edition.CLOUD):
        yield vendor


@pytest.fixture
async def center() -> AsyncIterator[Vendor]:
    async for vendor in start(Edition.DATACENTER):
        yield vendor


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.handle)
    server = TestServer(app)
    await server.start_server()
    made.url = str(server.make_url("/hook"))
    yield made
    await server.close()


ALL_EVENTS = [
    *(f"jira:issue_{verb}" for verb in ("created", "updated", "deleted")),
    *(f"{kind}_{verb}" for kind in ("comment", "attachment", "issuelink", "project", "user") for verb in ("created", "updated", "deleted", "soft_deleted")),
]


async def register(vendor: Vendor, receiver: Receiver, **more: Any) -> dict[str, Any]:
    body = {"name": "ours", "url": receiver.url, "events": ALL_EVENTS, "secret": SECRET, "excludeBody": False, **more}
    hook: dict[str, Any] = await vendor.ask("POST", "/rest/webhooks/1.0/webhook", body, expect=201)
    return hook


async def new_issue(vendor: Vendor, summary: str = "New", user: str = "ann", **fields: Any) -> str:
    body = {"fields": {"project": {"key": "ENG"}, "summary": summary, "issuetype": {"name": "Bug"}, **fields}}
    key: str = (await vendor.ask("POST", "issue", body, user=user, expect=201))["key"]
    return key


# Shapes


async def test_an_issue_is_documents_in_v3_and_wiki_markup_in_v2(cloud: Vendor) -> None:
    third = await cloud.ask("GET", "issue/ENG-1?expand=renderedFields,names", user="ann")
    second = await cloud.ask("GET", "/rest/api/2/issue/ENG-1", user="ann")
    fields = third["fields"]
    assert (third["id"], third["key"]) == (str(cloud.seeded["issues"][0]), "ENG-1")
    assert third["self"].endswith(f"/rest/api/3/issue/{third['id']}")
    assert [node["type"] for node in fields["description"]["content"]] == ["heading", "paragraph", "bulletList"]
    assert second["fields"]["description"].startswith("h1. Head")
    assert "<b>bold</b>" in third["renderedFields"]["description"]
    assert third["names"]["customfield_10010"] == "Reviewer"
    assert fields["reporter"]["accountId"] == "ann"
    assert {"name", "key"}.isdisjoint(fields["reporter"])
    assert fields["status"]["statusCategory"]["key"] == "new"
    assert fields["updated"][-5:] in {"+0100", "+0200"}, "Ann lives in Berlin"


async def test_data_center_names_people_by_name_and_key(center: Vendor) -> None:
    issue = await center.ask("GET", "issue/ENG-1?fields=summary,reporter,description", user="ann")
    assert set(issue["fields"]) == {"summary", "reporter", "description"}
    reporter = issue["fields"]["reporter"]
    assert reporter["name"] == "ann"
    assert reporter["key"].startswith("JIRAUSER")
    assert "accountId" not in reporter
    assert reporter["self"].endswith("/rest/api/2/user?username=ann")
    assert issue["fields"]["description"].startswith("h1. Head")
    await center.ask("GET", "/rest/api/3/issue/ENG-1", user="ann", expect=404)


async def test_an_issue_is_created_edited_moved_and_deleted(cloud: Vendor) -> None:
    key = await new_issue(cloud, description=document("text"), labels=["a"])
    edit = {"fields": {"summary": "Renamed", "assignee": {"accountId": "bob"}}, "update": {"labels": [{"add": "b"}, {"remove": "a"}]}}
    await cloud.ask("PUT", f"issue/{key}", edit, user="ann", expect=204)
    listed = await cloud.ask("GET", f"issue/{key}/transitions", user="ann")
    done = next(move["id"] for move in listed["transitions"] if move["to"]["name"] == "Done")
    await cloud.ask("POST", f"issue/{key}/transitions", {"transition": {"id": done}}, user="ann", expect=204)
    found = await cloud.ask("GET", f"issue/{key}?expand=changelog", user="ann")
    assert (found["fields"]["summary"], found["fields"]["labels"], found["fields"]["status"]["name"]) == ("Renamed", ["b"], "Done")
    assert found["fields"]["resolution"]["name"] == "Done"
    changed = [item["field"] for change in found["changelog"]["histories"] for item in change["items"]]
    assert changed == ["resolution", "status", "summary", "assignee", "labels"]
    await cloud.ask("DELETE", f"issue/{key}", user="ann", expect=204)
    gone = await cloud.ask("GET", f"issue/{key}", user="ann", expect=404)
    assert gone == {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}


async def test_a_refused_field_changes_nothing(cloud: Vendor) -> None:
    wrong = {"fields": {"summary": "Half", "description": "no document"}}
    answer = await cloud.ask("PUT", "issue/ENG-1", wrong, user="ann", expect=400)
    assert answer["errors"] == {"description": "Operation value must be an Atlassian Document (see the Atlassian Document Format)"}
    unknown = await cloud.ask("PUT", "issue/ENG-1", {"fields": {"summary": "Half", "nonsense": 1}}, user="ann", expect=400)
    assert "nonsense" in unknown["errors"]
    assert (await cloud.ask("GET", "issue/ENG-1", user="ann"))["fields"]["summary"] == "First"


async def test_comments_come_in_pages_and_move_the_issue(cloud: Vendor) -> None:
    before = (await cloud.ask("GET", "issue/ENG-1?fields=updated", user="ann"))["fields"]["updated"]
    made = [(await cloud.ask("POST", "issue/ENG-1/comment", {"body": document(f"c{n}")}, user="ann", expect=201))["id"] for n in range(5)]
    pages = [await cloud.ask("GET", f"issue/ENG-1/comment?startAt={at}&maxResults=2", user="ann") for at in (0, 2, 4)]
    assert [comment["id"] for page in pages for comment in page["comments"]] == made
    assert pages[0]["total"] == 5
    await cloud.ask("PUT", f"issue/ENG-1/comment/{made[0]}", {"body": document("edited")}, user="ann", expect=200)
    await cloud.ask("DELETE", f"issue/ENG-1/comment/{made[1]}", user="ann", expect=204)
    found = await cloud.ask("GET", f"issue/ENG-1/comment/{made[0]}?expand=renderedBody", user="ann")
    assert found["renderedBody"] == "<p>edited</p>"
    assert (await cloud.ask("GET", "issue/ENG-1?fields=updated", user="ann"))["fields"]["updated"] > before


async def test_attachments_are_uploaded_described_and_fetched(cloud: Vendor) -> None:
    form = FormData()
    form.add_field("file", b"hello", filename="a.txt", content_type="text/plain")
    async with cloud.client.post("/rest/api/3/issue/ENG-1/attachments", data=form, headers=basic("ann")) as refused:
        assert refused.status == 403
    form = FormData()
    form.add_field("file", b"hello", filename="a.txt", content_type="text/plain")
    async with cloud.client.post("/rest/api/3/issue/ENG-1/attachments", data=form, headers=basic("ann") | {"X-Atlassian-Token": "no-check"}) as answer:
        (uploaded,) = await answer.json()
    meta = await cloud.ask("GET", f"attachment/{uploaded['id']}", user="ann")
    assert (meta["id"], meta["size"], meta["mimeType"]) == (int(uploaded["id"]), 5, "text/plain")
    async with cloud.client.get(f"/rest/api/3/attachment/content/{meta['id']}", headers=basic("ann"), allow_redirects=False) as moved:
        assert moved.status == 303
        place = moved.headers["Location"]
    async with cloud.client.session.get(place) as content:
        assert await content.read() == b"hello", "the place of the redirect asks for no credentials"
    await cloud.ask("GET", f"attachment/content/{meta['id']}", user="eve", expect=404)


async def test_data_center_serves_attachments_with_credentials(center: Vendor) -> None:
    form = FormData()
    form.add_field("file", b"hello", filename="a.txt", content_type="text/plain")
    async with center.client.post("/rest/api/2/issue/ENG-1/attachments", data=form, headers=pat("ann") | {"X-Atlassian-Token": "no-check"}) as answer:
        (uploaded,) = await answer.json()
    path = uploaded["content"].partition("/secure")[1] + uploaded["content"].partition("/secure")[2]
    async with center.client.get(path, headers=pat("ann")) as content:
        assert await content.read() == b"hello"
    async with center.client.get(path) as content:
        assert content.status == 404


async def test_links_are_seen_from_both_ends_by_who_sees_the_other(cloud: Vendor) -> None:
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": "ENG-1"}, "outwardIssue": {"key": "ENG-2"}}
    await cloud.ask("POST", "issueLink", link, user="ann", expect=201)
    first = (await cloud.ask("GET", "issue/ENG-1?fields=issuelinks", user="ann"))["fields"]["issuelinks"]
    second = (await cloud.ask("GET", "issue/ENG-2?fields=issuelinks", user="ann"))["fields"]["issuelinks"]
    assert first[0]["outwardIssue"]["key"] == "ENG-2"
    assert second[0]["inwardIssue"]["key"] == "ENG-1"
    await cloud.ask("DELETE", "group/user?groupname=board&accountId=root", expect=200)
    assert (await cloud.ask("GET", "issue/ENG-1?fields=issuelinks"))["fields"]["issuelinks"] == [], "root no longer sees ENG-2"


def test_markup_goes_there_and_back() -> None:
    wiki = "h2. Title\n\nwith *bold*, [a site|https://example.com] and {{code}}\n\n# one\n# two\n\n{code:python}\nx = 1\n{code}\n\n----"
    assert to_wiki(to_document(wiki)) == wiki
    table = {"type": "table", "content": [{"type": "tableRow", "content": [{"type": "tableCell", "content": [document("x")["content"][0]]}]}]}
    mention = {"type": "paragraph", "content": [{"type": "mention", "attrs": {"id": "ann", "text": "@Ann"}}]}
    assert to_wiki({"type": "doc", "version": 1, "content": [table, mention]}) == "|x|\n\n[~accountid:ann]"
    assert to_html("a < b") == "<p>a &lt; b</p>"


# Search


async def pages(vendor: Vendor, jql: str, user: str = "ann", size: int = 2) -> AsyncIterator[list[str]]:
    token: dict[str, str] = {}
    while True:
        answer = await vendor.ask("POST", "search/jql", {"jql": jql, "maxResults": size, "fields": ["updated"], **token}, user=user)
        yield [issue["key"] for issue in answer["issues"]]
        if answer["isLast"]:
            assert "nextPageToken" not in answer
            return
        token = {"nextPageToken": answer["nextPageToken"]}


async def test_pages_of_a_search_neither_skip_nor_repeat_while_issues_are_added(cloud: Vendor) -> None:
    await cloud.ask("POST", "/_control/seed", {"generate": [{"project": "ENG", "count": 9, "words": 10}]})
    wanted = {key async for page in pages(cloud, "project = ENG ORDER BY key ASC") for key in page}
    found: list[str] = []
    async for page in pages(cloud, "project = ENG ORDER BY key ASC"):
        found += page
        await new_issue(cloud) if len(found) < 6 else None
    assert len(found) == len(set(found))
    assert wanted <= set(found)
    assert found == sorted(found, key=lambda key: int(key.partition("-")[2]))


async def test_a_page_that_an_edit_overtakes_shows_the_issue_again_at_the_end(cloud: Vendor) -> None:
    found: list[str] = []
    async for page in pages(cloud, "project = ENG ORDER BY updated ASC", size=1):
        found += page
        if len(found) == 1:
            await cloud.ask("PUT", f"issue/{found[0]}", {"fields": {"summary": "Later"}}, user="ann", expect=204)
    assert found[0] == found[-1]
    assert set(found) == {"ENG-1", "ENG-2", "ENG-3"}


async def test_a_search_gives_ids_alone_unless_asked_for_more(cloud: Vendor) -> None:
    answer = await cloud.ask("GET", "search/jql?jql=project%20%3D%20ENG", user="ann")
    assert answer == {
        "issues": [{"id": str(number)} for number in (cloud.seeded["issues"][0], cloud.seeded["issues"][1], cloud.seeded["issues"][3])],
        "isLast": True,
    }
    keys = await cloud.ask("GET", "search/jql?jql=project%20%3D%20PUB&fields=key", user=None)
    assert [issue["key"] for issue in keys["issues"]] == ["PUB-1"]


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("ORDER BY updated", "Unbounded JQL queries are not allowed here"),
        ("project = NONE", "The value 'NONE' does not exist for the field 'project'."),
        ('updated >= "2026-01-01 10:00:30"', "Date value"),
        ("nonsense = 1", "Field 'nonsense' does not exist"),
        ("project = ENG extra", "Expecting either 'OR' or 'AND'"),
        ("project =", "ends too early"),
    ],
)
async def test_a_wrong_query_is_refused(cloud: Vendor, jql: str, message: str) -> None:
    answer = await cloud.ask("POST", "search/jql", {"jql": jql}, expect=400)
    assert message in answer["errorMessages"][0]


async def test_dates_in_a_query_are_minutes_of_the_askers_time_zone(cloud: Vendor) -> None:
    seeded = {"project": "ENG", "summary": "Dated", "reporter": "ann", "created": "2020-06-01T10:00:00Z", "updated": "2020-06-01T10:00:30Z"}
    await cloud.ask("POST", "/_control/seed", {"issues": [seeded]})
    ask = 'project = ENG AND updated >= "{}" AND updated < "2020-06-02 00:00"'
    berlin = [[key async for page in pages(cloud, ask.format(moment)) for key in page] for moment in ("2020-06-01 12:00", "2020/06/01 12:01")]
    assert berlin == [["ENG-4"], []], "12:00 in Berlin is 10:00 UTC"
    utc = [key async for page in pages(cloud, ask.format("2020-06-01 10:00"), user="bob") for key in page]
    assert utc == ["ENG-4"]
    assert [key async for page in pages(cloud, 'updated >= "-5m" AND project in (ENG, PUB) AND NOT key = ENG-1') for key in page] == ["ENG-2", "PUB-1", "ENG-3"]


async def test_a_search_is_behind_by_the_seconds_that_it_is_told(cloud: Vendor) -> None:
    await cloud.ask(
        "POST", "/_control/seed", {"issues": [{"project": "PUB", "summary": "Old", "created": "2020-01-01T00:00:00Z", "updated": "2020-01-01T00:00:00Z"}]}
    )
    await cloud.ask("PUT", "project/PUB/permissionscheme", {"id": 0})
    await cloud.ask("PUT", "issue/PUB-2", {"fields": {"summary": "Changed"}}, expect=204)
    recent = {"jql": 'project = PUB AND updated >= "-5m"', "fields": ["summary"]}
    assert [issue["key"] for issue in (await cloud.ask("POST", "search/jql", recent))["issues"]] == ["PUB-1", "PUB-2"]
    await cloud.ask("PUT", "/_control/search", {"lag_seconds": 60})
    assert (await cloud.ask("POST", "search/jql", recent))["issues"] == []
    (shown,) = (await cloud.ask("POST", "search/jql", recent | {"jql": "project = PUB"}))["issues"]
    assert shown["fields"]["summary"] == "Changed", "found by its old time, shown as it is"
    number = int(shown["id"])
    assert [issue["key"] for issue in (await cloud.ask("POST", "search/jql", recent | {"reconcileIssues": [number]}))["issues"]] == ["PUB-2"]


async def test_clouds_old_search_is_gone(cloud: Vendor) -> None:
    answer = await cloud.ask("GET", "search?jql=project%20%3D%20ENG", expect=410)
    assert "search/jql" in answer["errorMessages"][0]


async def test_data_centers_search_counts_and_starts_anywhere(center: Vendor) -> None:
    answer = await center.ask("GET", "search?jql=project%20%3D%20ENG%20ORDER%20BY%20key%20DESC&startAt=1&maxResults=1&fields=summary", user="ann")
    assert (answer["startAt"], answer["maxResults"], answer["total"]) == (1, 1, 3)
    assert [issue["key"] for issue in answer["issues"]] == ["ENG-2"]
    await center.ask("GET", "search/jql?jql=x", expect=404)


async def test_many_issues_are_fetched_at_once_and_hidden_ones_named(cloud: Vendor) -> None:
    answer = await cloud.ask("POST", "issue/bulkfetch", {"issueIdsOrKeys": ["ENG-1", "ENG-2", "ENG-99"], "fields": ["summary"]}, user="bob")
    assert [issue["key"] for issue in answer["issues"]] == ["ENG-1", "ENG-2"]
    assert [error["id"] for error in answer["issueErrors"]] == ["ENG-99"]


# Permissions


async def searched(vendor: Vendor, user: str) -> list[str]:
    answer = await vendor.ask("POST", "search/jql", {"jql": "project in (ENG, PUB)", "maxResults": 100}, user=user)
    return [issue["id"] for issue in answer["issues"]]


async def test_what_the_oracle_says_is_what_the_api_shows(cloud: Vendor) -> None:
    first, secret, public, reviewed = (str(number) for number in cloud.seeded["issues"])
    expected = {"root": [first, secret, public, reviewed], "bob": [first, secret, public, reviewed], "eve": [public, reviewed]}
    for user, ids in expected.items():
        assert await cloud.visible(user) == ids == await searched(cloud, user), user
    await cloud.ask("GET", "issue/ENG-1", user="eve", expect=404)
    await cloud.ask("GET", "issue/PUB-1", user=None)


async def test_a_security_level_hides_from_administrators_too_and_members_come_and_go(cloud: Vendor) -> None:
    secret, scheme = str(cloud.seeded["issues"][1]), cloud.seeded["securitySchemes"]["Levels"]
    await cloud.ask("DELETE", "group/user?groupname=board&accountId=root")
    assert secret not in await cloud.visible("root")
    level = cloud.seeded["securityLevels"]["Board"]
    await cloud.ask("PUT", f"issuesecurityschemes/{scheme}/level/{level}/member", {"members": [{"type": "user", "parameter": "root"}]}, expect=204)
    assert secret in await cloud.visible("root")
    members = await cloud.ask("GET", f"issuesecurityschemes/{scheme}/members?maxResults=1")
    assert (members["total"], members["isLast"]) == (3, False)
    rest = await cloud.ask("GET", members["nextPage"].partition("/rest/api/3/")[2])
    assert rest["values"][0]["holder"] == {"type": "reporter"}
    last = (await cloud.ask("GET", "issuesecurityschemes/level/member?levelId=" + str(level)))["values"][-1]
    assert (last["issueSecurityLevelId"], last["holder"]["parameter"]) == (str(level), "root")
    await cloud.ask("DELETE", f"issuesecurityschemes/{scheme}/level/{level}/member/{last['id']}", expect=204)
    assert secret not in await cloud.visible("root")


async def test_a_comment_for_a_role_or_group_is_hidden_from_others(cloud: Vendor) -> None:
    for told in ({"type": "group", "value": "board"}, {"type": "role", "value": "Developers"}):
        await cloud.ask("POST", "issue/ENG-3/comment", {"body": document("inner"), "visibility": told}, user="ann", expect=201)
    seen = {user: (await cloud.ask("GET", "issue/ENG-3/comment", user=user))["comments"] for user in ("ann", "bob", "eve")}
    assert [len(comments) for comments in seen.values()] == [2, 1, 0]
    assert seen["ann"][0]["visibility"]["type"] == "group"
    assert seen["ann"][0]["visibility"]["identifier"] == cloud.seeded["groups"]["board"]
    field_of_bob = (await cloud.ask("GET", "issue/ENG-3?fields=comment", user="bob"))["fields"]["comment"]
    assert (field_of_bob["total"], len(field_of_bob["comments"])) == (1, 1)
    await cloud.ask("POST", "issue/ENG-3/comment", {"body": document("x"), "visibility": {"type": "group", "value": "board"}}, user="bob", expect=400)


async def test_grants_actors_and_members_are_listed_and_change_what_is_seen(cloud: Vendor) -> None:
    first, role = str(cloud.seeded["issues"][0]), cloud.seeded["roles"]["Developers"]
    scheme = await cloud.ask("GET", "project/ENG/permissionscheme?expand=permissions")
    holders = [grant["holder"] for grant in scheme["permissions"] if grant["permission"] == "BROWSE_PROJECTS"]
    assert {"type": "projectRole", "parameter": str(role), "value": str(role), "expand": "projectRole"} in holders
    assert {"type": "reporter"} in holders
    shown = await cloud.ask("GET", f"project/ENG/role/{role}")
    assert [actor["actorGroup"]["name"] for actor in shown["actors"]] == ["staff"]
    await cloud.ask("POST", f"project/ENG/role/{role}", {"user": ["eve"]})
    assert first in await cloud.visible("eve")
    await cloud.ask("DELETE", f"project/ENG/role/{role}?user=eve", expect=204)
    body = {"holder": {"type": "group", "parameter": "outside"}, "permission": "BROWSE_PROJECTS"}
    await cloud.ask("POST", "group", {"name": "outside"}, expect=201)
    grant = await cloud.ask("POST", f"permissionscheme/{scheme['id']}/permission", body, expect=201)
    assert grant["holder"]["value"] == (await cloud.ask("GET", "group/bulk?groupName=outside"))["values"][0]["groupId"]
    assert first not in await cloud.visible("eve")
    await cloud.ask("POST", "group/user?groupname=outside", {"accountId": "eve"}, expect=201)
    assert first in await cloud.visible("eve")
    await cloud.ask("DELETE", f"permissionscheme/{scheme['id']}/permission/{grant['id']}", expect=204)
    assert first not in await cloud.visible("eve")
    await cloud.ask("PUT", "project/ENG/permissionscheme", {"id": cloud.seeded["permissionSchemes"]["Public"]})
    assert first in await cloud.visible("eve")


async def connector_view(vendor: Vendor, key: str) -> tuple[set[str], set[str] | None]:
    """Principals that may browse an issue, and those of its security level, from what REST lists alone: "user:ID" and "*" for anyone."""
    issue = (await vendor.ask("GET", f"issue/{key}"))["fields"]
    project = issue["project"]["key"]
    scheme = await vendor.ask("GET", f"project/{project}/permissionscheme?expand=permissions")
    browse = [grant["holder"] for grant in scheme["permissions"] if grant["permission"] == "BROWSE_PROJECTS"]
    allowed = {name for holder in browse for name in await principals(vendor, holder, issue, project)}
    if not issue["security"]:
        return allowed, None
    security = await vendor.ask("GET", f"project/{project}/issuesecuritylevelscheme")
    members = await vendor.ask("GET", f"issuesecurityschemes/{security['id']}/members?issueSecurityLevelId={issue['security']['id']}")
    return allowed, {name for member in members["values"] for name in await principals(vendor, member["holder"], issue, project)}


async def principals(vendor: Vendor, holder: dict[str, Any], issue: dict[str, Any], project: str) -> set[str]:
    match holder["type"]:
        case "anyone":
            return {"*"}
        case "group":
            return {user["accountId"] for user in (await vendor.ask("GET", f"group/member?groupId={holder['value']}"))["values"]}
        case "reporter":
            return {issue["reporter"]["accountId"]}
        case "userCustomField":
            return {issue[holder["parameter"]]["accountId"]} if issue[holder["parameter"]] else set()
        case "projectRole":
            actors = (await vendor.ask("GET", f"project/{project}/role/{holder['parameter']}"))["actors"]
            groups = [{"type": "group", "value": actor["actorGroup"]["groupId"]} for actor in actors if "actorGroup" in actor]
            users = {actor["actorUser"]["accountId"] for actor in actors if "actorUser" in actor}
            return users.union(*[await principals(vendor, group, issue, project) for group in groups])
    raise AssertionError(holder)


async def test_what_rest_lists_is_enough_to_reach_the_oracles_answer(cloud: Vendor) -> None:
    for number, key in zip(cloud.seeded["issues"], ("ENG-1", "ENG-2", "PUB-1", "ENG-3"), strict=True):
        allowed, level = await connector_view(cloud, key)
        for user in ("root", "ann", "bob", "eve"):
            sees = bool({user, "*"} & allowed) and (level is None or bool({user, "*"} & level))
            assert sees is (str(number) in await cloud.visible(user)), (key, user)


async def test_members_of_a_group_come_in_pages_of_fifty(cloud: Vendor) -> None:
    people = [{"id": f"p{number}", "active": number != 7} for number in range(120)]
    await cloud.ask("POST", "/_control/seed", {"users": people, "groups": [{"name": "crowd", "members": [person["id"] for person in people]}]})
    found: list[str] = []
    at: int | None = 0
    while at is not None:
        page = await cloud.ask("GET", f"group/member?groupname=crowd&maxResults=500&startAt={at}")
        found += [user["accountId"] for user in page["values"]]
        assert page["maxResults"] == 50
        at = None if page["isLast"] else at + 50
    assert len(found) == len(set(found)) == 119, "inactive people are left out"
    await cloud.ask("GET", "group/member?groupname=crowd", user="bob", expect=403)


async def test_permissions_are_checked_in_bulk(cloud: Vendor) -> None:
    first, secret, _, reviewed = cloud.seeded["issues"]
    asked = {
        "accountId": "eve",
        "globalPermissions": ["ADMINISTER"],
        "projectPermissions": [{"permissions": ["BROWSE_PROJECTS", "EDIT_ISSUES"], "projects": [], "issues": [first, secret, reviewed, 1]}],
    }
    answer = await cloud.ask("POST", "permissions/check", asked)
    assert answer["globalPermissions"] == []
    assert {row["permission"]: row["issues"] for row in answer["projectPermissions"]} == {"BROWSE_PROJECTS": [reviewed], "EDIT_ISSUES": []}
    await cloud.ask("POST", "permissions/check", asked, user="bob", expect=403)


# Who asks


async def test_wrong_credentials_are_refused_and_people_know_themselves(cloud: Vendor) -> None:
    await cloud.ask("GET", "myself", headers={"Authorization": "Basic " + base64.b64encode(b"ann@example.com:wrong").decode()}, expect=401)
    await cloud.ask("GET", "myself", user=None, expect=401)
    assert (await cloud.ask("GET", "myself", user="ann"))["accountId"] == "ann"
    assert "emailAddress" not in await cloud.ask("GET", "user?accountId=eve")
    assert (await cloud.ask("GET", "serverInfo", user=None))["deploymentType"] == "Cloud"


async def test_an_apps_tokens_end_and_refresh_tokens_are_good_once(cloud: Vendor) -> None:
    asked = {"grant_type": "refresh_token", "client_id": "app", "client_secret": SECRET, "refresh_token": "first"}
    tokens = await cloud.ask("POST", "/oauth/token", asked, user=None)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    (site,) = await cloud.ask("GET", "/oauth/token/accessible-resources", headers=bearer)
    mine = await cloud.ask("GET", f"/ex/jira/{site['id']}/rest/api/3/myself", headers=bearer)
    assert mine["accountId"] == "root"
    refused = await cloud.ask("POST", "/oauth/token", asked, user=None, expect=403)
    assert refused["error"] == "invalid_grant"
    assert await cloud.ask("POST", "/_control/expire") == {"ended": 1}
    await cloud.ask("GET", "myself", headers=bearer, expect=401)
    again = await cloud.ask("POST", "/oauth/token", asked | {"refresh_token": tokens["refresh_token"]}, user=None)
    await cloud.ask("GET", "myself", headers={"Authorization": f"Bearer {again['access_token']}"})


# Webhooks


async def test_a_webhook_is_signed_over_its_raw_body(cloud: Vendor, receiver: Receiver) -> None:
    hook = await register(cloud, receiver, url=receiver.url + "?key={issue.key}")
    assert hook["isSigned"] is True
    assert "secret" not in hook
    key = await new_issue(cloud, "Größe")
    await cloud.ask("PUT", f"issue/{key}", {"fields": {"summary": "Other"}}, user="ann", expect=204)
    await cloud.settled()
    created, updated = sorted(receiver.got, key=lambda got: got.json["timestamp"])
    for got in (created, updated):
        assert got.headers["X-Hub-Signature"] == "sha256=" + hmac.new(SECRET.encode(), got.body, hashlib.sha256).hexdigest()
        assert got.headers["X-Atlassian-Webhook-Flow"] == "Primary"
        assert "X-Atlassian-Webhook-Retry" not in got.headers
        assert got.path.endswith(f"?key={key}")
    assert created.headers["X-Atlassian-Webhook-Identifier"] != updated.headers["X-Atlassian-Webhook-Identifier"]
    assert "Größe".encode() in created.body
    body = updated.json
    assert (body["webhookEvent"], body["issue_event_type_name"], body["issue"]["key"]) == ("jira:issue_updated", "issue_updated", key)
    (item,) = body["changelog"]["items"]
    assert (item["field"], item["fromString"], item["toString"]) == ("summary", "Größe", "Other")
    assert "emailAddress" not in body["user"]
    assert "changelog" not in created.json


async def test_comment_attachment_and_link_events_have_their_recorded_forms(cloud: Vendor, receiver: Receiver) -> None:
    await register(cloud, receiver)
    await cloud.ask("POST", "issue/ENG-1/comment", {"body": document("hi")}, user="ann", expect=201)
    form = FormData()
    form.add_field("file", b"x", filename="a.txt", content_type="text/plain")
    async with cloud.client.post("/rest/api/3/issue/ENG-1/attachments", data=form, headers=basic("ann") | {"X-Atlassian-Token": "no-check"}) as answer:
        assert answer.status == 200
    await cloud.ask(
        "POST", "issueLink", {"type": {"name": "Blocks"}, "inwardIssue": {"key": "ENG-1"}, "outwardIssue": {"key": "ENG-3"}}, user="ann", expect=201
    )
    await cloud.settled()
    bodies = {got.json["webhookEvent"]: got.json for got in receiver.got}
    assert set(bodies) == {"comment_created", "jira:issue_updated", "attachment_created", "issuelink_created"}
    assert bodies["comment_created"]["comment"]["body"] == "hi"
    assert set(bodies["comment_created"]["issue"]["fields"]) == {"summary", "issuetype", "project", "assignee", "priority", "status"}
    assert bodies["attachment_created"]["attachment"]["filename"] == "a.txt"
    assert "issue" not in bodies["attachment_created"]
    link = bodies["issuelink_created"]["issueLink"]
    assert (link["sourceIssueId"], link["destinationIssueId"], link["issueLinkType"]["outwardName"]) == (
        *(cloud.seeded["issues"][at] for at in (0, 3)),
        "blocks",
    )


async def test_what_goes_with_a_deleted_issue_follows_as_secondary(cloud: Vendor, receiver: Receiver) -> None:
    await cloud.ask("POST", "issue/ENG-1/comment", {"body": document("hi")}, user="ann", expect=201)
    await cloud.ask(
        "POST", "issueLink", {"type": {"name": "Blocks"}, "inwardIssue": {"key": "ENG-1"}, "outwardIssue": {"key": "ENG-3"}}, user="ann", expect=201
    )
    await register(cloud, receiver)
    await cloud.ask("DELETE", "issue/ENG-1", user="ann", expect=204)
    await cloud.settled()
    flows = {got.json["webhookEvent"]: got.headers["X-Atlassian-Webhook-Flow"] for got in receiver.got}
    assert flows == {"jira:issue_deleted": "Primary", "comment_deleted": "Secondary", "issuelink_deleted": "Secondary"}


async def test_no_webhook_tells_of_permissions_but_one_of_a_security_level(cloud: Vendor, receiver: Receiver) -> None:
    await register(cloud, receiver)
    role = cloud.seeded["roles"]["Developers"]
    before = (await cloud.ask("GET", "issue/ENG-1?fields=updated"))["fields"]["updated"]
    await cloud.ask("DELETE", "group/user?groupname=staff&accountId=bob")
    await cloud.ask("POST", f"project/ENG/role/{role}", {"user": ["eve"]})
    await cloud.ask("PUT", "project/PUB/permissionscheme", {"id": 0})
    assert (await cloud.ask("GET", "issue/ENG-1?fields=updated"))["fields"]["updated"] == before
    await cloud.settled()
    assert receiver.got == []
    await cloud.ask("PUT", "issue/ENG-1", {"fields": {"security": {"id": str(cloud.seeded["securityLevels"]["Board"])}}}, user="ann", expect=204)
    await cloud.settled()
    assert [item["field"] for item in receiver.got[0].json["changelog"]["items"]] == ["security"]


async def test_projects_and_people_have_events(cloud: Vendor, receiver: Receiver) -> None:
    await register(cloud, receiver)
    await cloud.ask("POST", "project", {"key": "NEW", "name": "New", "leadAccountId": "ann"}, expect=201)
    await cloud.ask("PUT", "project/NEW", {"name": "Newer"})
    await cloud.ask("DELETE", "project/NEW", expect=204)
    await cloud.ask("GET", "project/NEW", expect=404)
    await cloud.ask("DELETE", "project/ENG?enableUndo=false", expect=204)
    user = await cloud.ask("POST", "user", {"emailAddress": "new@example.com"}, expect=201)
    await cloud.ask("DELETE", f"user?accountId={user['accountId']}", expect=204)
    await cloud.settled()
    assert sorted(receiver.events()) == ["project_created", "project_deleted", "project_soft_deleted", "project_updated", "user_created", "user_deleted"]
    assert [issue["id"] for issue in (await cloud.ask("POST", "search/jql", {"jql": "id > 0 OR project = PUB"}, expect=400)).get("issues", [])] == []
    assert await cloud.visible("ann") == await cloud.visible("anonymous") == [str(cloud.seeded["issues"][2])]


async def test_a_filter_keeps_other_projects_away_and_a_disabled_hook_is_silent(cloud: Vendor, receiver: Receiver) -> None:
    await register(cloud, receiver, filters={"issue-related-events-section": "project = PUB"})
    hook = await register(cloud, receiver, filters={"issue-related-events-section": "project = ENG AND labels = red"}, excludeBody=True)
    await register(cloud, receiver, enabled=False)
    await cloud.ask("PUT", "issue/ENG-1", {"fields": {"summary": "One"}}, user="ann", expect=204)
    await cloud.ask("PUT", "issue/ENG-3", {"fields": {"summary": "Two"}}, user="ann", expect=204)
    await cloud.settled()
    assert [got.body for got in receiver.got] == [b""]
    await cloud.ask("DELETE", hook["self"].partition("/rest/")[1] + hook["self"].partition("/rest/")[2], expect=204)
    assert len(await cloud.ask("GET", "/rest/webhooks/1.0/webhook")) == 2


async def test_an_apps_webhooks_carry_a_token_signed_with_its_secret(cloud: Vendor, receiver: Receiver) -> None:
    asked = {"grant_type": "refresh_token", "client_id": "app", "client_secret": SECRET, "refresh_token": "first"}
    bearer = {"Authorization": f"Bearer {(await cloud.ask('POST', '/oauth/token', asked, user=None))['access_token']}"}
    wanted = [
        {"events": ["jira:issue_updated"], "jqlFilter": "project = ENG", "fieldIdsFilter": ["summary"]},
        {"events": ["jira:issue_updated"], "jqlFilter": "project = ENG"},
        {"events": ["project_created"], "jqlFilter": "NOT project = ENG AND labels = red"},
    ]
    await cloud.ask("POST", "webhook", {"url": receiver.url, "webhooks": wanted}, expect=403)
    first, second, third = (await cloud.ask("POST", "webhook", {"url": receiver.url, "webhooks": wanted}, headers=bearer))["webhookRegistrationResult"]
    assert third == {"errors": ["The event project_created is unsupported", "The clause labels is unsupported"]}
    await cloud.ask("PUT", "issue/ENG-1", {"fields": {"labels": ["blue"]}}, user="ann", expect=204)
    await cloud.ask("PUT", "issue/ENG-1", {"fields": {"summary": "Renamed"}}, user="ann", expect=204)
    await cloud.settled()
    assert [got.json["matchedWebhookIds"] for got in receiver.got] == [[second["createdWebhookId"]], [first["createdWebhookId"], second["createdWebhookId"]]]
    scheme, _, token = receiver.got[0].headers["Authorization"].partition(" ")
    signed, _, signature = token.rpartition(".")
    expected = base64.urlsafe_b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    assert (scheme, signature) == ("Bearer", expected)
    assert json.loads(base64.urlsafe_b64decode(signed.partition(".")[0] + "==")) == {"alg": "HS256", "typ": "JWT"}
    await cloud.ask("POST", "webhook", {"url": receiver.url + "2", "webhooks": wanted}, headers=bearer, expect=400)
    listed = await cloud.ask("GET", "webhook", headers=bearer)
    assert [hook["id"] for hook in listed["values"]] == [first["createdWebhookId"], second["createdWebhookId"]]
    await cloud.ask("PUT", "webhook/refresh", {"webhookIds": [first["createdWebhookId"]]}, headers=bearer)
    await cloud.ask("DELETE", "webhook", {"webhookIds": [first["createdWebhookId"]]}, headers=bearer, expect=202)
    assert (await cloud.ask("GET", "webhook", headers=bearer))["total"] == 1


async def test_data_center_registers_signs_and_tells_of_comments_twice(center: Vendor, receiver: Receiver) -> None:
    body = {
        "name": "ours",
        "url": receiver.url,
        "events": ALL_EVENTS,
        "secret": "ignored",
        "configuration": {"SECRET": SECRET, "EXCLUDE_BODY": "false"},
        "active": True,
    }
    await center.ask("POST", "/rest/jira-webhook/1.0/webhooks", body, expect=201)
    await center.ask("POST", "/rest/webhooks/1.0/webhook", body, expect=404)
    await center.ask("POST", "issue/ENG-1/comment", {"body": "wiki *text*"}, user="ann", expect=201)
    await center.settled()
    assert sorted(receiver.events()) == ["comment_created", "jira:issue_updated"]
    for got in receiver.got:
        assert got.headers["X-Hub-Signature"] == "sha256=" + hmac.new(SECRET.encode(), got.body, hashlib.sha256).hexdigest()
        assert "X-Atlassian-Webhook-Flow" not in got.headers
        assert got.json["comment"]["author"]["name"] == "ann"
        assert got.json["comment"]["body"] == "wiki *text*"


async def test_five_further_tries_with_one_identifier(cloud: Vendor, receiver: Receiver) -> None:
    await register(cloud, receiver)
    receiver.answers = [503, 429, 408, 425, 409, 500, 200]
    await new_issue(cloud)
    (sent,) = await cloud.settled()
    assert sent["statuses"] == [503, 429, 408, 425, 409, 500]
    assert len({got.headers["X-Atlassian-Webhook-Identifier"] for got in receiver.got}) == 1
    assert [got.headers.get("X-Atlassian-Webhook-Retry") for got in receiver.got] == [None, "1", "2", "3", "4", "5"]
    receiver.answers = [404]
    await new_issue(cloud)
    assert (await cloud.settled())[-1]["statuses"] == [404], "no status to try again for"


# Faults


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"rate_limited": 1.0, "retry_after_seconds": 7}, 429),
        ({"unavailable": 1.0}, 503),
        ({"tokens_expired": True}, 401),
        ({"html_instead_of_json": 1.0}, 200),
    ],
)
async def test_each_fault_of_the_api_once(cloud: Vendor, fault: dict[str, Any], status: int) -> None:
    await cloud.ask("PUT", "/_control/faults", fault)
    async with cloud.client.get("/rest/api/3/myself", headers=basic("ann")) as response:
        assert response.status == status
        assert response.headers.get("Retry-After") == ("7" if status == 429 else None)
        if status == 200:
            assert response.content_type == "text/html"
        else:
            assert set(await response.json()) == {"errorMessages", "errors"}


@pytest.mark.parametrize(("fault", "times"), [({"dropped": 1.0}, 0), ({"duplicated": 1.0}, 2), ({"delayed": 1.0, "delay_seconds": 0.05}, 1)])
async def test_each_fault_of_webhooks_once(cloud: Vendor, receiver: Receiver, fault: dict[str, Any], times: int) -> None:
    await register(cloud, receiver)
    await cloud.ask("PUT", "/_control/faults", fault)
    await new_issue(cloud)
    await cloud.settled()
    assert receiver.events() == ["jira:issue_created"] * times


async def test_a_seed_that_names_nothing_known_is_refused(cloud: Vendor) -> None:
    answer = await cloud.ask("POST", "/_control/seed", {"issues": [{"project": "NONE", "summary": "x"}]}, expect=400)
    assert answer == {"error": "no project NONE"}
    await cloud.ask("POST", "/_control/seed", {"nonsense": []}, expect=400)


async def test_the_same_seed_makes_the_same_texts(cloud: Vendor, center: Vendor) -> None:
    told = {"generate": [{"project": "PUB", "count": 50, "seed": 7, "comments": 1}]}
    assert (await asyncio.gather(*(vendor.ask("POST", "/_control/seed", told) for vendor in (cloud, center))))[0]["generated"] == 50
    first, second = [(await vendor.ask("GET", "/rest/api/2/issue/PUB-30", user="ann"))["fields"] for vendor in (cloud, center)]
    assert first["description"] == second["description"]
    assert first["created"][:10] == second["created"][:10]


async def test_an_application_role_names_the_groups_that_have_access(cloud: Vendor, center: Vendor) -> None:
    for vendor in (cloud, center):
        await vendor.ask("POST", "/_control/seed", {"applications": {"jira-software": ["staff"]}})
        await vendor.ask("GET", "applicationrole/jira-servicedesk", expect=404)
        await vendor.ask("GET", "applicationrole/jira-software", user="ann", expect=403)
    shown = await cloud.ask("GET", "applicationrole/jira-software")
    assert (shown["groups"], [group["groupId"] for group in shown["groupDetails"]]) == (["staff"], [cloud.seeded["groups"]["staff"]])
    assert "groupDetails" not in await center.ask("GET", "applicationrole/jira-software")


async def test_data_center_does_not_list_the_members_of_a_security_level(center: Vendor) -> None:
    scheme = (await center.ask("GET", "project/ENG/issuesecuritylevelscheme"))["id"]
    await center.ask("GET", f"issuesecurityschemes/{scheme}")
    await center.ask("GET", f"issuesecurityschemes/{scheme}/members", expect=404)
