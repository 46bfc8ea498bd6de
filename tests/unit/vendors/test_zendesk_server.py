"""The Zendesk stand-in over HTTP: shapes, pages, permissions, webhooks and faults. Signatures are computed here a second time, from the vendor's words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import BasicAuth, FormData, web
from aiohttp.test_utils import TestClient, TestServer

from examples.vendors.zendesk.retries import ZendeskRetries
from examples.vendors.zendesk.routes import application
from examples.vendors.zendesk.state import Desk

ADMIN = BasicAuth("integration@example.com/token", "test-token")
SUPPORT, SECRET_TEAM = 11, 12
SHARING, CLOSED_ORG = 21, 22
ALL_AGENT, GROUP_AGENT, ORG_AGENT, ASSIGNED_AGENT, CUSTOMER, COLLEAGUE, CURIOUS = 31, 32, 33, 34, 35, 36, 37
STAFF, VIP, GUIDES = 41, 42, 43
SECTION = 61

SEED = {
    "groups": [{"id": SUPPORT, "name": "Support"}, {"id": SECRET_TEAM, "name": "Legal", "is_public": False}],
    "organizations": [{"id": SHARING, "name": "Sharing", "shared_tickets": True}, {"id": CLOSED_ORG, "name": "Closed"}],
    "users": [
        {"id": ALL_AGENT, "name": "All", "email": "all@example.com", "role": "agent"},
        {"id": GROUP_AGENT, "name": "Group", "email": "group@example.com", "role": "agent", "ticket_restriction": "groups", "group_ids": [SUPPORT]},
        {"id": ORG_AGENT, "name": "Org", "email": "org@example.com", "role": "agent", "ticket_restriction": "organization", "organization_ids": [CLOSED_ORG]},
        {"id": ASSIGNED_AGENT, "name": "Own", "email": "own@example.com", "role": "agent", "ticket_restriction": "assigned", "group_ids": [SUPPORT]},
        {"id": CUSTOMER, "name": "Customer", "email": "customer@example.com", "organization_ids": [SHARING], "tags": ["vip"]},
        {"id": COLLEAGUE, "name": "Colleague", "email": "colleague@example.com", "organization_ids": [SHARING, CLOSED_ORG]},
        {"id": CURIOUS, "name": "Curious", "email": "curious@example.com", "organization_ids": [CLOSED_ORG], "ticket_restriction": "organization"},
    ],
    "user_segments": [
        {"id": STAFF, "name": "Staff", "user_type": "staff"},
        {"id": VIP, "name": "VIP", "tags": ["vip"], "added_user_ids": [COLLEAGUE]},
        {"id": GUIDES, "name": "Support only", "user_type": "staff", "group_ids": [SUPPORT]},
    ],
    "categories": [{"id": 51, "name": "Handbook"}],
    "sections": [{"id": SECTION, "name": "Faults", "category_id": 51}],
    "tickets": [
        {
            "id": 1,
            "subject": "Shared",
            "requester_id": CUSTOMER,
            "organization_id": SHARING,
            "group_id": SUPPORT,
            "assignee_id": ASSIGNED_AGENT,
            "comments": [
                {"body": "It burns & smokes", "attachments": [{"file_name": "log.txt", "content_base64": base64.b64encode(b"smoke").decode()}]},
                {"body": "A drunk customer?", "public": False, "author_id": GROUP_AGENT},
            ],
        },
        {"id": 2, "subject": "Closed org", "requester_id": COLLEAGUE, "organization_id": CLOSED_ORG, "comments": [{"body": "Two"}]},
        {
            "id": 3,
            "subject": "Private group",
            "requester_id": COLLEAGUE,
            "group_id": SECRET_TEAM,
            "email_cc_ids": [GROUP_AGENT],
            "comments": [{"body": "Three"}],
        },
        {"id": 4, "subject": "Internal", "requester_id": CUSTOMER, "comments": [{"body": "Four", "public": False, "author_id": ALL_AGENT}]},
    ],
    "articles": [
        {"id": 71, "section_id": SECTION, "title": "Public", "body": "<p>One</p>"},
        {"id": 72, "section_id": SECTION, "title": "Staff", "body": "<p>Two</p>", "user_segment_ids": [STAFF]},
        {"id": 73, "section_id": SECTION, "title": "VIP", "body": "<p>Three</p>", "user_segment_ids": [VIP, GUIDES]},
        {"id": 74, "section_id": SECTION, "title": "Draft", "body": "<p>Four</p>", "draft": True},
    ],
}


class Account:
    """The server, an admin's requests, and a receiver that answers with what the test lays ready."""

    def __init__(self, desk: Desk, client: TestClient[web.Request, web.Application]) -> None:
        self.desk = desk
        self.client = client
        self.arrived: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[web.Response] = []
        self.receiver = ""

    async def ask(self, method: str, path: str, user: int | None = None, **more: Any) -> tuple[int, Any]:
        who: dict[str, Any] = {"auth": ADMIN} if user is None else {"headers": {"Authorization": f"Bearer oauth-{user}"}}
        async with self.client.request(method, path, **who, **more) as response:
            return response.status, await response.json() if response.content_type == "application/json" and response.content_length else None

    async def get(self, path: str, user: int | None = None) -> Any:
        status, body = await self.ask("GET", path, user)
        assert status == 200, (path, status, body)
        return body

    async def subscribe(self, *types: str) -> str:
        form = {"name": "hook", "endpoint": self.receiver, "http_method": "POST", "request_format": "json", "status": "active"}
        status, body = await self.ask("POST", "/api/v2/webhooks", json={"webhook": {**form, "subscriptions": [f"zen:event-type:{each}" for each in types]}})
        assert status == 201
        return str(body["webhook"]["id"])

    async def faults(self, **settings: Any) -> None:
        assert (await self.ask("PUT", "/_control/faults", json=settings))[0] == 200

    async def bodies(self) -> list[Any]:
        """What arrived, once nothing is on its way."""
        assert (await self.get("/_control/deliveries?wait=5"))["settled"]
        return [json.loads(body) for _, body in self.arrived]

    async def receive(self, request: web.Request) -> web.Response:
        self.arrived.append((dict(request.headers), await request.read()))
        return self.answers.pop(0) if self.answers else web.Response()


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    desk = Desk()
    async with TestClient(TestServer(application(desk, speed=1000.0, export_lag_seconds=0.0))) as client:
        held = Account(desk, client)
        receiver = web.Application()
        receiver.router.add_post("/hook", held.receive)
        async with TestServer(receiver) as server:
            held.receiver = str(server.make_url("/hook"))
            assert (await held.ask("POST", "/_control/seed", json=SEED))[0] == 200
            yield held


async def pages(account: Account, path: str, name: str) -> AsyncIterator[list[Any]]:
    url: str | None = path
    while url:
        body = await account.get(url)
        yield body[name]
        url = "/" + body["links"]["next"].split("/", 3)[3] if body["meta"]["has_more"] else None


# Shapes and authentication


async def test_a_ticket_has_the_documented_fields(account: Account) -> None:
    ticket = (await account.get("/api/v2/tickets/1.json"))["ticket"]
    assert ticket["url"].endswith("/api/v2/tickets/1.json")
    assert {"subject": "Shared", "status": "open", "description": "It burns & smokes", "is_public": True}.items() <= ticket.items()
    assert (ticket["requester_id"], ticket["organization_id"], ticket["group_id"], ticket["assignee_id"]) == (CUSTOMER, SHARING, SUPPORT, ASSIGNED_AGENT)
    assert time.strptime(ticket["updated_at"], "%Y-%m-%dT%H:%M:%SZ")
    assert isinstance(ticket["generated_timestamp"], int)


async def test_comments_have_html_and_plain_bodies_and_attachments_with_content(account: Account) -> None:
    public, internal = (await account.get("/api/v2/tickets/1/comments"))["comments"]
    assert (public["public"], internal["public"]) == (True, False)
    assert public["plain_body"] == "It burns & smokes"
    assert "It burns &amp; smokes" in public["html_body"]
    (attachment,) = public["attachments"]
    async with account.client.get("/" + attachment["content_url"].split("/", 3)[3]) as response:
        assert await response.read() == b"smoke"
        assert (response.content_type, attachment["size"]) == ("text/plain", 5)


async def test_sideloads_bring_the_people_along(account: Account) -> None:
    body = await account.get("/api/v2/tickets/1/comments?include=users")
    assert [user["id"] for user in body["users"]] == [GROUP_AGENT, CUSTOMER]
    exported = await account.get("/api/v2/incremental/tickets/cursor?start_time=0&include=groups,organizations")
    assert {each["name"] for kind in ("groups", "organizations") for each in exported[kind]} == {"Support", "Legal", "Sharing", "Closed"}


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ({}, 401),
        ({"Authorization": BasicAuth("integration@example.com/token", "wrong").encode()}, 401),
        ({"Authorization": BasicAuth("integration@example.com", "test-token").encode()}, 401),
        ({"Authorization": "Bearer nobody"}, 401),
        ({"Authorization": f"Bearer oauth-{ALL_AGENT}"}, 200),
        ({"Authorization": BasicAuth("all@example.com/token", "test-token").encode()}, 200),
    ],
)
async def test_only_a_token_of_the_account_or_of_a_user_lets_in(account: Account, authorization: dict[str, str], status: int) -> None:
    async with account.client.get("/api/v2/tickets", headers=authorization) as response:
        assert response.status == status
        if status == 401:
            assert (await response.json())["error"] == "Couldn't authenticate you"


async def test_what_is_not_there_is_record_not_found(account: Account) -> None:
    assert await account.ask("GET", "/api/v2/tickets/999") == (404, {"error": "RecordNotFound", "description": "Not found"})


async def test_a_wrong_field_is_named(account: Account) -> None:
    status, body = await account.ask("PUT", "/api/v2/tickets/1", json={"ticket": {"status": "burning"}})
    assert (status, body["error"], list(body["details"])) == (422, "RecordInvalid", ["status"])


# Pages


async def test_cursor_pages_have_no_gap_and_no_repetition_while_tickets_come_and_go(account: Account) -> None:
    await account.ask("POST", "/_control/seed", json={"generated": {"tickets": 20}})
    before = {ticket["id"] for ticket in (await account.get("/api/v2/tickets?per_page=100"))["tickets"]}
    seen: list[int] = []
    async for page in pages(account, "/api/v2/tickets?page[size]=5", "tickets"):
        assert len(page) <= 5
        seen += [ticket["id"] for ticket in page]
        if len(seen) == 10:
            await account.ask("DELETE", f"/api/v2/tickets/{seen[0]}")
            await account.ask("POST", "/api/v2/tickets", json={"ticket": {"subject": "New", "comment": {"body": "New"}}})
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


async def test_a_cursor_page_leads_back(account: Account) -> None:
    first = await account.get("/api/v2/tickets?page[size]=2&sort=-id")
    assert [ticket["id"] for ticket in first["tickets"]] == [4, 3]
    second = await account.get("/" + first["links"]["next"].split("/", 3)[3])
    assert [ticket["id"] for ticket in second["tickets"]] == [2, 1]
    back = await account.get("/" + second["links"]["prev"].split("/", 3)[3])
    assert [ticket["id"] for ticket in back["tickets"]] == [4, 3]


async def test_offset_pages_count_and_end_with_an_error(account: Account) -> None:
    body = await account.get("/api/v2/tickets?per_page=3")
    assert (len(body["tickets"]), body["count"], body["previous_page"]) == (3, 4, None)
    assert "page=2" in body["next_page"]
    assert (await account.ask("GET", "/api/v2/tickets?page=101"))[0] == 400
    assert (await account.ask("GET", "/api/v2/tickets?page[size]=2&page[after]=nonsense"))[0] == 400


async def test_the_cursor_export_gives_each_change_once_and_deleted_tickets_too(account: Account) -> None:
    await account.ask("POST", "/_control/seed", json={"generated": {"tickets": 10}})
    body = await account.get("/api/v2/incremental/tickets/cursor.json?start_time=0&per_page=6")
    seen = [ticket["id"] for ticket in body["tickets"]]
    while not body["end_of_stream"]:
        body = await account.get(f"/api/v2/incremental/tickets/cursor.json?cursor={body['after_cursor']}&per_page=6")
        seen += [ticket["id"] for ticket in body["tickets"]]
    assert sorted(seen) == list(range(1, 15))
    await account.ask("DELETE", "/api/v2/tickets/2")
    await account.ask("POST", "/_control/system_update?ticket=3")
    later = await account.get(f"/api/v2/incremental/tickets/cursor.json?cursor={body['after_cursor']}")
    assert [(ticket["id"], ticket["status"]) for ticket in later["tickets"]] == [(2, "deleted"), (3, "open")]
    none = await account.get(f"/api/v2/incremental/tickets/cursor.json?cursor={later['after_cursor']}")
    assert (none["tickets"], none["end_of_stream"], none["after_cursor"]) == ([], True, later["after_cursor"])


async def test_exports_are_for_admins_and_leave_out_the_last_minute() -> None:
    desk = Desk()
    async with TestClient(TestServer(application(desk))) as client:
        account = Account(desk, client)
        await account.ask("POST", "/_control/seed", json=SEED)
        assert (await account.ask("GET", "/api/v2/incremental/tickets/cursor?start_time=0", ALL_AGENT))[0] == 403
        await account.ask("PUT", "/api/v2/tickets/2", json={"ticket": {"status": "solved"}})
        exported = await account.get("/api/v2/incremental/tickets/cursor?start_time=0")
        assert [ticket["id"] for ticket in exported["tickets"]] == [1, 3, 4]
        status, body = await account.ask("GET", f"/api/v2/incremental/tickets/cursor?start_time={int(time.time())}")
        assert (status, body["error"]) == (400, "StartTimeTooRecent")


async def test_time_based_exports_and_ticket_events(account: Account) -> None:
    users = await account.get("/api/v2/incremental/users.json?start_time=0")
    assert (users["count"], users["end_of_stream"]) == (8, True)
    await account.ask("PUT", "/api/v2/tickets/1", json={"ticket": {"status": "pending", "comment": {"body": "Wait"}}})
    body = await account.get("/api/v2/incremental/ticket_events.json?start_time=0&include=comment_events")
    change, comment = body["ticket_events"][-1]["child_events"]
    assert (change["status"], change["previous_value"], change["event_type"]) == ("pending", "open", "Change")
    assert (comment["body"], comment["event_type"]) == ("Wait", "Comment")


# Who sees what


@pytest.mark.parametrize(
    ("user", "tickets"),
    [
        (ALL_AGENT, [1, 2, 4]),
        (GROUP_AGENT, [1, 3]),
        (ORG_AGENT, [2]),
        (ASSIGNED_AGENT, [1]),
    ],
)
async def test_agents_see_by_their_restriction_private_groups_and_ccs(account: Account, user: int, tickets: list[int]) -> None:
    assert (await account.get(f"/_control/visible?user={user}"))["tickets"] == tickets
    assert [ticket["id"] for ticket in (await account.get("/api/v2/tickets", user))["tickets"]] == tickets
    for hidden in {1, 2, 3, 4} - set(tickets):
        assert (await account.ask("GET", f"/api/v2/tickets/{hidden}/comments", user))[0] == 404


@pytest.mark.parametrize(("user", "tickets"), [(CUSTOMER, [1]), (COLLEAGUE, [1, 2, 3]), (CURIOUS, [2])])
async def test_end_users_see_their_own_and_what_their_organization_shares(account: Account, user: int, tickets: list[int]) -> None:
    assert (await account.get(f"/_control/visible?user={user}"))["tickets"] == tickets
    assert [ticket["id"] for ticket in (await account.get("/api/v2/requests", user))["requests"]] == tickets
    assert (await account.ask("GET", "/api/v2/tickets", user))[0] == 403


async def test_end_users_see_public_comments_alone(account: Account) -> None:
    assert [comment["plain_body"] for comment in (await account.get("/api/v2/requests/1/comments", CUSTOMER))["comments"]] == ["It burns & smokes"]


async def test_an_organization_that_stops_sharing_hides_its_tickets(account: Account) -> None:
    await account.ask("PUT", f"/api/v2/organizations/{SHARING}", json={"organization": {"shared_tickets": False}})
    assert (await account.get(f"/_control/visible?user={COLLEAGUE}"))["tickets"] == [2, 3]


async def test_who_leaves_a_group_loses_its_tickets_and_their_assignments(account: Account) -> None:
    (membership,) = (await account.get(f"/api/v2/users/{ASSIGNED_AGENT}/group_memberships"))["group_memberships"]
    assert (membership["group_id"], membership["default"]) == (SUPPORT, True)
    assert (await account.ask("DELETE", f"/api/v2/group_memberships/{membership['id']}"))[0] == 204
    assert (await account.get("/api/v2/tickets/1"))["ticket"]["assignee_id"] is None
    assert (await account.get(f"/_control/visible?user={ASSIGNED_AGENT}"))["tickets"] == []


async def test_a_deleted_user_sees_nothing_and_may_nothing(account: Account) -> None:
    assert (await account.ask("DELETE", f"/api/v2/users/{ALL_AGENT}"))[1]["user"]["active"] is False
    assert await account.get(f"/_control/visible?user={ALL_AGENT}") == {"tickets": [], "articles": [71]}
    assert (await account.ask("GET", "/api/v2/tickets", ALL_AGENT))[0] == 401


@pytest.mark.parametrize(
    ("user", "articles"),
    [(None, [71]), (CUSTOMER, [71, 73]), (COLLEAGUE, [71, 73]), (CURIOUS, [71]), (ALL_AGENT, [71, 72]), (GROUP_AGENT, [71, 72, 73])],
)
async def test_articles_are_seen_by_segment(account: Account, user: int | None, articles: list[int]) -> None:
    assert (await account.get("/_control/visible" + (f"?user={user}" if user else "")))["articles"] == articles
    headers = {"Authorization": f"Bearer oauth-{user}"} if user else {}
    async with account.client.get("/api/v2/help_center/en-us/articles.json", headers=headers) as response:
        assert [article["id"] for article in (await response.json())["articles"]] == articles


async def test_rest_and_the_oracle_agree_for_everyone_in_a_generated_account(account: Account) -> None:
    await account.ask("POST", "/_control/seed", json={"generated": {"users": 15, "groups": 4, "organizations": 4, "tickets": 60, "articles": 30}})
    for user in list(account.desk.people.users.values()):
        seen = await account.get(f"/_control/visible?user={user.id}")
        kind = "requests" if user.role == "end-user" else "tickets"
        token = None if user.role == "admin" else user.id
        assert [each["id"] for each in (await account.get(f"/api/v2/{kind}", token))[kind]] == seen["tickets"]
        assert sorted([each["id"] for each in (await account.get("/api/v2/help_center/articles?per_page=100", token))["articles"]]) == seen["articles"]


# Changes and deletion


async def test_a_deleted_ticket_is_listed_apart_comes_back_and_is_scrubbed(account: Account) -> None:
    assert (await account.ask("DELETE", "/api/v2/tickets/1"))[0] == 204
    assert (await account.ask("GET", "/api/v2/tickets/1"))[0] == 404
    (deleted,) = (await account.get("/api/v2/deleted_tickets"))["deleted_tickets"]
    assert (deleted["id"], deleted["previous_state"], deleted["actor"]["name"]) == (1, "open", "Integration")
    assert (await account.ask("PUT", "/api/v2/deleted_tickets/1/restore"))[0] == 200
    assert (await account.get("/api/v2/tickets/1"))["ticket"]["status"] == "open"
    await account.ask("DELETE", "/api/v2/tickets/1")
    assert (await account.ask("DELETE", "/api/v2/deleted_tickets/1"))[1]["job_status"]["status"] == "completed"
    assert (await account.get("/api/v2/deleted_tickets"))["deleted_tickets"] == []
    exported = (await account.get("/api/v2/incremental/tickets/cursor?start_time=0"))["tickets"][-1]
    assert (exported["id"], exported["subject"], exported["description"]) == (1, "SCRUBBED", "SCRUBBED")


async def test_an_upload_becomes_a_comments_attachment_and_can_be_redacted(account: Account) -> None:
    _, uploaded = await account.ask("POST", "/api/v2/uploads?filename=a.txt", data=b"secret", headers={"Content-Type": "text/plain"})
    change = {"comment": {"html_body": "<b>Look</b>", "public": False, "uploads": [uploaded["upload"]["token"]]}}
    _, body = await account.ask("PUT", "/api/v2/tickets/2", json={"ticket": change})
    assert body["audit"]["events"][0]["type"] == "Comment"
    comment = (await account.get("/api/v2/tickets/2/comments"))["comments"][-1]
    assert (comment["plain_body"], comment["public"], comment["attachments"][0]["file_name"]) == ("Look", False, "a.txt")
    path = f"/api/v2/tickets/2/comments/{comment['id']}"
    _, redacted = await account.ask("PUT", f"{path}/attachments/{comment['attachments'][0]['id']}/redact")
    assert (redacted["attachment"]["file_name"], redacted["attachment"]["size"]) == ("redacted.txt", 0)
    await account.ask("PUT", f"{path}/redact", json={"text": "Look"})
    assert (await account.get("/api/v2/tickets/2/comments"))["comments"][-1]["plain_body"] == "\u2587" * 4


async def test_articles_are_published_edited_restricted_and_archived(account: Account) -> None:
    new = {"article": {"title": "New", "body": "<p>1</p>", "draft": True, "user_segment_id": None, "permission_group_id": 1}}
    status, body = await account.ask("POST", f"/api/v2/help_center/en-us/sections/{SECTION}/articles", json=new)
    number = body["article"]["id"]
    assert (status, body["article"]["draft"], body["article"]["locale"]) == (201, True, "en-us")
    await account.ask("PUT", f"/api/v2/help_center/articles/{number}/translations/en-us", json={"translation": {"draft": False, "body": "<p>2</p>"}})
    assert (await account.get(f"/api/v2/help_center/articles/{number}", CUSTOMER))["article"]["body"] == "<p>2</p>"
    await account.ask("PUT", f"/api/v2/help_center/articles/{number}", json={"article": {"user_segment_id": STAFF}})
    assert (await account.ask("GET", f"/api/v2/help_center/articles/{number}", CUSTOMER))[0] == 404
    listed = await account.get(f"/api/v2/help_center/incremental/articles?start_time={int(time.time()) - 1}")
    assert (listed["articles"][-1]["id"], listed["articles"][-1]["user_segment_ids"]) == (number, [STAFF])
    assert (await account.ask("DELETE", f"/api/v2/help_center/articles/{number}"))[0] == 204
    assert (await account.ask("GET", f"/api/v2/help_center/articles/{number}"))[0] == 404


async def test_article_attachments_are_for_those_who_see_the_article(account: Account) -> None:
    form = FormData()
    form.add_field("file", b"%PDF", filename="a.pdf", content_type="application/pdf")
    status, body = await account.ask("POST", "/api/v2/help_center/articles/72/attachments", data=form)
    attachment = body["article_attachment"]
    assert (status, attachment["file_name"], attachment["size"], attachment["inline"]) == (201, "a.pdf", 4, False)
    assert (await account.get("/api/v2/help_center/articles/72/attachments"))["article_attachments"] == [attachment]
    path = "/" + attachment["content_url"].split("/", 3)[3]
    for user, expected in ((CUSTOMER, 404), (ALL_AGENT, 200)):
        async with account.client.get(path, headers={"Authorization": f"Bearer oauth-{user}"}) as response:
            assert response.status == expected


# Webhooks


async def test_a_webhook_is_signed_as_documented(account: Account) -> None:
    number = await account.subscribe("ticket.status_changed", "ticket.comment_added")
    await account.ask("PUT", "/api/v2/tickets/1", json={"ticket": {"status": "solved", "comment": {"body": "Done", "public": True}}})
    by_type = {body["type"]: body for body in await account.bodies()}
    solved, said = by_type["zen:event-type:ticket.status_changed"], by_type["zen:event-type:ticket.comment_added"]
    assert (solved["subject"], solved["account_id"], solved["zendesk_event_version"]) == ("zen:ticket:1", account.desk.account_id, "2022-11-06")
    assert (solved["event"]["current"], solved["event"]["previous"], solved["detail"]["status"]) == ("SOLVED", "OPEN", "SOLVED")
    assert (said["detail"]["id"], said["event"]["comment"]["body"], said["event"]["comment"]["is_public"]) == ("1", "Done", True)
    secret = (await account.get(f"/api/v2/webhooks/{number}/signing_secret"))["signing_secret"]["secret"]
    for headers, body in account.arrived:
        signed = headers["X-Zendesk-Webhook-Signature-Timestamp"].encode() + body
        expected = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
        assert headers["X-Zendesk-Webhook-Signature"] == expected
        assert (headers["X-Zendesk-Webhook-Id"], headers["X-Zendesk-Account-Id"]) == (number, str(account.desk.account_id))
    assert len({headers["X-Zendesk-Webhook-Invocation-Id"] for headers, _ in account.arrived}) == 2


async def test_creation_deletion_and_people_fire_their_events(account: Account) -> None:
    kinds = ("ticket.created", "ticket.soft_deleted", "ticket.undeleted", "user.group_membership_created", "user.role_changed", "organization.created")
    await account.subscribe(*kinds)
    await account.ask("POST", "/api/v2/tickets", json={"ticket": {"subject": "New", "comment": {"body": "New"}}})
    await account.ask("DELETE", "/api/v2/tickets/2")
    await account.ask("PUT", "/api/v2/deleted_tickets/2/restore")
    await account.ask("POST", "/api/v2/group_memberships", json={"group_membership": {"user_id": ALL_AGENT, "group_id": SECRET_TEAM}})
    await account.ask("PUT", f"/api/v2/users/{CUSTOMER}", json={"user": {"role": "agent"}})
    await account.ask("POST", "/api/v2/organizations", json={"organization": {"name": "Newer"}})
    arrived = {body["type"].removeprefix("zen:event-type:"): body for body in await account.bodies()}
    assert set(arrived) == set(kinds)
    assert arrived["ticket.soft_deleted"]["detail"]["status"] == "DELETED"
    assert (arrived["user.role_changed"]["detail"]["id"], arrived["user.role_changed"]["event"]) == (
        str(CUSTOMER),
        {"current": "agent", "previous": "end-user"},
    )
    assert arrived["user.group_membership_created"]["event"] == {"group": {"id": str(SECRET_TEAM)}}


async def test_articles_announce_being_published_and_unpublished_only(account: Account) -> None:
    await account.subscribe("article.published", "article.unpublished")
    path = "/api/v2/help_center/articles/74/translations/en-us"
    for change in ({"draft": False}, {"body": "<p>Edited</p>"}, {"draft": True}):
        await account.ask("PUT", path, json={"translation": change})
    bodies = await account.bodies()
    assert sorted(body["type"].rpartition(".")[2] for body in bodies) == ["published", "unpublished"]
    assert {body["detail"]["id"] for body in bodies} == {"74"}


async def test_webhooks_are_listed_switched_off_and_deleted(account: Account) -> None:
    number = await account.subscribe("ticket.created")
    assert [each["id"] for each in (await account.get("/api/v2/webhooks"))["webhooks"]] == [number]
    assert (await account.get("/api/v2/webhooks"))["meta"]["has_more"] is False
    assert (await account.ask("PATCH", f"/api/v2/webhooks/{number}", json={"webhook": {"status": "inactive"}}))[0] == 204
    await account.ask("POST", "/api/v2/tickets", json={"ticket": {"subject": "New", "comment": {"body": "New"}}})
    assert await account.bodies() == []
    assert (await account.ask("DELETE", f"/api/v2/webhooks/{number}"))[0] == 204
    assert (await account.ask("GET", f"/api/v2/webhooks/{number}"))[0] == 404
    assert (await account.ask("GET", "/api/v2/webhooks", ALL_AGENT))[0] == 403
    wrong = {"name": "x", "endpoint": "http://x", "http_method": "GET", "request_format": "json", "subscriptions": ["zen:event-type:ticket.created"]}
    assert (await account.ask("POST", "/api/v2/webhooks", json={"webhook": wrong}))[0] == 400


@pytest.mark.parametrize(
    ("answers", "statuses"),
    [
        ([web.Response(status=409)] * 2, [409, 409, 200]),
        ([web.Response(status=409)] * 9, [409] * 4),
        ([web.Response(status=429, headers={"Retry-After": "5"})], [429, 200]),
        ([web.Response(status=503)], [503]),
        ([web.Response(status=503, headers={"Retry-After": "90"})], [503]),
        ([web.Response(status=500)], [500]),
    ],
    ids=["409-then-well", "409-four-times", "429-soon", "503-without-time", "503-too-late", "500"],
)
async def test_it_is_sent_again_by_the_vendors_rule(account: Account, answers: list[web.Response], statuses: list[int]) -> None:
    await account.subscribe("ticket.soft_deleted")
    account.answers = [
        web.Response(status=each.status, headers={"Retry-After": each.headers["Retry-After"]} if "Retry-After" in each.headers else {}) for each in answers
    ]
    await account.ask("DELETE", "/api/v2/tickets/1")
    await account.bodies()
    (sent,) = (await account.get("/_control/deliveries"))["deliveries"]
    assert (sent["statuses"], sent["finished"]) == (statuses, True)
    assert len({headers["X-Zendesk-Webhook-Invocation-Id"] for headers, _ in account.arrived}) == 1


def test_no_answer_is_tried_five_times_more() -> None:
    assert [ZendeskRetries().pause_seconds([0] * tried, None) is None for tried in range(1, 8)] == [False] * 5 + [True] * 2


# Faults


@pytest.mark.parametrize(
    ("settings", "status", "content_type"),
    [
        ({"rate_limited": 1.0, "retry_after_seconds": 7}, 429, "application/json"),
        ({"unavailable": 1.0}, 503, "application/json"),
        ({"tokens_expired": True}, 401, "application/json"),
        ({"html_instead_of_json": 1.0}, 200, "text/html"),
    ],
)
async def test_requests_fail_as_told(account: Account, settings: dict[str, Any], status: int, content_type: str) -> None:
    await account.faults(**settings)
    async with account.client.get("/api/v2/tickets/1", auth=ADMIN) as response:
        assert (response.status, response.content_type) == (status, content_type)
        assert response.headers.get("Retry-After") == ("7" if status == 429 else None)
    await account.faults()
    assert (await account.get("/api/v2/tickets/1"))["ticket"]["id"] == 1


@pytest.mark.parametrize(("settings", "arrivals"), [({"dropped": 1.0}, 0), ({"duplicated": 1.0}, 2), ({"delayed": 1.0, "delay_seconds": 0.05}, 1)])
async def test_deliveries_fail_as_told(account: Account, settings: dict[str, Any], arrivals: int) -> None:
    await account.subscribe("ticket.soft_deleted")
    await account.faults(**settings)
    await account.ask("DELETE", "/api/v2/tickets/1")
    assert len(await account.bodies()) == arrivals


async def test_a_reordered_delivery_comes_after_the_next(account: Account) -> None:
    await account.subscribe("ticket.soft_deleted", "ticket.undeleted")
    await account.faults(reordered=1.0)
    await account.ask("DELETE", "/api/v2/tickets/1")
    await account.faults()
    await account.ask("PUT", "/api/v2/deleted_tickets/1/restore")
    assert [body["type"].rpartition(".")[2] for body in await account.bodies()] == ["undeleted", "soft_deleted"]


async def test_a_seed_with_an_unknown_reference_is_refused(account: Account) -> None:
    bad = {"tickets": [{"subject": "x", "requester_id": 9, "comments": [{"body": "x"}]}]}
    assert (await account.ask("POST", "/_control/seed", json=bad))[0] == 400


# Sideloads of articles, deleted groups, custom roles


async def test_translations_come_in_their_article_and_drafts_only_to_those_who_see_them(account: Account) -> None:
    draft = {"locale": "de", "title": "Eins", "body": "", "draft": True}
    await account.ask("POST", "/api/v2/help_center/articles/71/translations", json={"translation": draft})
    for path in ("articles?page[size]=10&", "incremental/articles?start_time=0&"):
        articles = (await account.get(f"/api/v2/help_center/{path}include=translations"))["articles"]
        assert {each["id"]: [text["locale"] for text in each["translations"]] for each in articles}[71] == ["de", "en-us"]
    shown = await account.get("/api/v2/help_center/articles/71?include=translations,sections", CUSTOMER)
    assert [text["locale"] for text in shown["article"]["translations"]] == ["en-us"]
    assert [section["name"] for section in shown["sections"]] == ["Faults"]


async def test_deleted_groups_are_listed_unless_excluded(account: Account) -> None:
    await account.ask("DELETE", f"/api/v2/groups/{SUPPORT}")
    listed = (await account.get("/api/v2/groups"))["groups"]
    assert {group["id"]: group["deleted"] for group in listed} == {SUPPORT: True, SECRET_TEAM: False}
    assert [group["id"] for group in (await account.get("/api/v2/groups?exclude_deleted=true"))["groups"]] == [SECRET_TEAM]


@pytest.mark.parametrize(
    ("access", "tickets"),
    [("all", [1, 2, 3, 4]), ("within-groups-and-public-groups", [1, 2, 4]), ("within-groups", [1]), ("within-organization", [2]), ("assigned-only", [])],
)
async def test_a_custom_role_counts_in_place_of_the_restriction(account: Account, access: str, tickets: list[int]) -> None:
    user = {"id": 38, "name": "R", "email": "r@example.com", "role": "agent", "custom_role_id": 91, "group_ids": [SUPPORT], "organization_ids": [CLOSED_ORG]}
    form = {"custom_roles": [{"id": 91, "name": access, "ticket_access": access}], "users": [user | {"ticket_restriction": "assigned"}]}
    assert (await account.ask("POST", "/_control/seed", json=form))[0] == 200
    assert (await account.get("/_control/visible?user=38"))["tickets"] == tickets
    assert (await account.get("/api/v2/custom_roles"))["custom_roles"][0]["configuration"]["ticket_access"] == access
    assert (await account.get("/api/v2/users/38"))["user"]["custom_role_id"] == 91
