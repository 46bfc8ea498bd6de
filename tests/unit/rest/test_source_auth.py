"""Credentials over real HTTP: sent as the source says, and read again where they are refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.rest.credentials import CredentialsError, auth_of
from connectors.rest.http_api import HttpApi
from contracts.sources.rest import Credentials, ZendeskSource
from rest_sources.api import ApiRefusedError


class Vendor:
    """Takes one token, and keeps what it was sent."""

    def __init__(self) -> None:
        self.accepted = "first-test-token"
        self.got: list[str] = []
        app = web.Application()
        app.router.add_get("/thing", self._thing)
        self.server = TestServer(app)

    async def _thing(self, request: web.Request) -> web.Response:
        self.got.append(request.headers["Authorization"])
        return web.json_response({}, status=200 if self.got[-1] == f"Bearer {self.accepted}" else 401)


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    made = Vendor()
    await made.server.start_server()
    yield made
    await made.server.close()


def auth(token: Path, user: str = "") -> httpx.Auth:
    source = ZendeskSource(name="desk", type="zendesk", url="http://127.0.0.1:9", tenant="acme", credentials=Credentials(user=user, token=f"file:{token}"))
    return auth_of(source, {})


async def test_a_token_that_was_replaced_in_its_file_is_taken_up_without_a_restart(vendor: Vendor, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first-test-token\n")
    async with HttpApi(str(vendor.server.make_url("")), auth(tmp_path / "token")) as api:
        await api.get("/thing")
        vendor.accepted = "second-test-token"
        with pytest.raises(ApiRefusedError, match="does not know our credentials"):
            await api.get("/thing")
        (tmp_path / "token").write_text("second-test-token\n")
        await api.get("/thing")
        await api.get("/thing")
    first, second = "Bearer first-test-token", "Bearer second-test-token"
    assert vendor.got == [first, first, first, second, second]


async def test_a_token_that_cannot_be_read_again_leaves_the_refusal(vendor: Vendor, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old-test-token")
    made = auth(tmp_path / "token")
    (tmp_path / "token").unlink()
    async with HttpApi(str(vendor.server.make_url("")), made) as api:
        with pytest.raises(ApiRefusedError):
            await api.get("/thing")
    with pytest.raises(CredentialsError, match=r"desk: credentials\.token file:.* cannot be read"):
        auth(tmp_path / "token")


def test_a_user_makes_it_basic_authentication(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("test-token")
    request = httpx.Request("GET", "http://127.0.0.1:9/thing")
    next(auth(tmp_path / "token", "bot@example.com").auth_flow(request))
    expected = httpx.Request("GET", "http://127.0.0.1:9/thing")
    next(httpx.BasicAuth("bot@example.com", "test-token").auth_flow(expected))
    assert request.headers["Authorization"] == expected.headers["Authorization"]
