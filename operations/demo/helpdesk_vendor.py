"""The demo's help desk: a process that speaks Zendesk's formats, filled with tickets and articles, with a webhook to the stack's receiver.

It lives outside the stack, as a vendor does, and ends with the ``with`` block, however that is left. Its webhook is registered over the vendor's API, which makes the
signing secret; so it must run before the receiver starts.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import orjson
import yaml

from connectors.rest.credentials import auth_of
from connectors.rest.http_api import HttpApi
from contracts.sources import RestSource, load_sources
from operations.demo.helpdesk_moves import SOURCE, TENANT
from operations.demo.home import EXAMPLE
from operations.stack.ports import check_ports
from operations.stack.site import Site
from rest_sources.zendesk.webhooks import register

PORT: Final = "demo-zendesk"
_TOKEN: Final = "test-token"  # noqa: S105  # of an account that exists on this machine alone
_URL_VARIABLE, _TOKEN_VARIABLE, _SECRET_VARIABLE = (f"HEADRACE_DEMO_ZENDESK_{name}" for name in ("URL", "TOKEN", "SECRET"))
_DECLARED: Final = EXAMPLE / "helpdesk.yaml"
_SEED: Final = EXAMPLE / "helpdesk_seed.json"
_READY_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.1
_END_SECONDS: Final = 10.0


class HelpdeskError(Exception):
    """The help desk's process did not start, or refused its seed; names the log."""


@dataclass(frozen=True, slots=True)
class Helpdesk:
    """``environment`` is what sources.yaml refers to; ``documents`` are the (tenant, document id) that the seed must become."""

    url: str
    environment: Mapping[str, str] = field(repr=False)
    documents: frozenset[tuple[str, str]]


@contextmanager
def opened_helpdesk(site: Site) -> Iterator[Helpdesk]:
    """Raises HelpdeskError, ApiError, and StackError where its port is taken."""
    check_ports(site, [PORT])
    url, log = f"http://{site.address(PORT)}", site.log(PORT)
    command = [sys.executable, "-m", "examples.vendors.zendesk", "--port", str(site.port(PORT))]
    with log.open("wb") as output:
        # A session of its own: Ctrl-C at the terminal ends the stack first.
        process = subprocess.Popen(  # our own module
            command, cwd=EXAMPLE.parents[1], stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        seed = _SEED.read_bytes()
        _await_health(process, url, log)
        _plant(url, seed)
        known = {_URL_VARIABLE: url, _TOKEN_VARIABLE: _TOKEN}
        secret = asyncio.run(_register(_source(known), known, f"http://{site.address('webhooks')}/webhooks/{SOURCE}"))
        yield Helpdesk(url, {**known, _SECRET_VARIABLE: secret}, frozenset(_documents(orjson.loads(seed))))
    finally:
        _end(process)


def write_sources(folder: Path) -> Path:
    """The company's sources.yaml and the help desk's in one file."""
    declared = [yaml.safe_load(path.read_text())["sources"] for path in (EXAMPLE / "sources.yaml", _DECLARED)]
    path = folder / "demo-sources.yaml"
    path.write_text(yaml.safe_dump({"sources": [source for sources in declared for source in sources]}, sort_keys=False, allow_unicode=True))
    return path


def credentials() -> httpx.BasicAuth:
    return httpx.BasicAuth("integration@example.com/token", _TOKEN)


def _source(known: Mapping[str, str]) -> RestSource:
    """Before the secret is known: the vendor makes it when the webhook is registered."""
    return load_sources(_DECLARED, {**known, _SECRET_VARIABLE: "made by the vendor"}).rest[0]


async def _register(source: RestSource, known: Mapping[str, str], callback_url: str) -> str:
    async with HttpApi(source.url, auth_of(source, known)) as api:
        return (await register(source, api, callback_url)).secret


def _await_health(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(f"{url}/_control/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(_POLL_SECONDS)
    raise HelpdeskError(f"The help desk at {url} did not start. Look into {log}.")


def _plant(url: str, seed: bytes) -> None:
    answer = httpx.post(f"{url}/_control/seed", content=seed)
    if not answer.is_success:
        raise HelpdeskError(f"The help desk refused {_SEED.name} ({answer.status_code}). Its lists must name ids that exist.")


def _documents(seed: Mapping[str, list[dict[str, object]]]) -> Iterator[tuple[str, str]]:
    """A ticket's internal comments are a document of their own."""
    for article in seed["articles"]:
        yield TENANT, f"{SOURCE}:article/{article['id']}"
    for ticket in seed["tickets"]:
        yield TENANT, f"{SOURCE}:ticket/{ticket['id']}"
        comments = ticket["comments"]
        if isinstance(comments, list) and not all(comment.get("public", True) for comment in comments):
            yield TENANT, f"{SOURCE}:ticket/{ticket['id']}/internal"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
