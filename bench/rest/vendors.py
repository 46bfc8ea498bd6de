"""Zendesk and Confluence for benchmarks: their test servers as processes, seeded with people, and changed over the vendor's own API as its users would.

In both there are two readers: staff, who read everything, and guests, who read what ``let_guests`` allows. Confluence is the Data Center edition: Cloud tells nobody of a restriction.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from html import escape
from pathlib import Path
from typing import Any, Final

import httpx

from contracts.rest_records import document_of
from rest_sources.source import group_principal
from rest_sources.zendesk.principals import Principals

ROOT: Final = Path(__file__).resolve().parents[2]
TENANT: Final = "bench"
TOKEN: Final = "test-token"  # noqa: S105  # of accounts that exist on this machine alone
TOKEN_VARIABLE: Final = "HEADRACE_BENCH_VENDOR_TOKEN"  # noqa: S105  # a name
SPACE: Final = "BENCH"
_GROUP, _AGENT, _GUEST, _OTHER = 11, 1101, 1201, 1202
_END_SECONDS: Final = 10.0


@contextmanager
def vendor_process(module: str, *arguments: str) -> Iterator[str]:
    """The address of a new, empty account."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", f"examples.vendors.{module}", "--port", str(port), *arguments], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        if process.stdout is None or b"listens" not in process.stdout.readline():
            raise SystemExit(f"the test server {module} did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Vendor(ABC):
    """One account. ``declaration`` is the source's entry in sources.yaml, without what a benchmark adds; ``staff`` and ``guest`` are principals."""

    name: str
    staff: tuple[str, ...]
    guest: tuple[str, ...]

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self.client = client

    def doc_id(self, native: str) -> str:
        return document_of(f"{self.name}:", native)

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        response = await self.client.request(method, path, json=body)
        response.raise_for_status()
        return response.json() if response.content else None

    async def faults(self, **settings: object) -> None:
        """The faults that hold from now on; none without settings."""
        await self.ask("PUT", "/_control/faults", settings)

    async def deliveries(self, wait_seconds: float = 0.0) -> list[dict[str, Any]]:
        """Every webhook so far. With a wait: once none is on its way, else it is a TimeoutError."""
        told = await self.ask("GET", f"/_control/deliveries?wait={wait_seconds}")
        if wait_seconds and not told["settled"]:
            raise TimeoutError(f"{self.name}'s deliveries did not end in {wait_seconds:.0f} s")
        found: list[dict[str, Any]] = told["deliveries"]
        return found

    async def requests(self) -> dict[str, int]:
        """``GET /path`` → how often it was asked for so far."""
        counted: dict[str, int] = await self.ask("GET", "/_control/requests")
        return counted

    @property
    @abstractmethod
    def declaration(self) -> dict[str, Any]: ...

    @abstractmethod
    async def plant(self, bodies: Sequence[str]) -> list[str]:
        """People, and an object for each text, without a webhook; native ids."""

    @abstractmethod
    async def create(self, body: str) -> str: ...

    @abstractmethod
    async def edit(self, native: str, old: str, new: str) -> str:
        """The object's text afterwards, given what it was and a new version of it."""

    @abstractmethod
    async def delete(self, native: str) -> None: ...

    @abstractmethod
    async def let_guests(self, native: str, *, allowed: bool) -> None: ...

    @abstractmethod
    def native_of(self, about: str) -> str:
        """Of a delivery's description, the object's native id."""


class Zendesk(Vendor):
    """Tickets. An edit is a comment, so a ticket's text grows; a guest is the requester, and another one takes that place."""

    name = "zendesk"
    _names = Principals(name)
    staff = (_names.agent(_AGENT), _names.group_tickets(_GROUP), _names.signed_in)
    guest = (_names.user(_GUEST),)

    @property
    def declaration(self) -> dict[str, Any]:
        return {"type": "zendesk", "credentials": {"user": "integration@example.com/token", "token": f"env:{TOKEN_VARIABLE}"}}

    async def plant(self, bodies: Sequence[str]) -> list[str]:
        users = [
            {"id": _AGENT, "name": "Ann Agent", "email": "ann@example.com", "role": "agent", "group_ids": [_GROUP]},
            {"id": _GUEST, "name": "Gus Guest", "email": "gus@example.com"},
            {"id": _OTHER, "name": "Ola Other", "email": "ola@example.com"},
        ]
        tickets = [
            {"id": number, "subject": f"Ticket {number}", "requester_id": _GUEST, "group_id": _GROUP, "comments": [{"author_id": _GUEST, "body": body}]}
            for number, body in enumerate(bodies, 1)
        ]
        await self.ask("POST", "/_control/seed", {"groups": [{"id": _GROUP, "name": "Care"}], "users": users, "tickets": tickets})
        return [f"ticket/{ticket['id']}" for ticket in tickets]

    async def create(self, body: str) -> str:
        form = {"subject": "A new ticket", "requester_id": _GUEST, "group_id": _GROUP, "comment": {"body": body, "public": True}}
        return f"ticket/{(await self.ask('POST', '/api/v2/tickets', {'ticket': form}))['ticket']['id']}"

    async def edit(self, native: str, old: str, new: str) -> str:
        added = "\n\n".join(paragraph for paragraph in new.split("\n\n") if paragraph not in old)
        await self._update(native, {"comment": {"body": added, "public": True, "author_id": _AGENT}})
        return f"{old}\n\n{added}"

    async def delete(self, native: str) -> None:
        await self.ask("DELETE", f"/api/v2/tickets/{native.partition('/')[2]}")

    async def let_guests(self, native: str, *, allowed: bool) -> None:
        await self._update(native, {"requester_id": _GUEST if allowed else _OTHER})

    def native_of(self, about: str) -> str:
        return "ticket/" + about.rpartition(":")[2]

    async def _update(self, native: str, form: dict[str, Any]) -> None:
        await self.ask("PUT", f"/api/v2/tickets/{native.partition('/')[2]}", {"ticket": form})


class Confluence(Vendor):
    """Pages of a space that staff and guests see; guests are shut out by a view restriction."""

    name = "confluence"
    staff = (group_principal(name, "staff"),)
    guest = (group_principal(name, "guests"),)

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        super().__init__(url, client)
        self._pages: dict[str, tuple[str, int]] = {}
        """Native id → title and the number of its version."""

    @property
    def declaration(self) -> dict[str, Any]:
        return {"type": "confluence", "edition": "datacenter", "credentials": {"token": f"env:{TOKEN_VARIABLE}"}}

    async def plant(self, bodies: Sequence[str]) -> list[str]:
        await self.people()
        content = [{"id": 500_000 + number, "space": SPACE, "title": f"Page {number}", "body": storage(body)} for number, body in enumerate(bodies)]
        await self.ask("POST", "/_control/seed", {"content": content})
        self._pages |= {f"content/{page['id']}": (str(page["title"]), 1) for page in content}
        return [f"content/{page['id']}" for page in content]

    async def people(self) -> None:
        user = {"id": "key-integration", "name": "integration", "email": "integration@example.com", "token": TOKEN, "admin": True}
        groups = [{"id": name, "name": name, "members": []} for name in ("staff", "guests")]
        await self.ask("POST", "/_control/seed", {"users": [user], "groups": groups, "spaces": [{"key": SPACE, "read": ["group:staff", "group:guests"]}]})

    async def create(self, body: str) -> str:
        title = f"New page {len(self._pages)}"
        form = {"type": "page", "title": title, "space": {"key": SPACE}, "body": _body(body)}
        native = f"content/{(await self.ask('POST', '/rest/api/content', form))['id']}"
        self._pages[native] = (title, 1)
        return native

    async def edit(self, native: str, old: str, new: str) -> str:  # noqa: ARG002  # of the vendors' form
        title, version = self._pages[native]
        self._pages[native] = (title, version + 1)
        await self.ask("PUT", f"/rest/api/{native}", {"type": "page", "title": title, "version": {"number": version + 1}, "body": _body(new)})
        return new

    async def delete(self, native: str) -> None:
        await self.ask("DELETE", f"/rest/api/{native}")

    async def let_guests(self, native: str, *, allowed: bool) -> None:
        names = [] if allowed else [{"name": "staff", "type": "group"}]
        await self.ask("PUT", f"/rest/api/{native}/restriction", [{"operation": "read", "restrictions": {"user": [], "group": names}}])

    def native_of(self, about: str) -> str:
        return "content/" + about.rpartition(" ")[2]


def storage(text: str) -> str:
    """Paragraphs and headings of Markdown as Confluence's storage format."""
    parts = (f"<h2>{part.removeprefix('## ')}</h2>" if part.startswith("## ") else f"<p>{part}</p>" for part in escape(text).split("\n\n"))
    return "".join(parts)


def _body(text: str) -> dict[str, Any]:
    return {"storage": {"value": storage(text), "representation": "storage"}}


@asynccontextmanager
async def opened_zendesk() -> AsyncIterator[Zendesk]:
    with vendor_process("zendesk", "--speed", "1000", "--export-lag", "0") as url:
        async with httpx.AsyncClient(base_url=url, auth=httpx.BasicAuth("integration@example.com/token", TOKEN), timeout=60) as client:
            yield Zendesk(url, client)


@asynccontextmanager
async def opened_confluence() -> AsyncIterator[Confluence]:
    with vendor_process("confluence", "--speed", "1000", "--edition", "datacenter") as url:
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
            yield Confluence(url, client)
