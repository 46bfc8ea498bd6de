"""``headrace webhooks``: has a vendor send its webhooks to our receiver, over the vendor's own API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from connectors.rest.credentials import CredentialsError, auth_of, webhook_secrets
from connectors.rest.http_api import HttpApi
from contracts.settings import SourcesSettings, WebhookSettings, read
from contracts.sources import RestSource, environment, load_sources
from operations.foreseen import OperationError, one_message
from operations.stack.site import write_private
from operations.sweep import SourceName, swept_source
from rest_sources.api import Api, ApiError
from rest_sources.catalog import type_of
from rest_sources.registry import Registered, Registration

app = typer.Typer(help="Webhooks of REST sources: registered at the vendor, through its own API.", no_args_is_help=True)
_FILE: Final = "file:"
_Result = TypeVar("_Result")

SourcesOption = Annotated[Path | None, typer.Option("--sources", help="The file that declares the sources [HEADRACE_SOURCES].")]
UrlOption = Annotated[str | None, typer.Option("--url", help="The receiver's address as the vendor reaches it, without /webhooks [HEADRACE_WEBHOOKS_URL].")]


@app.command()
def register(source: SourceName, url: UrlOption = None, sources: SourcesOption = None) -> None:
    """Have the vendor tell us of every change that SOURCE reads.

    Where the vendor makes the signing secret itself, it is written to the file that 'webhook.secret' names, or shown once where that is an
    environment variable.
    """
    with one_message():
        found = _source(source, sources)
        address = f"{_address(url)}/webhooks/{found.name}"
        secret = "" if _vendor_chooses_secret(found) else _own_secret(found)
        made = _asked(found, lambda registration, api: registration.register(found, api, address, secret))
        typer.echo(f"{source}: webhook {made.id} sends {len(made.events)} events to {made.url}")
        if made.secret:
            typer.echo(_kept(found, made))


@app.command("list")
def list_(source: SourceName, sources: SourcesOption = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False) -> None:
    """The webhooks that 'register' made for SOURCE."""
    with one_message():
        found = _source(source, sources)
        there = _asked(found, lambda registration, api: registration.registered(found, api))
    if as_json:
        typer.echo(json.dumps([{name: value for name, value in asdict(one).items() if name != "secret"} for one in there], indent=2))
        return
    for one in there:
        typer.echo(f"{one.id}  {one.url}  {', '.join(one.events)}")
    if not there:
        typer.echo(f"{source} has none; 'headrace webhooks register {source}' makes one")


@app.command()
def remove(source: SourceName, webhook: Annotated[str, typer.Argument(metavar="ID", help="As 'list' shows it.")], sources: SourcesOption = None) -> None:
    """Have the vendor send no more to one of them. Sweeps go on finding changes."""
    with one_message():
        found = _source(source, sources)
        _asked(found, lambda registration, api: registration.remove(found, api, webhook))
        typer.echo(f"{source}: webhook {webhook} is removed")


def _source(name: str, path: Path | None) -> RestSource:
    found = swept_source(load_sources(path or read(SourcesSettings).sources), name)
    if not isinstance(found, RestSource):
        raise OperationError(f"{found.type} has no API for webhooks that is used here.", "docs/files.md says how a storage is told to send its notifications.")
    return found


def _address(given: str | None) -> str:
    url = (given or read(WebhookSettings).url).rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise OperationError("Where the vendor reaches the receiver is not known.", "Give --url https://hooks.company.example, or set HEADRACE_WEBHOOKS_URL.")
    return url


def _own_secret(source: RestSource) -> str:
    try:
        secrets = webhook_secrets(source, environment())
    except CredentialsError as error:
        raise OperationError(str(error), "Make one with: openssl rand -hex 32") from error
    if not secrets:
        raise OperationError(
            f"{source.name} declares no webhook in sources.yaml.", "Add 'webhook: {secret: env:NAME}' to it: without a secret nobody's deliveries are believed."
        )
    return secrets[0].decode()


def _vendor_chooses_secret(source: RestSource) -> bool:
    registration = type_of(source).registration
    return registration is not None and registration.vendor_chooses_secret


def _asked(source: RestSource, ask: Callable[[Registration, Api], Awaitable[_Result]]) -> _Result:
    registration = type_of(source).registration
    if registration is None:
        raise OperationError(f"{source.type} has no API for webhooks.", "docs/rest-sources.md says how a person registers one there.")

    async def run() -> _Result:
        async with HttpApi(source.url, auth_of(source, environment())) as api:
            return await ask(registration, api)

    try:
        return asyncio.run(run())
    except ApiError as error:
        raise OperationError(error.cause, error.cure) from error
    except CredentialsError as error:
        raise OperationError(str(error), "The collector needs the same secret.") from error


def _kept(source: RestSource, made: Registered) -> str:
    """Where the vendor's secret went."""
    reference = source.webhook.secret[0] if source.webhook else ""
    if reference.startswith(_FILE):
        path = Path(reference.removeprefix(_FILE))
        write_private(path, made.secret + "\n")
        return f"its signing secret is in {path}"
    place = f"set {reference.removeprefix('env:')} to it" if reference else "declare it in sources.yaml as webhook.secret"
    return f"its signing secret, shown this once ({place}): {made.secret}"
