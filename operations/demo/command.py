"""``headrace demo``: sets the scene, plays it, judges it, and keeps serving."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Final

import httpx
import psycopg
import typer
from rich.console import Console
from rich.markup import escape

from connectors.debezium import ConnectorError, apply_source
from contracts.settings import ConnectSettings, KafkaSettings, read
from contracts.sources import PostgresSource, SourcesError, load_sources
from contracts.topic_admin import KafkaUnavailableError
from examples.company import load
from examples.company.edits import OUTSIDER, principals
from operations.ask import KEY_VARIABLE
from operations.demo import helpdesk_moves
from operations.demo.changes import Scene
from operations.demo.helpdesk import show_helpdesk
from operations.demo.helpdesk_vendor import Helpdesk, HelpdeskError, opened_helpdesk, write_sources
from operations.demo.home import EXAMPLE, Caller, Callers, NotTheDemosHomeError, prepare_home
from operations.demo.questions import load_questions
from operations.demo.replay import TENANT, ReplayFileError, Revision, load_first, read_revisions, replay
from operations.demo.replay import write_sources as write_replay_sources
from operations.demo.story import Verdict, questions_file, show_changes, show_questions, summarize, wait_until_indexed
from operations.demo.watching import IndexWatch, Prober
from operations.stack.commands import ProgressTable, one_message
from operations.stack.stack import Stack
from operations.verify.command import Wishes, choose, progress, run
from operations.verify.report import print_report
from rest_sources.api import ApiError

READER: Final = ("tidewater", ("group:staff",))
SETTLE_SECONDS: Final = 10.0
_PROBLEM: Final = 2


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the summary: exit code 1 where a change, an answer or the verification failed.")] = False,
    changes: Annotated[int, typer.Option(min=0, help="How many live changes.")] = 60,
    rate: Annotated[float, typer.Option(min=0.1, max=50, help="Changes a second.")] = 3.0,
    seed: Annotated[int, typer.Option(help="Another seed, other changes.")] = 1,
    replay_file: Annotated[
        Path | None, typer.Option("--replay", help="Replay a revision history instead (JSON lines: rev, at, op, path, text; may be gzipped).")
    ] = None,
) -> None:
    """Watch a small company's documents become searchable, and answers change with them, on real servers of this machine.

    Starts Postgres, Kafka, Debezium, Weaviate, the workers and the query service; loads handbook, policies and tickets of two tenants; edits them
    live; asks questions before and after; does the same at a help desk that speaks Zendesk's formats; verifies the index against its sources.
    Then keeps serving until Ctrl-C.
    """
    console = Console(soft_wrap=True)
    with one_message(), _demo_messages(console):
        history = list(read_revisions(replay_file)) if replay_file else []
        stack = Stack()
        folder = prepare_home(stack)
        reader = (TENANT, ("public",)) if replay_file else READER
        callers = Callers(folder, {reader} if replay_file else _all_callers())
        with nullcontext() if replay_file else opened_helpdesk(stack.site) as desk:
            try:
                failed = (
                    _run(stack, callers, console, desk=desk, changes=changes, rate=rate, seed=seed)
                    if desk
                    else _run_replay(stack, callers, console, history=history)
                )
                if not once:
                    _serve(stack, callers.of(*reader), console)
            finally:
                console.print("\nstopping the stack …")
                stack.down()
    raise typer.Exit(1 if failed and once else 0)


@contextmanager
def _demo_messages(console: Console) -> Iterator[None]:
    try:
        yield
    except (
        ConnectorError,
        SourcesError,
        NotTheDemosHomeError,
        ReplayFileError,
        KafkaUnavailableError,
        HelpdeskError,
        ApiError,
        httpx.HTTPError,
        TimeoutError,
    ) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(_PROBLEM) from None


def _all_callers() -> set[tuple[str, tuple[str, ...]]]:
    """Each principal of each tenant alone, as the probes ask, and whoever a question is asked as."""
    found: set[tuple[str, tuple[str, ...]]] = {(row.tenant, (principal,)) for row in load.rows() for principal in (*row.allowed, OUTSIDER, "public")}
    found |= {(tenant, (principal,)) for tenant, principal in principals()}
    found |= {(helpdesk_moves.TENANT, people) for people in helpdesk_moves.PEOPLE.values()}
    return found | {(question.tenant, question.principals) for question in load_questions(questions_file(EXAMPLE))} | {READER}


def _run(stack: Stack, callers: Callers, console: Console, *, desk: Helpdesk, changes: int, rate: float, seed: int) -> bool:
    sources_file = write_sources(stack.site.home)
    _up(stack, sources_file, callers, READER, console, desk.environment)
    console.print("[bold]Creating the demo company's database[/bold]")
    loaded = load.create(stack.site.dsn())
    console.print("  " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in loaded.items()))
    console.print("[bold]Applying the connector[/bold]")
    source = load_sources(sources_file).postgres[0]
    for action in apply_source(source, read(ConnectSettings), read(KafkaSettings)):
        console.print(f"  {escape(str(action))}")
    verdict = asyncio.run(_play(stack, source, callers, desk, console, changes=changes, rate=rate, seed=seed))
    return not _verified(sources_file, console) or bool(verdict.failures)


def _verified(sources_file: Path, console: Console) -> bool:
    """The proof at the end: every row against the index, by the project's own command."""
    console.print("\n[bold]Verifying[/bold] the index against the database")
    with progress(hidden=not console.is_terminal) as advance:
        report = asyncio.run(run(choose(load_sources(sources_file), None, None), Wishes(SETTLE_SECONDS, None, repair=False), advance))
    print_report(report, console)
    return not report.findings.differences


def _up(
    stack: Stack, sources_file: Path, callers: Callers, reader: tuple[str, tuple[str, ...]], console: Console, environment: Mapping[str, str] | None = None
) -> None:
    chosen = {"HEADRACE_SOURCES": str(sources_file), "HEADRACE_QUERY_API_KEYS_FILE": str(callers.file), KEY_VARIABLE: callers.of(*reader).key}
    chosen.update(environment or {})
    console.print("[bold]Starting the stack[/bold] (real servers on loopback)")
    with ProgressTable(console) as progress:
        stack.up(progress, environment=chosen)


async def _play(stack: Stack, source: PostgresSource, callers: Callers, desk: Helpdesk, console: Console, *, changes: int, rate: float, seed: int) -> Verdict:
    verdict = Verdict()
    async with aclosing(Prober(f"http://{stack.site.address('query')}")) as prober, IndexWatch(stack.site.address("kafka")) as watch:
        scene = Scene(stack.site.dsn(), source, callers, prober, watch)
        load_seconds = await wait_until_indexed(watch, source.name, _documents(stack.site.dsn()), console)
        documents, chunks = watch.count(source.name), sum(change.added for change in watch.changes if change.doc_id.startswith(f"{source.name}:"))
        console.print(f"  {documents} documents, {chunks} chunks in {load_seconds:.1f} s")
        await show_changes(scene, verdict, console, seed=seed, count=changes, per_second=rate)
        await show_questions(scene, verdict, load_questions(questions_file(EXAMPLE)), console)
        await show_helpdesk(scene, verdict, desk, console)
        summarize(verdict, load_seconds, documents, chunks, console)
    return verdict


def _documents(dsn: str) -> int:
    """How many rows are documents: all but drafts."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM handbook_pages) + (SELECT count(*) FROM tickets) + (SELECT count(*) FROM policies WHERE status <> 'draft')"
        ).fetchone()
    return int(row[0]) if row else 0


def _run_replay(stack: Stack, callers: Callers, console: Console, *, history: list[Revision]) -> bool:
    sources_file = write_replay_sources(stack.site.home)
    _up(stack, sources_file, callers, (TENANT, ("public",)), console)
    source = load_sources(sources_file).postgres[0]
    failures = asyncio.run(_play_replay(stack, source, history, console))
    for failure in failures:
        console.print(f"  [red]failed:[/red] {escape(failure)}")
    return not _verified(sources_file, console) or bool(failures)


async def _play_replay(stack: Stack, source: PostgresSource, history: list[Revision], console: Console) -> list[str]:
    pages = await load_first(stack.site.dsn(), history)
    console.print(f"[bold]Loading revision 0[/bold]: {pages} pages")
    for action in await asyncio.to_thread(lambda: list(apply_source(source, read(ConnectSettings), read(KafkaSettings)))):
        console.print(f"  {escape(str(action))}")
    async with IndexWatch(stack.site.address("kafka")) as watch:
        seconds = await wait_until_indexed(watch, source.name, pages, console)
        console.print(f"  {pages} documents, {sum(change.added for change in watch.changes)} chunks in {seconds:.1f} s")
        return await replay(stack.site.dsn(), source, watch, history, console)


def _serve(stack: Stack, reader: Caller, console: Console) -> None:
    address = f"http://{stack.site.address('query')}"
    console.print(f"\n[bold]Serving until Ctrl-C[/bold]  page {address}/   API {address}/docs")
    console.print(f"  key of a reader of {reader.tenant}: {reader.key}")
    console.print('  or in another shell: .venv/bin/headrace ask "…"    .venv/bin/headrace status')
    console.print(f"  database: HEADRACE_DEMO_DSN in {stack.site.env_file}; edit a row and ask again")
    stop = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    signal.sigwait(stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, stop)
