"""The commands. Each ends with 0 when all is well and 2 with one message, cause and cure, when not; ``plan`` ends with 1 when there is something to apply."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from connectors.debezium import (
    ConnectorError,
    Health,
    apply_source,
    connected,
    control_loads,
    delete_source,
    health_of,
    pause_source,
    plan_source,
    request_filtered_snapshot,
    request_snapshot,
    restart_source,
    resume_source,
    watch,
)
from contracts.settings import ConnectSettings, KafkaSettings, SourcesSettings, read
from contracts.sources import PostgresSource, Sources, SourcesError, json_schema, load_sources
from contracts.sources.changes import SourcesFile
from operations.connectors.report import plan_as_data, print_health, print_loads, print_plan

app = typer.Typer(help="Connectors of the sources that sources.yaml declares.", no_args_is_help=True)
_PROBLEM, _DIFFERENT = 2, 1
PACE_SECONDS = 5.0

SourcesOption = Annotated[Path | None, typer.Option("--sources", help="The file that declares the sources [HEADRACE_SOURCES].")]
SourceName = Annotated[str | None, typer.Argument(metavar="[SOURCE]", help="Only this source; all of sources.yaml where none is named.")]
SourceOption = Annotated[str | None, typer.Option("--source", help="The table's source, where more than one declares it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


@app.command()
def plan(source: SourceName = None, sources: SourcesOption = None, as_json: JsonOption = False) -> None:
    """Shows what 'apply' would change. Exit code 0: nothing; 1: something; 2: it cannot, and why."""
    with _told():
        plans = [plan_source(chosen, read(ConnectSettings), read(KafkaSettings)) for chosen in _chosen(sources, source)]
    if as_json:
        typer.echo(json.dumps([plan_as_data(found) for found in plans], indent=2))
    else:
        for found in plans:
            print_plan(found, Console())
        if source is None:
            _tell_of_others(load_sources(sources or read(SourcesSettings).sources))
    if any(found.problems for found in plans):
        raise typer.Exit(_PROBLEM)
    if any(found.actions for found in plans):
        raise typer.Exit(_DIFFERENT)


@app.command()
def apply(source: SourceName = None, sources: SourcesOption = None) -> None:
    """Makes it so: publication, topics, connector, first load. Running it again changes nothing."""
    with _told():
        for chosen in _chosen(sources, source):
            done = 0
            for action in apply_source(chosen, read(ConnectSettings), read(KafkaSettings), lambda warning: typer.echo(f"warning: {warning}", err=True)):
                typer.echo(f"{chosen.name}: {action}")
                done += 1
            typer.echo(f"{chosen.name}: {'running' if done else 'running, nothing to change'}")


@app.command()
def status(source: SourceName = None, sources: SourcesOption = None, as_json: JsonOption = False) -> None:
    """Connector, task, slot and loads of each source; while a table is being read it looks twice, for the pace. Exit code 2 where something deserves an alarm."""
    with _told():
        chosen = _chosen(sources, source)
        before: list[Health] = []
        found = [health_of(one, read(ConnectSettings)) for one in chosen]
        looked = time.monotonic()
        if not as_json and any(health.loads for health in found):
            time.sleep(PACE_SECONDS)
            before, found = found, [health_of(one, read(ConnectSettings)) for one in chosen]
    if as_json:
        typer.echo(json.dumps([asdict(health) for health in found], indent=2))
    else:
        print_health(found, Console())
        print_loads(before, found, time.monotonic() - looked, Console())
    if any(health.alerts for health in found):
        raise typer.Exit(_PROBLEM)


@app.command()
def pause(source: SourceName = None, sources: SourcesOption = None) -> None:
    """Stops reading; the database keeps its log until 'resume'."""
    _each(sources, source, "paused", lambda chosen: pause_source(chosen, read(ConnectSettings)))


@app.command()
def resume(source: SourceName = None, sources: SourcesOption = None) -> None:
    """Goes on where 'pause' stopped."""
    _each(sources, source, "running", lambda chosen: resume_source(chosen, read(ConnectSettings)))


@app.command()
def restart(source: SourceName = None, sources: SourcesOption = None) -> None:
    """Restarts connector and task."""
    _each(sources, source, "running", lambda chosen: restart_source(chosen, read(ConnectSettings)))


@app.command()
def delete(
    source: SourceName = None,
    sources: SourcesOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Removes connector, offsets, slot and publication. Topics and the index stay."""
    with _told():
        for chosen in _chosen(sources, source):
            if not yes:
                typer.confirm(f"Remove the connector of {chosen.name}, its slot and its publication?", abort=True)
            removed = 0
            for thing in delete_source(chosen, read(ConnectSettings)):
                typer.echo(f"{chosen.name}: removed {thing}")
                removed += 1
            if not removed:
                typer.echo(f"{chosen.name}: nothing was left")


@app.command()
def snapshot(
    table: Annotated[str, typer.Argument(help="A declared table, schema.table.")],
    where: Annotated[list[str] | None, typer.Option("--where", help="column=value; more than one: all must hold.")] = None,
    sources: SourcesOption = None,
    source: SourceOption = None,
) -> None:
    """Reads a table's rows again, live changes going on meanwhile."""
    with _told():
        chosen = _one_with(_chosen(sources, source), table)
        conditions = [_condition(text) for text in where or []]
        with connected(chosen) as connection:
            if conditions:
                request_filtered_snapshot(chosen, table, conditions, connection)
            else:
                request_snapshot(chosen, table, None, connection)
        typer.echo(f"{chosen.name}: asked for the rows of {table}; they arrive on its backfill topic")


@app.command()
def load(
    action: Annotated[
        Literal["pause", "resume", "stop"], typer.Argument(help="A restart of Kafka Connect ends a pause; what is stopped, 'apply' begins anew.")
    ],
    source: SourceName = None,
    sources: SourcesOption = None,
) -> None:
    """Pauses, resumes or stops the reading of whole tables; live changes go on. 'status' shows the loads."""
    with _told():
        for chosen in _chosen(sources, source):
            loads = control_loads(chosen, read(ConnectSettings), action)
            typer.echo(f"{chosen.name}: {f'{action} asked for: ' + ', '.join(one.table for one in loads) if loads else 'no table is being read'}")


@app.command(name="watch")
def watch_sources(
    source: SourceName = None,
    sources: SourcesOption = None,
    interval: Annotated[float, typer.Option("--interval", min=0.5, help="Seconds between two looks.")] = 3.0,
) -> None:
    """Restarts connectors whose task has failed, with growing pauses, until it is ended. Kafka Connect itself never does."""
    with _told():
        for name in watch(_chosen_at_each_look(sources, source), read(ConnectSettings), interval):
            typer.echo(f"{name}: restarted")


@app.command()
def schema() -> None:
    """Prints the JSON schema of sources.yaml, for editors."""
    typer.echo(json.dumps(json_schema(), indent=2))


def _chosen(path: Path | None, name: str | None) -> tuple[PostgresSource, ...]:
    return _named(load_sources(path or read(SourcesSettings).sources), name)


def _named(declared: Sources, name: str | None) -> tuple[PostgresSource, ...]:
    """The source of that name, or all."""
    if name is None:
        return declared.postgres
    found = tuple(source for source in declared.postgres if source.name == name)
    if not found:
        others = [source.name for source in declared.sources if source.name == name]
        known = ", ".join(source.name for source in declared.postgres) or "none"
        reason = f"{name} has no connector: only Postgres has one." if others else f"There is no source {name}."
        raise ConnectorError(reason, f"Postgres sources are: {known}.")
    return found


def _tell_of_others(declared: Sources) -> None:
    for source in declared.sources:
        if not isinstance(source, PostgresSource):
            typer.echo(f"{source.name}\n  has no connector: type {source.type} is read by another program; 'headrace status' tells how it does")


def _chosen_at_each_look(path: Path | None, name: str | None) -> Callable[[], tuple[PostgresSource, ...]]:
    """The sources as the file has them at each look; those known before while it is invalid."""
    file = SourcesFile(path or read(SourcesSettings).sources)
    _named(file.sources, name)

    def now() -> tuple[PostgresSource, ...]:
        try:
            file.changed()
        except SourcesError as error:
            typer.echo(f"sources.yaml is not read anew: {error}", err=True)
        return _named(file.sources, name)

    return now


def _one_with(sources: tuple[PostgresSource, ...], table: str) -> PostgresSource:
    found = [source for source in sources if any(declared.name == table for declared in source.tables)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConnectorError(f"More than one source declares {table}.", "Name one with --source.")
    declared = ", ".join(declared.name for source in sources for declared in source.tables)
    raise ConnectorError(f"No source declares the table {table}.", f"Declared are: {declared}.")


def _condition(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals or not column.strip():
        raise ConnectorError(f"--where {text!r} is not column=value.", "Write, for example, --where id=42.")
    return column.strip(), value


def _each(path: Path | None, name: str | None, outcome: str, work: Callable[[PostgresSource], None]) -> None:
    with _told():
        for chosen in _chosen(path, name):
            work(chosen)
            typer.echo(f"{chosen.name}: {outcome}")


@contextmanager
def _told() -> Iterator[None]:
    """A foreseen error as its message and exit code 2; anything else is ours to mend and passes."""
    try:
        yield
    except (ConnectorError, SourcesError) as error:
        console = Console(stderr=True)
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True, highlight=False)
        raise typer.Exit(_PROBLEM) from error
