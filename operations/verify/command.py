"""``headrace verify``: the wiring of one run, and its options."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from connectors.collect.app import opened_reader
from connectors.debezium import connected
from connectors.debezium.database import Connection
from connectors.rest.credentials import CredentialsError
from contracts.embedding_space import EmbeddingSpace
from contracts.settings import EmbeddingSettings, KafkaSettings, RedactionSettings, SourcesSettings, WeaviateSettings, read
from contracts.sources import ClickHouseSource, ClickHouseTable, PostgresSource, RestSource, Sources, Table, TableSource, environment, load_sources
from index.collections import CollectionNames, EmbeddingSpaceMismatchError, complete_documents, live_space
from index.connection import connect
from index.embedding import load
from index.store import WeaviateStore
from operations.foreseen import DIFFERENT, OperationError, one_message
from operations.lag import records_in_flight
from operations.verify.asking import Asking, ThroughConnector, ThroughPoller
from operations.verify.clickhouse_rows import opened_rows
from operations.verify.expectation import Expecter
from operations.verify.index_reader import IndexReader
from operations.verify.objects import ObjectsVerification
from operations.verify.reasons import reasons
from operations.verify.repair import Repair, Repaired
from operations.verify.report import Report, as_data, print_report
from operations.verify.source_rows import PostgresRows, TableRows, prepare
from operations.verify.verification import Advance, Findings, Verification
from streams.mapping import RestMapping, TableMapping
from streams.producer import RecordProducer


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to verify. ``whole``: everything that is declared, so that a document of any other table is an orphan."""

    tables: tuple[tuple[TableSource, Table], ...]
    rest: tuple[RestSource, ...]
    whole: bool

    @property
    def sources(self) -> tuple[TableSource, ...]:
        """Those of the tables."""
        return tuple({one.name: one for one, _ in self.tables}.values())


@dataclass(frozen=True, slots=True)
class Wishes:
    settle_seconds: float
    sample: int | None
    repair: bool


def verify(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    table: Annotated[str | None, typer.Option(help="Only this table, schema.table.")] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Compare only so many rows of each table, chosen at random; orphans and leftovers are looked for everywhere.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Ask the source again for what is missing or stale, delete orphans, remove leftovers, then verify again.")
    ] = False,
    settle: Annotated[float, typer.Option(min=0, max=600, help="Seconds for which a difference must last before it counts: edits go on meanwhile.")] = 10.0,
    sources: Annotated[Path | None, typer.Option(help="The file that declares the sources [HEADRACE_SOURCES].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs; every difference is listed.")] = False,
) -> None:
    """Compare the index with what the sources say it must hold.

    Each row is read by SQL, each object of a REST source fetched, and turned into its document by the code that the workers run (mapping, redaction, chunks),
    then compared with the index: text, permissions, title, url, metadata, every chunk object, the embedding space. And each document of the index must have
    a row or an object.

    Exit code 0: no difference. 1: differences. 2: a server does not answer, or a setting is wrong.

    For example:

      headrace verify

      headrace verify --source company --table public.tickets --sample 500

      headrace verify --repair
    """
    with one_message():
        chosen = choose(load_sources(sources or read(SourcesSettings).sources), source, table)
        with progress(hidden=as_json) as advance:
            report = asyncio.run(run(chosen, Wishes(settle, sample, repair), advance))
    if as_json:
        typer.echo(json.dumps(as_data(report), indent=2))
    else:
        print_report(report, Console(soft_wrap=True, highlight=False))
    if report.findings.differences:
        raise typer.Exit(DIFFERENT)


def choose(declared: Sources, source: str | None, table: str | None) -> Chosen:
    """The declared tables and REST sources that the options leave. OperationError where there is none."""
    found = tuple((one, its) for one in declared.of_tables for its in one.tables if source in {None, one.name} and table in {None, its.name})
    rest = tuple(one for one in declared.rest if source in {None, one.name} and table is None)
    if not found and not rest:
        known = ", ".join([*(f"{one.name} {its.name}" for one in declared.of_tables for its in one.tables), *(one.name for one in declared.rest)])
        asked = " ".join(name for name in (source, table) if name)
        raise OperationError(f"No declared table or source is {asked}.", f"Declared are: {known}.")
    return Chosen(found, rest, source is None and table is None)


async def run(chosen: Chosen, wishes: Wishes, advance: Advance) -> Report:
    """Verify, repair where wished, verify again."""
    async with AsyncExitStack() as stack:
        began = time.monotonic()
        embedder = await asyncio.to_thread(load, read(EmbeddingSettings))
        stack.push_async_callback(embedder.close)
        names, index, store = await stack.enter_async_context(_open_index(embedder.space))
        connections = {one.name: stack.enter_context(connected(one)) for one in chosen.sources if isinstance(one, PostgresSource)}
        tables = await _open_tables(stack, chosen, connections)
        expecter = Expecter(chosen.sources, chosen.rest, embedder, read(RedactionSettings))
        verification = Verification(tables, expecter, index, whole=chosen.whole, elsewhere=[one.scope for one in chosen.rest])
        objects = [await _objects(stack, one, expecter, index) for one in chosen.rest]

        async def compared() -> Findings:
            findings = await verification.run(wishes.settle_seconds, advance, wishes.sample)
            for one in objects:
                findings.differences |= await one.run(wishes.settle_seconds, advance, wishes.sample, findings)
            return findings

        findings = await compared()
        repaired, before = None, tuple(findings.all())
        if wishes.repair and before:
            producer = RecordProducer(read(KafkaSettings).bootstrap_servers)
            await producer.start()
            stack.push_async_callback(producer.stop)
            asking = {TableMapping(*one).scope: _asking(*one, connections, producer) for one in chosen.tables}
            repaired = await _repaired(Repair(verification, asking, index, store, producer), objects, findings, producer, advance)
            findings = await compared()
        in_flight = await records_in_flight(read(KafkaSettings), chosen.sources) if findings.differences else 0
        why = await reasons([one for one in chosen.sources if isinstance(one, PostgresSource)], findings.differences) if findings.differences else []
        space = f"{embedder.space} ({names.chunk})"
        return Report(findings, time.monotonic() - began, space, wishes.sample, in_flight, repaired, before if repaired else (), tuple(why))


async def _open_tables(stack: AsyncExitStack, chosen: Chosen, connections: Mapping[str, Connection]) -> dict[str, TableRows]:
    """By scope. One connection for a Postgres source, one for each ClickHouse table."""
    for connection in connections.values():
        prepare(connection)
    tables: dict[str, TableRows] = {}
    for source, table in chosen.tables:
        mapping = TableMapping(source, table)
        if isinstance(source, ClickHouseSource) and isinstance(table, ClickHouseTable):
            tables[mapping.scope] = await stack.enter_async_context(opened_rows(mapping, source, table, environment()))
        else:
            tables[mapping.scope] = PostgresRows(mapping, connections[source.name])
    return tables


def _asking(source: TableSource, table: Table, connections: Mapping[str, Connection], producer: RecordProducer) -> Asking:
    match source:
        case PostgresSource():
            return ThroughConnector(source, table, connections[source.name])
        case ClickHouseSource():
            return ThroughPoller(source, table, producer)
        case _:
            raise TypeError(type(source).__name__)


async def _objects(stack: AsyncExitStack, source: RestSource, expecter: Expecter, index: IndexReader) -> ObjectsVerification:
    try:
        reader = await stack.enter_async_context(opened_reader(source, environment()))
    except CredentialsError as error:
        raise OperationError(str(error), "This command needs the secrets that the collector has.") from error
    return ObjectsVerification(reader, RestMapping(source), expecter, index)


async def _repaired(repair: Repair, objects: Iterable[ObjectsVerification], findings: Findings, producer: RecordProducer, advance: Advance) -> Repaired:
    """Tables through their connectors, objects through the collector; leftovers of either at the end."""
    by_scope = {one.mapping.source.scope: one for one in objects}
    repaired = await repair.run({subject: found for subject, found in findings.differences.items() if subject.scope not in by_scope}, advance)
    for scope, one in by_scope.items():
        wrong = {subject: found for subject, found in findings.differences.items() if subject.scope == scope}
        if wrong:
            asked, deleted = await one.repair(wrong, producer)
            repaired.asked_again += asked
            repaired.deleted += deleted
            repaired.leftovers_removed += await repair.remove_leftovers(wrong)
    return repaired


@asynccontextmanager
async def _open_index(own: EmbeddingSpace) -> AsyncIterator[tuple[CollectionNames, IndexReader, WeaviateStore]]:
    """The live index, which must be of our own embedding space: what another model cut and embedded cannot be compared."""
    settings = read(WeaviateSettings)
    client = await connect(settings)
    try:
        live = await live_space(client)
        if live is None:
            raise OperationError("There is no index yet.", "The first index worker makes it: 'headrace up', then 'headrace connectors apply'.")
        if live != own:
            raise EmbeddingSpaceMismatchError(live, own)
        names = CollectionNames.of(live)
        await complete_documents(client, names)
        yield names, IndexReader(client, names), WeaviateStore(client, names, settings.replication)
    finally:
        await client.close()


@contextmanager
def progress(*, hidden: bool) -> Iterator[Advance]:
    """A bar for each table and tenant, on stderr."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=hidden) as bars:
        tasks: dict[str, object] = {}

        def advance(name: str, done: int, total: int | None) -> None:
            if name not in tasks or total is not None:
                tasks[name] = bars.add_task(name, total=total)
            bars.advance(tasks[name], done)  # type: ignore[arg-type]  # a TaskID

        yield advance
