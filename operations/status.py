"""``headrace status``: is everything running, how far behind is it, what does the index hold, how fresh is it.

Each part asks its own server and tells for itself when that does not answer: a status that fails because something is down would be of no use.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Final, TypeVar

import typer
from aiokafka.errors import KafkaError
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from weaviate.exceptions import WeaviateBaseError

from connectors.debezium import ConnectorError, Health, health_of
from contracts.settings import ConnectSettings, KafkaSettings, SourcesSettings, WeaviateSettings, home, read
from contracts.sources import PostgresSource, SourcesError, load_sources
from index.collections import CollectionNames, live_space
from index.connection import connect
from index.reading_counts import Counts, count_tenants
from index.store import StoreUnavailableError
from operations.connectors.report import far
from operations.dead_letters.letters import read_letters
from operations.foreseen import UNAVAILABLE, one_message
from operations.freshness import Buckets, Freshness, MetricsUnavailableError, freshness, merged, read_histograms, read_metrics
from operations.intake import Intake, Metrics, intakes, parse_metrics
from operations.lag import Lag, groups_of, lags
from operations.stack import ProcessState, Stack
from operations.stack.commands import process_table
from operations.topic_reading import topic_reader

_MIB: Final = 2**20
_ADDRESSES: Final = re.compile(r" from \[\(.*")
"""The end of what aiokafka says: the addresses as Python writes them."""
_WATCH_SECONDS: Final = 2.0
_INDEX_WORKERS: Final = ("index", "index-backfill")
_INTAKE_PROGRAMS: Final = ("poll", "collect")
_Answer = TypeVar("_Answer")
_FORESEEN: Final = (KafkaError, StoreUnavailableError, WeaviateBaseError, ConnectorError, SourcesError, MetricsUnavailableError, OSError)

Histograms = Mapping[tuple[str, str], Buckets]


@dataclass(slots=True)
class Status:
    """One look. ``problems`` has a sentence for each part that does not answer, and for each alarm."""

    processes: list[ProcessState] = field(default_factory=list)
    connectors: list[Health] = field(default_factory=list)
    intakes: tuple[Intake, ...] = ()
    lags: tuple[Lag, ...] = ()
    tenants: tuple[Counts, ...] = ()
    space: str = ""
    dead_letters_open: int | None = None
    freshness: tuple[Freshness, ...] = ()
    histograms: Histograms = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    stack: str = ""
    """That no local stack runs, where none does: what answers is then served elsewhere."""


def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again every two seconds until Ctrl-C; freshness is then of the last minute.")] = False,
) -> None:
    """Processes, how changes come in from each source, lag, what the index holds, freshness, open dead letters.

    Exit code 0: all is well. 2: something does not answer, or deserves an alarm; the lines at the end say what.

    For example: headrace status --watch, or in a script: headrace status --json
    """
    with one_message():
        if watch:
            _watch(Console())
            return
        found = asyncio.run(look())
    if as_json:
        typer.echo(json.dumps(as_data(found), indent=2, default=str))
    else:
        Console(highlight=False).print(render(found))
    if found.problems:
        raise typer.Exit(UNAVAILABLE)


async def look(before: Histograms | None = None) -> Status:
    """Everything at once; ``before`` makes the freshness that of the changes since."""
    found = Status()
    metrics, *_ = await asyncio.gather(_processes(found, before), _connectors(found), _kafka(found), _index(found))
    await _intakes(found, metrics)
    found.problems.sort()
    return found


async def _processes(found: Status, before: Histograms | None) -> Metrics | None:
    """What a local stack's poller and collector measure; None where they do not run here."""
    stack = Stack() if home().is_dir() else None
    found.processes = await asyncio.to_thread(stack.processes) if stack else []
    if stack is None or not found.processes:
        found.stack = f"No stack runs under {home()}. 'headrace up' starts it."
        return None
    down = [state.name for state in found.processes if not state.pid]
    found.problems += [f"{name} does not run: 'headrace up' starts it, and its log is {stack.site.log(name)}" for name in down]
    running = {state.name for state in found.processes} - set(down)
    addresses = {name: f"http://{stack.site.address(f'{name}-metrics')}/metrics" for name in (*_INDEX_WORKERS, *_INTAKE_PROGRAMS) if name in running}
    for name in addresses.keys() & set(_INDEX_WORKERS):
        answer = await _asked(found, f"{name}'s metrics", lambda url=addresses[name]: asyncio.to_thread(read_histograms, url))  # type: ignore[misc]
        found.histograms = merged([found.histograms, answer or {}])
    found.freshness = freshness(found.histograms, before)
    texts = [
        await _asked(found, f"{name}'s metrics", lambda url=addresses[name]: asyncio.to_thread(read_metrics, url))  # type: ignore[misc]
        for name in _INTAKE_PROGRAMS
        if name in addresses
    ]
    return {key: value for text in texts for key, value in parse_metrics(text or "").items()} if texts else None


async def _intakes(found: Status, metrics: Metrics | None) -> None:
    settings = read(KafkaSettings)

    async def ask() -> tuple[Intake, ...]:
        return await intakes(load_sources(read(SourcesSettings).sources), settings, metrics)

    found.intakes = await _asked(found, "sources", ask) or ()
    found.problems += [f"{one.source}: {alert}" for one in found.intakes for alert in one.alerts]


async def _connectors(found: Status) -> None:
    async def ask() -> list[Health]:
        sources = load_sources(read(SourcesSettings).sources).postgres
        return [await asyncio.to_thread(health_of, source, read(ConnectSettings)) for source in sources]

    found.connectors = await _asked(found, "connectors", ask) or []
    found.problems += [f"{health.source}: {alert}" for health in found.connectors for alert in health.alerts]


async def _kafka(found: Status) -> None:
    settings = read(KafkaSettings)

    async def ask() -> tuple[tuple[Lag, ...], int]:
        async with topic_reader(settings) as reader:
            letters = await read_letters(reader)
        return await lags(settings, groups_of(_declared())), sum(letter.resolution is None for letter in letters)

    answer = await _asked(found, f"Kafka at {settings.bootstrap_servers}", ask)
    if answer is not None:
        found.lags, found.dead_letters_open = answer


def _declared() -> tuple[PostgresSource, ...]:
    """None for an invalid file: what is wrong with it is told with the connectors."""
    try:
        return load_sources(read(SourcesSettings).sources).postgres
    except SourcesError:
        return ()


async def _index(found: Status) -> None:
    async def ask() -> None:
        client = await connect(read(WeaviateSettings))
        try:
            space = await live_space(client)
            if space is not None:
                found.space = f"{space} ({space.id})"
                found.tenants = await count_tenants(client, CollectionNames.of(space))
        finally:
            await client.close()

    await _asked(found, "index", ask)


async def _asked(found: Status, what: str, ask: Callable[[], Awaitable[_Answer]]) -> _Answer | None:
    try:
        return await ask()
    except _FORESEEN as error:
        said = _ADDRESSES.sub("", " ".join(str(error).split()))[:200]
        found.problems.append(f"{what}: {said or type(error).__name__}")
        return None


def as_data(found: Status) -> dict[str, Any]:
    return {
        "processes": [asdict(state) for state in found.processes],
        "connectors": [asdict(health) for health in found.connectors],
        "sources": [asdict(one) for one in found.intakes],
        "lag": [asdict(lag) for lag in found.lags],
        "tenants": [asdict(counts) for counts in found.tenants],
        "embedding_space": found.space,
        "freshness": [asdict(row) for row in found.freshness],
        "dead_letters_open": found.dead_letters_open,
        "problems": found.problems,
    }


def render(found: Status, span: str = "since the workers started") -> RenderableType:
    """One look as tables."""
    parts: list[RenderableType] = [found.stack] if found.stack else [process_table(found.processes), ""]
    answered = (
        (found.connectors, _connector_table(found.connectors)),
        (found.intakes, _intake_table(found.intakes)),
        (found.lags, _lag_table(found.lags)),
        (found.tenants, _tenant_table(found.tenants)),
        (found.freshness, _freshness_table(found.freshness, span)),
    )
    for _, table in (pair for pair in answered if pair[0]):
        parts += [table, ""]
    parts += [f"{health.source} reads {load.table}{far(load)}" for health in found.connectors for load in health.loads]
    if found.lags or found.tenants:
        parts.append(f"embedding space  {escape(found.space) or 'none yet: there is no index'}")
    if found.dead_letters_open is not None:
        style = "red" if found.dead_letters_open else "green"
        parts += ["", f"dead letters open  [{style}]{found.dead_letters_open}[/]" + ("  ('headrace dead-letters list')" if found.dead_letters_open else "")]
    parts += [f"[red]problem[/red]  {escape(problem)}" for problem in found.problems]
    return Group(*parts)


def _connector_table(healths: list[Health]) -> Table:
    table = Table("connector of", "state", "tasks", "slot behind", "log", box=None, pad_edge=False)
    for health in healths:
        behind = "–" if health.lag_bytes is None else f"{health.lag_bytes:,} bytes"
        table.add_row(health.source, health.connector.lower(), ", ".join(health.tasks).lower() or "none", behind, health.wal_status)
    return table


def _intake_table(found: tuple[Intake, ...]) -> Table:
    table = Table("source", "type", "state", "last look", "last whole sweep", "hints waiting", box=None, pad_edge=False)
    for one in found:
        swept, waiting = ("", "") if one.table else (_ago(one.swept_all_seconds), f"{one.waiting:,}")
        table.add_row(f"{one.source} {one.table}".strip(), one.type, one.state, _ago(one.looked_seconds), swept, waiting)
    return table


def _ago(seconds: float | None) -> str:
    """Since a time, in the unit that a person reads at a glance."""
    if seconds is None:
        return "–"
    passed = max(0.0, time.time() - seconds)
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if passed >= 2 * length:
            return f"{passed / length:.0f} {unit} ago"
    return f"{passed:.0f} s ago"


def _lag_table(found: tuple[Lag, ...]) -> Table:
    table = Table("worker group", "records behind", "where", box=None, pad_edge=False)
    for lag in found:
        behind = f"[{'green' if not lag.records else 'yellow'}]{lag.records:,}[/]" if lag.known else "[dim]nothing yet[/]"
        table.add_row(lag.group.removeprefix("headrace-"), behind, ", ".join(f"{topic} {count:,}" for topic, count in lag.topics.items()))
    return table


def _tenant_table(tenants: tuple[Counts, ...]) -> Table:
    table = Table("tenant", "documents", "chunks", "deletes kept", box=None, pad_edge=False)
    for counts in tenants:
        table.add_row(counts.tenant, f"{counts.documents:,}", f"{counts.chunks:,}", f"{counts.deleted:,}")
    return table


def _freshness_table(rows: tuple[Freshness, ...], span: str) -> Table:
    table = Table(f"freshness {span}", "change", "number", "p50", "p95", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row.source, row.op, f"{row.changes:,}", _milliseconds(row.p50_seconds), _milliseconds(row.p95_seconds))
    return table


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:,.0f} ms"


def _watch(console: Console) -> None:
    """Looks again and again; freshness over a sliding minute."""
    looks: list[tuple[float, Histograms]] = []
    with Live(console=console, auto_refresh=False, screen=False) as live:
        while True:
            found = asyncio.run(look(looks[0][1] if looks else None))
            looks.append((time.monotonic(), found.histograms))
            looks = [item for item in looks if item[0] > time.monotonic() - 60]
            live.update(render(found, "of the last minute" if len(looks) > 1 else "since the workers started"), refresh=True)
            time.sleep(_WATCH_SECONDS)
