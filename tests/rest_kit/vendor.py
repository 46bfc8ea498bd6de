"""What every World needs around its vendor: the vendor's server in a process of its own, a receiver of its webhooks, and attachments that are text."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.rest.credentials import SourceAuth
from connectors.rest.http_api import HttpApi
from contracts.sources.rest import MIB
from rest_sources.api import Answer, Api, Method, Parameters
from rest_sources.delivery import Delivery
from rest_sources.source import Record, RemoteFile, UnreadableFileError

ROOT = Path(__file__).parents[2]


@contextmanager
def vendor_process(module: str, *arguments: str) -> Iterator[str]:
    """The address of ``python -m module --port PORT``, once it has written that it listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", module, "--port", str(port), *arguments], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert b"listens" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@asynccontextmanager
async def receiving(got: list[Delivery]) -> AsyncIterator[str]:
    """The address of a hook: what is sent there is in ``got``."""

    async def handle(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        got.append(Delivery(headers, await request.read(), time.time_ns() // 1000))
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/hook", handle)
    async with TestServer(app) as server:
        yield str(server.make_url("/hook"))


@dataclass
class Around:
    """A vendor's address, the client that a source asks it with, another that people change things with, and a receiver of its webhooks."""

    url: str
    api: HttpApi
    client: httpx.AsyncClient
    hook: str
    got: list[Delivery]

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON."""
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def tell(self, body: object, headers: Callable[[bytes], Mapping[str, str]]) -> None:
        """A delivery to the receiver, with the headers that sign it."""
        text = orjson.dumps(body)
        (await self.client.post(self.hook, content=text, headers=dict(headers(text)))).raise_for_status()


@asynccontextmanager
async def around(routes: Iterable[web.RouteDef]) -> AsyncIterator[Around]:
    """With an application of these routes, in this process."""
    got: list[Delivery] = []
    application = web.Application()
    application.add_routes(routes)
    async with receiving(got) as hook, TestServer(application) as server, _asked(str(server.make_url("")).rstrip("/"), hook, got) as vendor:
        yield vendor


@asynccontextmanager
async def around_process(module: str, secret: bytes) -> AsyncIterator[Around]:
    """With ``python -m module --port PORT --hook URL --secret SECRET``, which writes a line with «listens» once it does."""
    got: list[Delivery] = []
    async with receiving(got) as hook:
        with vendor_process(module, "--hook", hook, "--secret", secret.decode()) as url:
            async with _asked(url, hook, got) as vendor:
                yield vendor


@asynccontextmanager
async def _asked(url: str, hook: str, got: list[Delivery]) -> AsyncIterator[Around]:
    async with HttpApi(url, patience_seconds=5) as api, httpx.AsyncClient(base_url=url) as client:
        yield Around(url, api, client, hook, got)


@dataclass(frozen=True)
class SmallPages:
    """An API whose lists come in pages of two, as a vendor may cut them: ``sizes`` are the names of its parameters, ``always`` the paths that take one which the source does not give,
    ``whole`` the ends of those of lists without pages.
    """

    api: Api
    sizes: tuple[str, ...]
    always: Mapping[str, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        if path.endswith(self.whole):
            return await self.api.get(path, parameters)
        small: dict[str, str | int] = {name: 2 if name in self.sizes and int(value) > 2 else value for name, value in (parameters or {}).items()}
        small |= {name: 2 for beginning, name in self.always.items() if path.startswith(beginning)}
        for name in self.sizes:
            path = re.sub(rf"(?<=[?&]){re.escape(name)}=\d{{2,}}", f"{name}=2", path)
        return await self.api.get(path, small or None)

    async def send(self, method: Method, path: str, body: Mapping[str, object] | None = None) -> Answer | None:
        return await self.api.send(method, path, body)

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        return await self.api.download(url, most_bytes)


@dataclass
class TextFiles:
    """Attachments that are plain text, downloaded for real; ``read_keys`` are those that were asked for."""

    api: Api
    read_keys: list[str] = field(default_factory=list)

    async def read(self, file: RemoteFile) -> Record | None:
        self.read_keys.append(file.key)
        if not file.media_type.startswith("text/"):
            raise UnreadableFileError(f"{file.media_type} is no text. Upload it as text.")
        content = await self.api.download(file.url, MIB)
        return None if content is None else {"format": "text", "pages": [{"number": 1, "text": content.decode()}]}


def login(name: str, token: str, *, basic: bool) -> httpx.Auth:
    """As Atlassian's Cloud takes it, or as its Data Center does."""
    return httpx.BasicAuth(name, token) if basic else SourceAuth("", lambda: token)
