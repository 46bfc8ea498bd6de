"""``headrace why DOC_ID``: the evidence as a short story, and the conclusion."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.rows.snapshots import GATHERED_ORDER
from contracts.settings import SourcesSettings, read
from contracts.sources import load_sources
from index.manifest import Manifest
from operations.dead_letters.report import when
from operations.foreseen import DIFFERENT, OperationError, one_message
from operations.why.conclusion import Conclusion, conclude
from operations.why.evidence import Collecting, Evidence, SourceKind
from operations.why.gather import gather

_OPS = {"c": "insert", "u": "update", "d": "delete", "r": "read by a snapshot", "t": "truncate"}


def why(
    doc_id: Annotated[str, typer.Argument(metavar="DOC_ID", help="As in a source of an answer: source:database.schema.table/key, source:object/id.")],
    tenant: Annotated[str | None, typer.Option(help="Look only at this tenant's part of the index.")] = None,
    sources: Annotated[Path | None, typer.Option(help="The file that declares the sources [HEADRACE_SOURCES].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Where a document is on its way from the source to the index, or what stopped it, and what to do.

    Looks at the row (or fetches the object), at what brings its changes, the topics, the dead letters and the index, in this order. Shows no text.

    Exit code 0: the index holds what the source says. 1: it does not. 2: nothing could be asked.

    For example: headrace why company:company.public.tickets/1003, or: headrace why helpdesk:ticket/17
    """
    with one_message():
        if not doc_id.strip():
            raise OperationError("DOC_ID is empty.", "It is source:database.schema.table/key, as 'headrace search' and the sources of an answer show it.")
        evidence = asyncio.run(gather(load_sources(sources or read(SourcesSettings).sources), doc_id, tenant))
    conclusion = conclude(evidence)
    steps = list(story(evidence))
    if as_json:
        typer.echo(json.dumps(_as_data(evidence, conclusion, steps), indent=2))
    else:
        _print(steps, evidence, conclusion)
    if not conclusion.right:
        raise typer.Exit(DIFFERENT)


def story(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """(place, what it says), in the order of a change's way."""
    if not evidence.table:
        yield "source", "no declared table or source"
    else:
        yield "source", _row(evidence)
        yield from _bringing(evidence)
    for seen in sorted(evidence.raw, key=lambda seen: seen.time_us):
        yield "raw", f"{when(seen.time_us)}  {_OPS.get(seen.kind, seen.kind)}, version {short(seen.version, evidence.kind)}, in {seen.place}"
    if evidence.table and not evidence.raw:
        yield "raw", f"no record of the {evidence.noun} among the last {evidence.raw_scanned:,} of its topics"
    for seen in sorted(evidence.documents, key=lambda seen: seen.version):
        yield "documents", f"{when(seen.time_us)}  {seen.kind} for tenant {seen.tenant}, version {short(seen.version, evidence.kind)}, in {seen.place}"
    for letter in evidence.letters:
        state = "open" if letter.resolution is None else letter.resolution.action
        yield "dead letter", f"{when(letter.letter.time_us)}  {letter.id} ({state}), {letter.letter.stage}: {letter.letter.reason}"
    for lag in evidence.lags:
        if lag.records:
            yield "lag", f"{lag.group.removeprefix('headrace-')} has {lag.records:,} records before it"
    if evidence.floor is not None:
        yield "floor", f"everything below version {short(evidence.floor, evidence.kind)} was deleted by a truncate or a removed table"
    yield from _index(evidence)
    for text in evidence.unasked:
        yield "no answer", text


def _row(evidence: Evidence) -> str:
    row = evidence.row
    match row.kind:
        case "document":
            return f"{evidence.table} has the {evidence.noun}; tenant {row.tenant}, allowed: {', '.join(row.allowed) or 'nobody'}"
        case "refused":
            return f"{evidence.table} has the {evidence.noun}, which makes no document: {row.reason}"
        case "outside where":
            return f"{evidence.table} has the row, but outside 'where'"
        case "expired":
            return f"{evidence.table} has the {evidence.noun}, which expired on {when(row.expires_us or 0)}"
        case "absent":
            return f"{evidence.table} has no such {evidence.noun}"
        case _:
            return "not known"


def _bringing(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What brings the changes of this kind of source, and how far it is."""
    match evidence.kind:
        case "postgres":
            yield "connector", _connector(evidence)
        case "clickhouse":
            yield "poller", _poller(evidence)
        case "rest" if evidence.collecting is not None:
            yield from _collector(evidence.collecting)


def _poller(evidence: Evidence) -> str:
    cursor = evidence.cursor
    if cursor is None:
        return "it has not read this table yet"
    return (
        "it is still loading what was there at first; changes go in between" if cursor.until is not None else "it has loaded the table and follows its changes"
    )


def _collector(collecting: Collecting) -> Iterator[tuple[str, str]]:
    for hint in collecting.hints:
        yield "hint", f"{when(hint.time_us)}  by {hint.found_by}{f', {hint.event}' if hint.event else ''}, in {hint.place}"
    if not collecting.hints:
        yield "hint", f"none of {collecting.parent} among the last of its topic"
    fetched = collecting.fetched
    if fetched is None:
        yield "fetched", "never"
    elif fetched.gone:
        yield "fetched", f"for the hint {fetched.offset}: nothing was there"
    else:
        refused = f", {len(fetched.refused)} refused" if fetched.refused else ""
        yield "fetched", f"for the hint {fetched.offset}: {len(fetched.parts)} records{refused}"


def _connector(evidence: Evidence) -> str:
    health = evidence.connector
    text = "not known" if health is None else f"{health.connector.lower()}, slot {health.lag_bytes or 0:,} bytes behind"
    return text + (f"; deletes do not show {', '.join(evidence.outside_identity)}" if evidence.outside_identity else "")


def _index(evidence: Evidence) -> Iterator[tuple[str, str]]:
    if not evidence.indexed:
        yield "index", "nothing of it"
    for held in evidence.indexed:
        for manifest in sorted(held.manifests, key=lambda manifest: manifest.attempt):
            current = "current" if manifest is held.current else "older"
            what = _gone(manifest) if manifest.deleted else f"{len(manifest.entries)} chunks, allowed: {', '.join(manifest.allowed) or 'nobody'}"
            yield (
                "index",
                f"{when(manifest.indexed_time_us)}  tenant {held.tenant}, {current}, version {short(manifest.attempt.version, evidence.kind)}: {what}",
            )
        if held.listed_gone or not held.manifests:
            yield "index", f"tenant {held.tenant}: {held.listed_gone} listed chunks are gone, {held.chunks_there} are there"


def _gone(manifest: Manifest) -> str:
    expires_us = manifest.description.expires_us
    return "deleted" if expires_us is None else f"deleted: it expired on {when(expires_us)}"


def short(version: tuple[int, int, int, int], kind: SourceKind = "postgres") -> str:
    """Epoch, the source's own order, policy. As one reads positions in Postgres: 0·0/1B9E5E8·0/1B9E600·1; for ClickHouse the row's time and version, else a hint's offset."""
    epoch, major, minor, policy = version
    if kind == "clickhouse":
        return f"{epoch}·{datetime.fromtimestamp(major / 1_000_000, UTC).isoformat(timespec='microseconds').removesuffix('+00:00')}·{minor}·{policy}"
    if kind == "rest":
        return f"{epoch}·{major}{f'+{minor}' if minor else ''}·{policy}"
    if major >= GATHERED_ORDER:
        return f"{epoch}·before transaction {major - GATHERED_ORDER}, {2**32 - minor} open·{policy}"
    return f"{epoch}·{major >> 32:X}/{major & 0xFFFFFFFF:X}·{minor >> 32:X}/{minor & 0xFFFFFFFF:X}·{policy}"


def _print(steps: list[tuple[str, str]], evidence: Evidence, conclusion: Conclusion) -> None:
    console = Console(highlight=False)
    console.print(f"[bold]{escape(evidence.doc_id)}[/bold]", soft_wrap=True)
    table = Table(box=None, pad_edge=False, show_header=False)
    for place, text in steps:
        table.add_row(f"[cyan]{place}[/]", escape(text))
    console.print(table)
    console.print(
        f"[{'green' if conclusion.right else 'red'}]{escape(conclusion.sentence)}[/]" + (f" {escape(conclusion.cure)}" if conclusion.cure else ""),
        soft_wrap=True,
    )


def _as_data(evidence: Evidence, conclusion: Conclusion, steps: list[tuple[str, str]]) -> dict[str, object]:
    return {
        "doc_id": evidence.doc_id,
        "right": conclusion.right,
        "conclusion": conclusion.sentence,
        "cure": conclusion.cure,
        "steps": [{"place": place, "says": text} for place, text in steps],
    }
