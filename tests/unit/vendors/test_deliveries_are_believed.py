"""What the vendors' test servers send, signed by their own code, as the receiver's rules read it: two readings of the same documentation that must agree."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestClient, TestServer

from examples.vendors.confluence.app import create_app
from examples.vendors.jira.model import Edition
from examples.vendors.jira.routes import application as jira_application
from examples.vendors.zendesk.routes import application as zendesk_application
from examples.vendors.zendesk.state import Desk
from rest_sources import confluence, jira, zendesk
from rest_sources.delivery import Delivery, UnsignedDeliveryError, Verifier

SECRET = "test-secret-of-a-webhook"


@dataclass
class Catcher:
    url: str = ""
    got: list[Delivery] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Delivery(headers, await request.read(), time.time_ns() // 1000))
        return web.Response(status=202)

    def read(self, verify: Verifier, secret: str) -> set[str]:
        """The ids of all hints; a wrong secret must be refused for each."""
        for one in self.got:
            with pytest.raises(UnsignedDeliveryError):
                verify(one, [b"another"])
        hints = [hint for one in self.got for hint in verify(one, [secret.encode()])]
        assert all(abs(hint.source_time_us / 1e6 - time.time()) < 120 for hint in hints)
        assert all(hint.delivery_id and hint.event for hint in hints)
        return {hint.id for hint in hints}


@pytest.fixture
async def catcher() -> AsyncIterator[Catcher]:
    made = Catcher()
    app = web.Application()
    app.router.add_post("/hook", made.handle)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/hook"))
        yield made


async def do(client: TestClient[Any, Any], method: str, path: str, body: object = None, **more: Any) -> Any:
    async with client.request(method, path, json=body, **more) as response:
        assert response.status < 300, (path, response.status, await response.text())
        return await response.json(content_type=None) if "json" in response.content_type else None


async def test_zendesk(catcher: Catcher) -> None:
    admin = {"auth": BasicAuth("integration@example.com/token", "test-token")}
    kinds = ("ticket.created", "ticket.comment_added", "ticket.status_changed", "ticket.soft_deleted", "article.published", "organization.created")
    async with TestClient(TestServer(zendesk_application(Desk()))) as client:
        hook = {
            "name": "h",
            "endpoint": catcher.url,
            "http_method": "POST",
            "request_format": "json",
            "status": "active",
            "subscriptions": [f"zen:event-type:{kind}" for kind in kinds],
        }
        made = (await do(client, "POST", "/api/v2/webhooks", {"webhook": hook}, **admin))["webhook"]["id"]
        secret = (await do(client, "GET", f"/api/v2/webhooks/{made}/signing_secret", **admin))["signing_secret"]["secret"]
        ticket = (await do(client, "POST", "/api/v2/tickets", {"ticket": {"subject": "s", "comment": {"body": "b"}}}, **admin))["ticket"]["id"]
        await do(client, "PUT", f"/api/v2/tickets/{ticket}", {"ticket": {"status": "open", "comment": {"body": "internal", "public": False}}}, **admin)
        organization = (await do(client, "POST", "/api/v2/organizations", {"organization": {"name": "o"}}, **admin))["organization"]["id"]
        await do(client, "GET", "/_control/deliveries?wait=5")
    assert catcher.read(zendesk.verify, secret) == {f"ticket/{ticket}", f"organization/{organization}"}


async def test_jira(catcher: Catcher) -> None:
    people = [{"id": "root", "name": "Root", "token": "root-token"}]
    grants = [{"permission": "ALL", "type": "anyone"}]
    seed: dict[str, Sequence[object]] = {
        "users": people,
        "groups": [{"name": "jira-administrators", "members": ["root"]}],
        "permissionSchemes": [{"name": "Open", "grants": grants}],
        "projects": [{"key": "ENG", "name": "Engineering", "lead": "root", "permissionScheme": "Open"}],
    }
    root = {"auth": BasicAuth("root@example.com", "root-token")}
    events = [f"jira:issue_{verb}" for verb in ("created", "updated", "deleted")] + ["comment_created", "issuelink_created", "project_updated"]
    async with TestClient(TestServer(jira_application(Edition.CLOUD, speed=1000))) as client:
        await do(client, "POST", "/_control/seed", seed)
        hook = {"name": "h", "url": catcher.url, "events": events, "secret": SECRET, "excludeBody": False}
        await do(client, "POST", "/rest/webhooks/1.0/webhook", hook, **root)
        fields = {"project": {"key": "ENG"}, "summary": "s", "issuetype": {"name": "Bug"}}
        one, two = [await do(client, "POST", "/rest/api/3/issue", {"fields": fields}, **root) for _ in range(2)]
        comment = {"body": {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "hello"}]}]}}
        await do(client, "POST", f"/rest/api/3/issue/{one['id']}/comment", comment, **root)
        link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": one["key"]}, "outwardIssue": {"key": two["key"]}}
        await do(client, "POST", "/rest/api/3/issueLink", link, **root)
        await do(client, "DELETE", f"/rest/api/3/issue/{two['id']}", **root)
        await do(client, "GET", "/_control/deliveries?wait=5")
    assert catcher.read(jira.verify, SECRET) == {f"issue/{one['id']}", f"issue/{two['id']}"}
    assert any(b"issuelink_created" in got.body for got in catcher.got)


async def test_confluence_data_center(catcher: Catcher) -> None:
    seed = {
        "users": [{"id": "acc-i", "name": "integration", "display_name": "I", "email": "i@example.com", "token": "test-token-i", "admin": True}],
        "spaces": [{"key": "ENG", "name": "Engineering", "read": ["anonymous"]}],
        "content": [{"id": 300_001, "space": "ENG", "title": "Root"}, {"id": 300_002, "space": "ENG", "title": "Other"}],
    }
    admin = {"headers": {"Authorization": "Bearer test-token-i"}}
    events = ["page_updated", "page_moved", "page_trashed", "comment_created", "content_permissions_updated", "space_updated"]
    async with TestClient(TestServer(create_app(edition="datacenter"))) as client:
        await do(client, "POST", "/_control/seed", seed)
        await do(
            client,
            "POST",
            "/rest/api/webhooks",
            {"name": "h", "url": catcher.url, "events": events, "configuration": {"secret": SECRET}, "active": True},
            **admin,
        )
        moved = {"type": "page", "title": "Other", "version": {"number": 2}, "ancestors": [{"id": 300_001}]}
        await do(client, "PUT", "/rest/api/content/300002", moved, **admin)
        comment = {"type": "comment", "container": {"id": 300_001, "type": "page"}, "body": {"storage": {"value": "x", "representation": "storage"}}}
        await do(client, "POST", "/rest/api/content", comment, **admin)
        restriction = [{"operation": "read", "restrictions": {"user": [{"username": "integration"}]}}]
        await do(client, "PUT", "/rest/api/content/300002/restriction", restriction, **admin)
        await do(client, "GET", "/_control/deliveries?wait=5")
    assert catcher.read(confluence.verify, SECRET) == {"content/300002", "content/300001"}
