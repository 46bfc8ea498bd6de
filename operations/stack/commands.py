"""``headrace up``, ``down`` and ``processes``: the stack for a person at a terminal. Functions for Typer; operations/cli.py hangs them in.

A StackError becomes one message with cause and cure on stderr and exit code 2.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import TracebackType
from typing import Annotated, Final, Self

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from contracts.events import describe_validation
from contracts.settings import home
from operations.stack.errors import NotReadyError, StackError
from operations.stack.preflight import callers_settings, check_settings, referenced_variables
from operations.stack.processes import ProcessState
from operations.stack.programs import PROGRAM_NAMES
from operations.stack.site import DATABASE
from operations.stack.stack import Stack

EXIT_CODE: Final = 2
_MIB: Final = 1024 * 1024
_STYLES: Final = {"ready": "green", "RUNNING": "green", "stopped": "dim", "starting": "yellow", "STARTING": "yellow"}

Only = Annotated[list[str] | None, typer.Option("--only", help=f"Start this program and what it needs, not all (repeatable): {', '.join(PROGRAM_NAMES)}.")]
Clean = Annotated[bool, typer.Option("--clean", help="End processes that a killed run of this home left behind, then start.")]


@contextmanager
def one_message() -> Iterator[None]:
    """A StackError, or an invalid setting, as one message and exit code 2."""
    console = Console(stderr=True, soft_wrap=True)
    try:
        yield
    except ValidationError as error:
        console.print(f"[red]A setting is invalid:[/red] {escape(describe_validation(error))}\nCorrect the HEADRACE_STACK_… variable, or the home's stack.env.")
        raise typer.Exit(EXIT_CODE) from None
    except StackError as error:
        if isinstance(error, NotReadyError) and error.log_lines:
            console.print("\n".join(f"  {escape(line)}" for line in error.log_lines), style="dim")
        console.print(f"[red]{escape(error.cause)}[/red]\n{escape(error.cure)}")
        raise typer.Exit(EXIT_CODE) from None


INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""


class ProgressTable:
    """What each program is doing: a live table at a terminal, one line a change elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._began = time.monotonic()
        self._rows: dict[str, tuple[str, float]] = {}
        self._live = Live(console=self._console, get_renderable=self._render, refresh_per_second=8, transient=False) if self._console.is_terminal else None

    def __call__(self, program: str, doing: str) -> None:
        elapsed = time.monotonic() - self._began
        self._rows[program] = (doing, elapsed)
        if self._live is None:
            self._console.print(f"{elapsed:6.1f} s  {program}: {doing}", highlight=False)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def _render(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        for program, (doing, elapsed) in list(self._rows.items()):
            table.add_row(program, f"[{_STYLES.get(doing, 'yellow')}]{doing}", f"{elapsed:.1f} s")
        return table


def up(only: Only = None, clean: Clean = False) -> None:
    """Start the local stack and return when all of it is ready."""
    with one_message():
        stack = Stack(programs=tuple(only) if only else PROGRAM_NAMES)
        chosen = callers_settings(stack.site)
        check_settings(stack.site, stack.programs, chosen)
        began = time.monotonic()
        try:
            if outdated := stack.outdated(referenced_variables(stack.site, chosen)):
                down()
                Console(soft_wrap=True).print(f"Stopped first: sources.yaml refers to {', '.join(outdated)}, which changed since the stack was started.")
            with ProgressTable() as progress:
                stack.up(progress, clean=clean, environment=chosen)
        except KeyboardInterrupt:
            Console(stderr=True, soft_wrap=True).print("Interrupted: some programs may run already. `headrace up` goes on, `headrace down` stops them.")
            raise typer.Exit(INTERRUPTED) from None
        console = Console(soft_wrap=True)
        serving = f" Query service: http://{stack.site.address('query')} " if "query" in stack.programs else ""
        console.print(f"Ready after {time.monotonic() - began:.1f} s.{serving} Home: {escape(str(stack.site.home))}")
        if "postgres" in stack.programs:
            console.print(
                f"The local database: postgresql://…@{stack.site.address('postgres')}/{DATABASE}; its password is in {escape(str(stack.site.env_file))} (HEADRACE_DEMO_DSN)."
            )


def down() -> None:
    """Stop the local stack, and end what a killed run of this home left behind."""
    with one_message():
        if not home().is_dir():  # looking for a stack in some folder must not leave one's home there
            Console(soft_wrap=True).print(f"No stack ran under {escape(str(home()))}.")
            return
        stack = Stack()
        ran = bool(stack.processes())
        with ProgressTable() as progress:
            left = stack.down(progress)
        for item in left:
            Console().print(f"Ended {item.name} (pid {item.pid}), left by an earlier run.")
        if not ran and not left:
            Console(soft_wrap=True).print(f"No stack ran under {escape(str(stack.site.home))}.")


def processes(as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False) -> None:
    """Each program of the local stack: state, pid, uptime, memory."""
    with one_message():
        stack = Stack() if home().is_dir() else None
        states, left = (stack.processes(), stack.leftovers()) if stack else ([], ())
        if as_json:
            typer.echo(json.dumps({"processes": [asdict(state) for state in states], "leftovers": [asdict(item) for item in left]}, indent=2))
            return
        console = Console(soft_wrap=True)
        if not states:
            console.print(f"No stack runs under {escape(str(home()))}. Start it with `headrace up`.")
        else:
            console.print(process_table(states))
        for item in left:
            console.print(f"[yellow]Left by an earlier run: {item.name} (pid {item.pid}); `headrace down` ends it.[/yellow]")


def process_table(states: list[ProcessState]) -> Table:
    table = Table("program", "state", "pid", "uptime", "memory", box=None, pad_edge=False)
    for state in states:
        style = _STYLES.get(state.state, "red")
        table.add_row(state.name, f"[{style}]{state.state.lower()}", str(state.pid or ""), f"{state.uptime_seconds:.0f} s", f"{state.rss_bytes / _MIB:.0f} MiB")
    table.add_row("together", "", "", "", f"{sum(state.rss_bytes for state in states) / _MIB:.0f} MiB")
    return table
