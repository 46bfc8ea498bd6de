"""``headrace sweep``: asks a source what it has, now, and has the collector fetch what differs from what was fetched last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, assert_never

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.collect.app import declared_topics, opened_reader
from connectors.rest.credentials import CredentialsError
from connectors.sweep.schedule import take
from connectors.sweep.sweeper import Look, Swept
from contracts.settings import KafkaSettings, SourcesSettings, read
from contracts.sources import CollectedSource, Sources, environment, load_sources
from contracts.topic_admin import ensure_topics
from operations.foreseen import OperationError, one_message
from rest_sources.api import ApiError

SourceName = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A source of sources.yaml that webhooks and sweeps keep fresh: Jira, Confluence, Zendesk, files.")
]


def sweep(
    source: SourceName,
    changed: Annotated[bool, typer.Option("--changed", help="Only what the vendor lists as changed since the last look.")] = False,
    access: Annotated[bool, typer.Option("--access", help="Only permissions that no webhook tells.")] = False,
    sources: Annotated[Path | None, typer.Option("--sources", help="The file that declares the sources [HEADRACE_SOURCES].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Find what webhooks lost: every object of SOURCE is listed and compared with what was fetched last; only what differs is fetched.

    Stop it at any time: it goes on where it was. The collector fetches what was found at the source's pace ('sweep.per_second' in sources.yaml).
    """
    if changed and access:
        raise typer.BadParameter("--changed and --access are two looks: name one of them, or none to list everything")
    look: Look = "changed" if changed else "access" if access else "all"
    with one_message():
        found = swept_source(load_sources(sources or read(SourcesSettings).sources), source)
        with _bars(hidden=as_json or not Console(stderr=True).is_terminal) as bars:
            task = bars.add_task(source, total=None)
            swept = asyncio.run(_sweep(found, look, lambda now: bars.update(task, description=f"{source}: {_said(now)}")))
    if as_json:
        typer.echo(json.dumps(asdict(swept)))
    else:
        typer.echo(f"{source}: {_said(swept)}{'; the collector fetches them now' if swept.found else ''}")


def _bars(*, hidden: bool) -> Progress:
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True), transient=True, disable=hidden)


def swept_source(declared: Sources, name: str) -> CollectedSource:
    """The source of that name which is swept. OperationError where there is none."""
    for source in declared.collected:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in declared.collected) or "none"
    other = any(source.name == name for source in declared.sources)
    cause = f"{name} is read through a connector, which needs no sweep." if other else f"There is no source {name}."
    raise OperationError(cause, f"Sources that are swept: {known}.")


async def _sweep(source: CollectedSource, look: Look, advance: Callable[[Swept], None]) -> Swept:
    kafka = read(KafkaSettings)
    await ensure_topics(kafka, declared_topics([source], kafka.partitions))
    try:
        async with opened_reader(source, environment()) as reader:
            return await take(look, source, reader, kafka, advance)
    except ApiError as error:
        raise OperationError(error.cause, error.cure) from error
    except CredentialsError as error:
        raise OperationError(str(error), "The collector needs the same secret.") from error


def _said(swept: Swept) -> str:
    match swept.look:
        case "access":
            return f"{swept.listed} containers to compare"
        case "all" | "changed":
            return f"{swept.listed} listed, {swept.new} new, {swept.changed} changed, {swept.gone} gone"
        case _:
            assert_never(swept.look)
