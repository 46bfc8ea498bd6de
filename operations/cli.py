"""The ``headrace`` command: everything an operator runs, hung together."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Annotated

import typer

from contracts.settings import TelemetrySettings
from index.telemetry_setup import configure_logging
from operations.ask import ask, search
from operations.connectors.commands import app as connectors
from operations.dead_letters.commands import app as dead_letters
from operations.demo.command import demo
from operations.settings_command import settings
from operations.stack.commands import down, processes, up
from operations.status import status
from operations.sweep import sweep
from operations.verify.command import verify
from operations.webhooks import app as webhooks
from operations.why.command import why

app = typer.Typer(
    name="headrace",
    help="Keeps what a chat bot knows as fresh as the systems it comes from, provably, at the cost of what changed. Begin with 'headrace demo'.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:  # Typer's form
    if asked:
        typer.echo(f"headrace {version('headrace')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    return


app.command()(demo)
app.command()(up)
app.command()(down)
app.command()(status)
app.command()(processes)
app.command()(ask)
app.command()(search)
app.add_typer(connectors, name="connectors")
app.command()(sweep)
app.add_typer(webhooks, name="webhooks")
app.command()(verify)
app.command()(why)
app.add_typer(dead_letters, name="dead-letters")
app.command()(settings)


def main() -> None:
    """The console script. Commands speak to a person: events below a warning would only repeat what they print."""
    configure_logging(TelemetrySettings(log_level="warning", log_format="console"))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its errors come as exceptions too, and a command tells them once
    app()
