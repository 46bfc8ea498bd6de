"""The demo's acts, in order, and what they prove. Everything that is shown was seen through the query service's API."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from examples.company.edits import edits
from operations.ask import show_answer
from operations.demo.changes import Scene, Seen, play
from operations.demo.helpdesk_moves import Moved
from operations.demo.questions import Asked, Question, ask, edit_and_ask_again
from operations.demo.watching import IndexWatch

LOAD_SECONDS: Final = 600.0
STANDSTILL_SECONDS: Final = 60.0


@dataclass(slots=True)
class Verdict:
    """What went wrong, in words; nothing where all is well."""

    failures: list[str] = field(default_factory=list)
    changes: list[Seen] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)
    """Of the help desk."""


async def wait_until_indexed(watch: IndexWatch, source: str, expected: int, console: Console) -> float:
    """Seconds until the snapshot of a source was in the index; a bar meanwhile."""
    began = time.perf_counter()
    columns = (TextColumn("  indexing"), BarColumn(), MofNCompleteColumn(), TextColumn("documents"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("indexing", total=expected)
        while (seen := watch.count(source)) < expected:
            progress.update(task, completed=seen)
            if not await watch.more_documents_than(seen, STANDSTILL_SECONDS, source):
                raise TimeoutError(
                    f"{seen} of {expected} documents were indexed and nothing more came for {STANDSTILL_SECONDS:.0f} s; see 'headrace status' and the logs"
                )
            if time.perf_counter() - began > LOAD_SECONDS:
                raise TimeoutError(f"{seen} of {expected} documents were indexed after {LOAD_SECONDS:.0f} s")
        progress.update(task, completed=expected)
    return time.perf_counter() - began


async def show_changes(scene: Scene, verdict: Verdict, console: Console, *, seed: int, count: int, per_second: float) -> None:
    console.print(f"\n[bold]{count} changes at {per_second:g} a second[/bold]: commit → first search that shows it, chunks embedded / kept")
    async for seen in play(scene, edits(seed), count, per_second):
        verdict.changes.append(seen)
        latency = f"{seen.seconds * 1000:6.0f} ms" if seen.seconds is not None else "[red]not seen[/red]"
        console.print(f"  {seen.edit.kind:<10} {latency}  {seen.embedded:>2} / {seen.kept:<3} {escape(seen.edit.label)}", highlight=False)
        if seen.seconds is None:
            verdict.failures.append(f"{seen.edit.kind} of {seen.doc_id} was not searchable in time")


async def show_questions(scene: Scene, verdict: Verdict, questions: list[Question], console: Console) -> None:
    async with await psycopg.AsyncConnection.connect(scene.dsn, autocommit=True) as connection:
        for question in questions:
            asked = await ask(scene, question, "before the edit" if question.edit else "")
            tell(asked, verdict, console, brief=question.edit is None)
            if question.edit is None:
                continue
            console.print(f"  [dim]edit: {escape(question.edit.old)} → {escape(question.edit.new)}[/dim]")
            again, seconds = await edit_and_ask_again(scene, question, connection)
            tell(again, verdict, console, brief=False)
            if seconds is None:
                verdict.failures.append(f"the edit for '{question.id}' was not searchable in time")
            else:
                console.print(f"  [dim]searchable {seconds * 1000:.0f} ms after the commit[/dim]")


def tell(asked: Asked, verdict: Verdict, console: Console, *, brief: bool) -> None:
    verdict.asked.append(asked)
    mark = "[red]✗[/red]" if asked.wrong else "[green]✓[/green]"
    who = f"{asked.question.tenant}, {', '.join(asked.question.principals)}"
    console.print(f"\n{mark} [bold]{escape(asked.question.question)}[/bold] [dim]({escape(who)}{'; ' + asked.when if asked.when else ''})[/dim]")
    if asked.wrong:
        verdict.failures.append(f"'{asked.question.id}' {asked.when}: {asked.wrong}")
        console.print(f"  [red]{escape(asked.wrong)}[/red]")
    if brief:
        sources = ", ".join(dict.fromkeys(source["title"] for source in asked.answer["sources"]))
        console.print(f"  {escape(asked.answer['answer'])}  [dim]confidence {asked.answer['confidence']:.2f}{'; ' + escape(sources) if sources else ''}[/dim]")
    else:
        show_answer(asked.answer, console)


def summarize(verdict: Verdict, load_seconds: float, documents: int, chunks: int, console: Console) -> None:
    console.print("\n[bold]Summary[/bold]")
    console.print(f"  first load: {documents} documents, {chunks} chunks in {load_seconds:.1f} s")
    for kind in ("update", "insert", "delete", "permission"):
        seconds = sorted(seen.seconds for seen in verdict.changes if seen.edit.kind == kind and seen.seconds is not None)
        if seconds:
            console.print(
                f"  {kind:<10} {len(seconds):>3} changes: median {statistics.median(seconds) * 1000:.0f} ms, slowest {seconds[-1] * 1000:.0f} ms",
                highlight=False,
            )
    embedded, kept = sum(seen.embedded for seen in verdict.changes), sum(seen.kept for seen in verdict.changes)
    console.print(f"  chunks of the changed documents: {embedded} embedded, {kept} kept as they were")
    for told_by in ("webhook", "sweep"):
        seconds = sorted(moved.seconds for moved in verdict.moves if moved.move.told_by == told_by and moved.seconds is not None)
        if seconds:
            console.print(
                f"  help desk, found by {told_by:<8} {len(seconds)} changes: median {statistics.median(seconds) * 1000:.0f} ms, slowest {seconds[-1] * 1000:.0f} ms",
                highlight=False,
            )
    right = sum(1 for asked in verdict.asked if not asked.wrong)
    console.print(f"  answers: {right} of {len(verdict.asked)} as they should be")
    for failure in verdict.failures:
        console.print(f"  [red]failed:[/red] {escape(failure)}")


def questions_file(example: Path) -> Path:
    return example / "questions.yaml"
