"""Plans and states as a person or a program reads them. Values are shown as they go to Connect: secrets are references there."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connectors.debezium import Health, Load, Plan
from connectors.debezium.plan import ConfigChange, PutConnector


def print_plan(plan: Plan, console: Console) -> None:
    console.print(f"[bold]{plan.source}[/bold]")
    for problem in plan.problems:
        console.print(f"  [red]problem[/red]  {escape(str(problem))}", soft_wrap=True)
    for warning in plan.warnings:
        console.print(f"  [yellow]warning[/yellow]  {escape(str(warning))}", soft_wrap=True)
    for action in plan.actions:
        console.print(f"  [cyan]to do[/cyan]    {escape(str(action))}", soft_wrap=True)
        if isinstance(action, PutConnector) and not action.new:
            console.print(_changes(action.changes))
    if not plan.actions and not plan.problems:
        console.print("  all is as declared")


def _changes(changes: tuple[ConfigChange, ...]) -> Table:
    table = Table("key", "running", "declared", box=None, pad_edge=True)
    for change in changes:
        table.add_row(escape(change.key), escape(change.before or "–"), escape(change.after or "–"))
    return table


def plan_as_data(plan: Plan) -> dict[str, object]:
    return {
        "source": plan.source,
        "actions": [{"kind": type(action).__name__, "text": str(action)} for action in plan.actions],
        "problems": [asdict(problem) for problem in plan.problems],
        "warnings": [asdict(warning) for warning in plan.warnings],
    }


def print_health(found: list[Health], console: Console) -> None:
    table = Table("source", "connector", "tasks", "slot behind", "log", box=None)
    for health in found:
        lag = "–" if health.lag_bytes is None else f"{health.lag_bytes:,} bytes"
        table.add_row(health.source, health.connector.lower(), ", ".join(health.tasks).lower() or "none", lag, health.wal_status)
    console.print(table)
    for health in found:
        for alert in health.alerts:
            console.print(f"[red]{health.source}[/red]: {escape(alert)}", soft_wrap=True)


def print_loads(before: list[Health], now: list[Health], seconds: float, console: Console) -> None:
    """A line for each table that is being read; the pace is what came between two looks."""
    earlier = {(health.source, load.table): load for health in before for load in health.loads}
    for health in now:
        for load in health.loads:
            console.print(f"{health.source}: reading {load.table}{far(load)}{_pace(earlier.get((health.source, load.table)), load, seconds)}", soft_wrap=True)


def far(load: Load) -> str:
    if load.total is None:
        return ""
    return f": about {load.total:,} rows" if load.done is None else f": about {load.done:,} of {load.total:,} rows"


def _pace(before: Load | None, now: Load, seconds: float) -> str:
    if before is None or before.done is None or now.done is None or now.total is None:
        return ""
    per_second = (now.done - before.done) / seconds
    if per_second <= 0:
        return ", none of them since the last look (waiting its turn, paused, or behind live changes)"
    return f", {per_second:,.0f} a second, {(now.total - now.done) / per_second / 60:,.0f} min left"
