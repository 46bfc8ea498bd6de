"""A bucket of a real S3-compatible server in its own process, on a real broker: listed, read, told of by notifications."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import urllib3
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from minio import Minio
from minio.commonconfig import CopySource

from connectors.collect.app import opened_reader
from connectors.sweep.schedule import take
from connectors.webhooks.app import application, opened
from connectors.webhooks.believed import believed
from contracts.settings import KafkaSettings, read
from contracts.sources import Sources
from contracts.sources.files import AccessRule, S3Source
from operations.stack import Stack
from operations.stack.binaries import cache_folder
from operations.stack.ports import is_free
from rest_sources.api import ApiRefusedError, ApiUnavailableError
from tests.integration.files.files_world import Collected, unique

pytestmark = pytest.mark.timeout(120)
ROOT = Path(__file__).parents[3]
KEY, SECRET, TOKEN = "storage-test-key", "storage-test-secret", "a-token-that-nobody-guesses"
ENVIRON = {"FILES_KEY": KEY, "FILES_SECRET": SECRET, "FILES_TOKEN": TOKEN}
EVERYBODY = (AccessRule(path="**", allowed=("group:staff",)),)


class Told:
    """Takes the storage's notifications as it posts them."""

    def __init__(self) -> None:
        self.bodies: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.put_nowait(await request.read())
        return web.Response()


class Storage:
    """The server, from a user's side."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.client = Minio(address, KEY, SECRET, secure=False, region="us-east-1")

    async def ready(self) -> None:
        """Waits for it, and makes the bucket ``vault``."""
        deadline = time.monotonic() + 30
        while True:
            try:
                return await asyncio.to_thread(self.client.make_bucket, "vault")
            except (OSError, urllib3.exceptions.HTTPError):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)

    async def put(self, key: str, text: str) -> None:
        await asyncio.to_thread(self.client.put_object, "vault", key, io.BytesIO(text.encode()), len(text.encode()))

    async def move(self, key: str, to: str) -> None:
        await asyncio.to_thread(self.client.copy_object, "vault", to, CopySource("vault", key))
        await self.remove(key)

    async def remove(self, key: str) -> None:
        await asyncio.to_thread(self.client.remove_object, "vault", key)


@pytest.fixture
async def told() -> AsyncIterator[tuple[Told, str]]:
    made, app = Told(), web.Application()
    app.router.add_post("/", made.take)
    async with TestServer(app) as server:
        yield made, str(server.make_url("/"))


@pytest.fixture
def storage(told: tuple[Told, str], tmp_path: Path) -> Iterator[Storage]:
    version = next(line for line in (ROOT / "setup" / "versions.env").read_text().splitlines() if line.startswith("VERSITYGW_VERSION=")).partition("=")[2]
    program = cache_folder() / "versitygw" / version / "versitygw"
    if not program.exists():
        pytest.skip(f"{program} is missing: run `setup/bootstrap tests`")
    port = next(port for port in range(31901, 31999) if is_free(port))
    (tmp_path / "objects").mkdir()
    command = [program, "--port", f"127.0.0.1:{port}", "--event-webhook-url", told[1], "--quiet", "posix", tmp_path / "objects"]
    environment = {**os.environ, "ROOT_ACCESS_KEY_ID": KEY, "ROOT_SECRET_ACCESS_KEY": SECRET}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Storage(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


def source_of(storage: Storage, **options: object) -> S3Source:
    settings = {
        "credentials": {"access_key": "env:FILES_KEY", "secret_key": "env:FILES_SECRET"},
        "delete_after_move_seconds": 0.3,
        "access": EVERYBODY,
        "webhook": {"secret": "env:FILES_TOKEN"},
        "prefix": "docs/",
        **options,
    }
    return S3Source.model_validate({"name": unique("vault"), "type": "s3", "url": f"http://{storage.address}", "bucket": "vault", "tenant": "acme", **settings})


@pytest.fixture
async def vault(stack: Stack, storage: Storage) -> Collected:
    await storage.ready()
    made = Collected(source_of(storage), ENVIRON)
    await made.prepare()
    return made


async def test_sweeps_find_everything_and_then_nothing(vault: Collected, storage: Storage) -> None:
    odd = "Übersicht 100%+ plus & Leer zeichen.txt"
    for key in ("docs/a.txt", f"docs/deep/{odd}", "docs/moved.txt", "docs/.hidden", "elsewhere/c.txt"):
        await storage.put(key, f"This is {key}.")
    async with vault.collecting(), opened_reader(vault.source, ENVIRON) as reader:
        found = await vault.until_texts({"file/a.txt": "docs/a.txt", f"file/deep/{odd}": odd, "file/moved.txt": "docs/moved.txt"})
        assert len(found) == 3
        await storage.put("docs/a.txt", "Edited while nobody was told.")
        await storage.move("docs/moved.txt", "docs/new name.txt")
        await storage.remove(f"docs/deep/{odd}")
        swept = await take("all", vault.source, reader, read(KafkaSettings))
        assert (swept.listed, swept.new, swept.changed, swept.gone) == (2, 1, 1, 1)
        last = await vault.until_texts({"file/a.txt": "Edited", "file/new name.txt": "moved", "file/moved.txt": None, f"file/deep/{odd}": None})
        moved = last["file/new name.txt"]
        assert moved is not None
        assert moved["moved_from"] == "file/moved.txt"
        again = await take("all", vault.source, reader, read(KafkaSettings))
        assert (again.listed, again.found) == (2, 0)
    assert await vault.letters() == []


async def test_a_notification_is_believed_with_the_token_alone(vault: Collected, storage: Storage, told: tuple[Told, str]) -> None:
    sources = Sources(sources=(vault.source,))  # type: ignore[arg-type]  # one of the union
    servers = read(KafkaSettings).bootstrap_servers
    async with (
        vault.collecting(),
        opened(believed(sources.collected, ENVIRON).sources, servers) as service,
        TestClient(TestServer(application(service))) as receiver,
    ):
        await storage.put("docs/told.txt", "The storage told of this one.")
        body = await asyncio.wait_for(told[0].bodies.get(), 30)
        while b"told.txt" not in body:  # a storage sends a test event at its start
            body = await asyncio.wait_for(told[0].bodies.get(), 30)
        url, kind = f"/webhooks/{vault.source.name}", {"Content-Type": "application/json"}
        for forged in ({}, {"Authorization": "Bearer wrong-token-but-long"}, {"Authorization": f"Basic {TOKEN}"}):
            assert (await receiver.post(url, data=body, headers={**kind, **forged})).status == 401
        mine = {**kind, "Authorization": f"Bearer {TOKEN}"}
        outcomes = [await (await receiver.post(url, data=body, headers=mine)).json() for _ in range(2)]
        assert outcomes == [{"outcome": "accepted"}, {"outcome": "duplicate"}]
        await vault.until_texts({"file/told.txt": "told of this one"})


async def test_what_is_wrong_is_said(vault: Collected, storage: Storage) -> None:
    await storage.put("docs/long.txt", "x" * 3000)
    async with opened_reader(source_of(storage, limits={"max_mib": 0.001}), ENVIRON) as reader:
        fetched = await reader.fetch("file/long.txt")
        assert "limits.max_mib" in fetched.refused["file/long.txt"]
        assert not (await reader.fetch("file/never there")).records
    async with opened_reader(source_of(storage), {**ENVIRON, "FILES_SECRET": "another secret"}) as reader:
        with pytest.raises(ApiRefusedError, match="credentials"):
            await reader.fetch("file/long.txt")
    async with opened_reader(source_of(storage, bucket="nobody"), ENVIRON) as reader:
        with pytest.raises(ApiUnavailableError, match="There is no bucket nobody"):
            _ = [page async for page in reader.listing("")]
