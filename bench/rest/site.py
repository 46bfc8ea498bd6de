"""The stack that a benchmark of REST sources runs on: an own home and ports, the vendors' webhooks registered over their APIs, an API key for each reader."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bench.pipeline.site import temporary_home
from bench.rest.vendors import TENANT, TOKEN, TOKEN_VARIABLE, Vendor
from connectors.rest.credentials import auth_of
from connectors.rest.http_api import HttpApi
from contracts.sources import RestSource, load_sources
from operations.demo.watching import IndexWatch, Prober
from operations.stack import Stack, StackSettings
from rest_sources.catalog import type_of

PORT_BASE: Final = 24000
PROGRAMS: Final = ("normalize", "normalize-backfill", "index", "index-backfill", "webhooks", "collect", "query")


@dataclass(frozen=True, slots=True)
class RestSite:
    stack: Stack
    sources: Mapping[str, RestSource]
    keys: Mapping[tuple[str, str], str]
    """(vendor, staff or guest) → API key."""
    watch: IndexWatch
    prober: Prober
    environment: Mapping[str, str]
    """What sources.yaml refers to, for commands."""

    async def loaded(self, documents: Collection[str], seconds: float) -> None:
        """Return when all of them are in the index; TimeoutError, which names one, after so many seconds in which none came."""
        wanted = {(TENANT, doc_id) for doc_id in documents}
        while missing := wanted - self.watch.documents:
            if not await self.watch.more_documents_than(self.watch.count(), seconds):
                raise TimeoutError(
                    f"{len(missing)} of {len(wanted)} documents are missing after {seconds:.0f} s in which none came, {min(missing)[1]} among them"
                )


@asynccontextmanager
async def rest_site(vendors: Sequence[Vendor], programs: Sequence[str] = PROGRAMS, **declared: Any) -> AsyncIterator[RestSite]:
    """A fresh stack with a source for each vendor; down and removed afterwards. ``declared`` is added to each source's entry."""
    with temporary_home() as home:
        stack = Stack(home, StackSettings(port_base=PORT_BASE), programs)
        keys = _write_keys(home, vendors)
        path = _write_sources(home, vendors, declared)
        receiver = f"http://{stack.site.address('webhooks')}/webhooks"
        environment = {TOKEN_VARIABLE: TOKEN, **{_variable(vendor): secrets.token_urlsafe(24) for vendor in vendors}}
        with environed({**environment, "HEADRACE_SOURCES": str(path), "HEADRACE_QUERY_API_KEYS_FILE": str(home / "api-keys.yaml")}) as chosen:
            sources = {source.name: source for source in load_sources(path).rest}
            for vendor in vendors:
                made = await _register(sources[vendor.name], f"{receiver}/{vendor.name}", environment)
                os.environ[_variable(vendor)] = chosen[_variable(vendor)] = made or environment[_variable(vendor)]
            prober = Prober(f"http://{stack.site.address('query')}")
            try:
                await asyncio.to_thread(stack.up, environment=chosen)
                async with IndexWatch(stack.site.address("kafka")) as watch:
                    yield RestSite(stack, sources, keys, watch, prober, chosen)
            finally:
                await prober.aclose()
                await asyncio.to_thread(stack.down)


@contextmanager
def environed(variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables in this process too, since it loads sources.yaml and verifies as a command would."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield dict(variables)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def _variable(vendor: Vendor) -> str:
    return f"HEADRACE_BENCH_{vendor.name.upper()}_SECRET"


async def _register(source: RestSource, address: str, environment: Mapping[str, str]) -> str:
    """The secret, where the vendor makes it."""
    registration = type_of(source).registration
    assert registration is not None, source.type  # of the vendors of these benchmarks
    async with HttpApi(source.url, auth_of(source, environment)) as api:
        return (await registration.register(source, api, address, environment[f"HEADRACE_BENCH_{source.name.upper()}_SECRET"])).secret


def _write_sources(home: Path, vendors: Sequence[Vendor], declared: Mapping[str, Any]) -> Path:
    entries = [
        {"name": vendor.name, "url": vendor.url, "tenant": TENANT, "webhook": {"secret": f"env:{_variable(vendor)}"}, **vendor.declaration, **declared}
        for vendor in vendors
    ]
    path = home / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": entries}))
    return path


def _write_keys(home: Path, vendors: Sequence[Vendor]) -> dict[tuple[str, str], str]:
    callers = {(vendor.name, reader): principals for vendor in vendors for reader, principals in (("staff", vendor.staff), ("guest", vendor.guest))}
    keys = {caller: secrets.token_urlsafe(24) for caller in callers}
    entries = [
        {
            "name": "-".join(caller),
            "key_sha256": hashlib.sha256(key.encode()).hexdigest(),
            "tenant": TENANT,
            "principals": list(callers[caller]),
        }
        for caller, key in keys.items()
    ]
    (home / "api-keys.yaml").write_text(yaml.safe_dump({"keys": entries}))
    return keys
