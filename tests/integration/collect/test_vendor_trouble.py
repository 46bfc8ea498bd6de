"""A vendor that is away, refuses us, or sends pages instead of answers: every hint waits, what is said in the log names cause and cure, and all is right afterwards without a hand or a restart.

The product's patience is minutes; here it is seconds, and nothing else is changed.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from yarl import URL

from connectors.collect import app, fetching
from connectors.rest.http_api import HttpApi
from contracts.settings import KafkaSettings, TelemetrySettings, read
from contracts.sources import RestSource
from contracts.sources.rest import Credentials
from tests.integration.collect.desk_world import ENVIRON, fetches, hint, make_tickets, say, tell, until_last

pytestmark = pytest.mark.timeout(240)
Log = list[MutableMapping[str, Any]]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Everything that is logged; the waits are scaled down."""
    monkeypatch.setattr(app, "HttpApi", functools.partial(HttpApi, patience_seconds=0.5, first_wait_seconds=0.05))
    monkeypatch.setattr(fetching, "_FIRST_DELAY_SECONDS", 0.2)
    monkeypatch.setattr(fetching, "_LONGEST_DELAY_SECONDS", 0.5)
    monkeypatch.setattr(fetching, "_REFUSED_SECONDS", 0.5)
    with capture_logs() as entries:
        yield entries


@asynccontextmanager
async def collecting(source: RestSource) -> AsyncIterator[None]:
    task = asyncio.create_task(app.collect([source], read(KafkaSettings), TelemetrySettings(metrics_port=0), ENVIRON))
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def set_faults(desk: httpx.Client, **shares: float) -> None:
    desk.put("/_control/faults", json=shares).raise_for_status()


async def told(log: Log, event: str, times: int = 1) -> Log:
    """The entries of an event, once there are so many."""
    async with asyncio.timeout(60):
        while len(found := [entry for entry in log if entry["event"] == event]) < times:  # noqa: ASYNC110  # a log has no event to await
            await asyncio.sleep(0.05)
    return found


class Line:
    """Between us and the vendor: a port that can be closed, as when the vendor's host is down, and opened again."""

    def __init__(self, url: str) -> None:
        self._vendor = URL(url)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def up(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            theirs, ours = await asyncio.open_connection(self._vendor.host, self._vendor.port)
            self._open.add(ours)
            await asyncio.gather(self._pass_on(reader, ours), self._pass_on(theirs, writer))
        finally:
            self._open.discard(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while part := await reader.read(65536):
                writer.write(part)
                await writer.drain()
        except ConnectionError:
            pass  # the line was cut, or an end has hung up
        finally:
            writer.close()
            self._open.discard(writer)


@pytest.fixture
async def line(desk: httpx.Client) -> AsyncIterator[Line]:
    made = Line(str(desk.base_url))
    await made.up()
    yield made
    await made.down()


async def test_a_vendor_that_is_down_loses_no_hint(source: RestSource, desk: httpx.Client, line: Line, log: Log) -> None:
    tickets = make_tickets(desk, 10)
    over_line = source.model_copy(update={"url": f"http://127.0.0.1:{line.port}"})
    async with collecting(over_line):
        await until_last(source, dict.fromkeys(tickets, "Ticket"))
        await line.down()
        for native in tickets:
            say(desk, native, "Said while nobody could ask.")
        await tell(source, [hint(native) for native in tickets])
        (entry, *_) = await told(log, "fetch delayed", 20)
        await line.up()
        await until_last(source, dict.fromkeys(tickets, "Said while nobody could ask."))
    assert "127.0.0.1 does not answer" in entry["cause"]
    assert entry["cure"] == "It is tried again later; if it lasts, look at the vendor's status page and at the network."


@pytest.mark.parametrize(
    ("fault", "cause", "cure"),
    [
        ("unavailable", "127.0.0.1 answers 503.", "It is tried again later; if it lasts, look at the vendor's status page and at the network."),
        (
            "html_instead_of_json",
            "127.0.0.1 answers with text/html instead of JSON.",
            "A login page or a proxy answers in its place: check the source's url and credentials.",
        ),
    ],
)
async def test_a_vendor_that_does_not_answer_is_asked_again(source: RestSource, desk: httpx.Client, log: Log, fault: str, cause: str, cure: str) -> None:
    tickets = make_tickets(desk, 5)
    async with collecting(source):
        await until_last(source, dict.fromkeys(tickets, "Ticket"))
        for native in tickets:
            say(desk, native, "Said while the vendor was ill.")
        set_faults(desk, **{fault: 1.0})
        await tell(source, [hint(native) for native in tickets])
        (entry, *_) = await told(log, "fetch delayed", 10)
        set_faults(desk)
        await until_last(source, dict.fromkeys(tickets, "Said while the vendor was ill."))
    assert (entry["cause"], entry["cure"]) == (cause, cure)


async def test_a_revoked_token_holds_everything_until_its_file_has_another(source: RestSource, desk: httpx.Client, log: Log, tmp_path: Path) -> None:
    tickets = make_tickets(desk, 5)
    token = tmp_path / "token"
    token.write_text("revoked-test-token")
    credentials = Credentials(user="integration@example.com/token", token=f"file:{token}")
    async with collecting(source.model_copy(update={"credentials": credentials})):
        await tell(source, [hint(native) for native in tickets])
        (entry, *_) = await told(log, "credentials refused", 2)
        assert entry["cause"] == "127.0.0.1 does not know our credentials (401)."
        assert entry["cure"] == "Check the source's credentials in sources.yaml, and whether they have expired."
        assert not [one for one in log if "test-token" in str(one)], "a token in the log"
        token.write_text("test-token")
        await until_last(source, dict.fromkeys(tickets, "Ticket"))
    assert set(fetches(desk)) == set(tickets)
