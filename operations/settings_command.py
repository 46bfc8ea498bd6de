"""``headrace settings``: every setting with its variable, value, default, meaning and where the value comes from. Secrets are masked."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal

import typer
from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from contracts.events import describe_validation
from contracts.settings import GROUPS, HOME_VARIABLE, STACK_ENV, home, read
from operations.foreseen import UNAVAILABLE, OperationError, one_message
from operations.stack import StackSettings

_MASK: Final = "********"
_ALIKE: Final = 0.85
_ALL: Final[tuple[type[BaseSettings], ...]] = (*GROUPS, StackSettings)
Origin = Literal["environment", "stack.env", "default"]


@dataclass(frozen=True, slots=True)
class Setting:
    """``value`` is what a process started here would use; a secret is shown as set or not."""

    group: str
    variable: str
    value: str
    default: str
    meaning: str
    origin: Origin


def settings(
    group: Annotated[
        str | None, typer.Argument(help="Only this group: kafka, weaviate, connect, embedding, indexer, redaction, query, telemetry, sources, stack.")
    ] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only what is not at its default.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Every setting: the variable that sets it, its value here and now, its default and what it means.

    A value comes from the environment, else from stack.env in the home folder, where 'headrace up' writes the addresses that it chose, else it is the default.

    For example: headrace settings kafka, or: HEADRACE_INDEXER_BATCH_DOCUMENTS=32 headrace settings --changed
    """
    stack_file = {name: value for name, value in dotenv_values(home() / STACK_ENV).items() if value is not None}
    with one_message():
        chosen = _chosen(group)
    found = [setting for kind in chosen for setting in of_group(kind, os.environ, stack_file)]
    problems = [problem for kind in chosen for problem in _problems(kind)]
    shown = [setting for setting in found if not changed or setting.origin != "default"]
    if as_json:
        typer.echo(json.dumps({"home": str(home()), "settings": [asdict(setting) for setting in shown], "problems": problems}, indent=2))
    else:
        _print(shown, chosen, Console())
    for problem in problems:
        Console(stderr=True, soft_wrap=True).print(f"[red]invalid[/red]  {escape(problem)}")
    for variable, meant in misspelt(os.environ):
        Console(stderr=True, soft_wrap=True).print(f"[yellow]unknown[/yellow]  {escape(variable)} sets nothing; did you mean {meant}?")
    if problems:
        raise typer.Exit(UNAVAILABLE)


def misspelt(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables that look like one of ours and are none, each with the one that was meant."""
    known = [f"{kind.model_config.get('env_prefix', '')}{name}".upper() for kind in _ALL for name in kind.model_fields]
    for variable in sorted(environ):
        if variable.startswith("HEADRACE_") and variable.upper() not in known and (near := difflib.get_close_matches(variable, known, n=1, cutoff=_ALIKE)):
            yield variable, near[0]


def of_group(kind: type[BaseSettings], environ: Mapping[str, str], stack_file: Mapping[str, str]) -> Iterator[Setting]:
    """The settings of a group with raw values: also those that would not pass validation, since these are the ones that one looks for."""
    prefix = str(kind.model_config.get("env_prefix", ""))
    upper_environ = {name.upper(): value for name, value in environ.items()}
    upper_file = {name.upper(): value for name, value in stack_file.items()}
    for name, field in kind.model_fields.items():
        variable = f"{prefix}{name}".upper()
        default = _default(field)
        value, origin = _value(variable, default, upper_environ, upper_file)
        shown = _MASK if value and _is_secret(field) else value
        yield Setting(name_of(kind), variable, shown, default, field.description or "", origin)


def name_of(kind: type[BaseSettings]) -> str:
    return kind.__name__.removesuffix("Settings").lower()


def _value(variable: str, default: str, environ: Mapping[str, str], stack_file: Mapping[str, str]) -> tuple[str, Origin]:
    if variable in environ:
        return environ[variable], "environment"
    if variable in stack_file:
        return stack_file[variable], "stack.env"
    return default, "default"


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, SecretStr):
        return _MASK if default.get_secret_value() else ""
    return str(default).lower() if isinstance(default, bool) else str(default)


def _is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation)


def _chosen(group: str | None) -> tuple[type[BaseSettings], ...]:
    found = tuple(kind for kind in _ALL if group in {None, name_of(kind)})
    if not found:
        raise OperationError(f"There is no group of settings named {group}.", f"Groups are: {', '.join(name_of(kind) for kind in _ALL)}.")
    return found


def _problems(kind: type[BaseSettings]) -> Iterator[str]:
    try:
        read(kind)
    except ValidationError as error:
        prefix = str(kind.model_config.get("env_prefix", ""))
        yield f"{prefix}…: {describe_validation(error)}"


def _print(shown: list[Setting], chosen: tuple[type[BaseSettings], ...], console: Console) -> None:
    console.print(f"{HOME_VARIABLE}={escape(str(home()))}", soft_wrap=True, highlight=False)
    for kind in chosen:
        mine = [setting for setting in shown if setting.group == name_of(kind)]
        if not mine:
            continue
        console.print(f"\n[bold]{name_of(kind)}[/bold]  {escape((kind.__doc__ or '').strip())}", highlight=False)
        for setting in mine:
            style = "dim" if setting.origin == "default" else "cyan"
            origin = "" if setting.origin == "default" else f"  [dim]from {setting.origin}, default {escape(setting.default) or 'none'}[/dim]"
            # Names and values stand alone on their line: a name that a narrow terminal cut could not be copied.
            console.print(f"{setting.variable}=[{style}]{escape(setting.value)}[/]{origin}", soft_wrap=True, highlight=False)
            console.print(Padding(Text(setting.meaning, style="dim"), (0, 0, 0, 4)))
