"""``headrace ask`` and ``headrace search``."""

from __future__ import annotations

import json
import os
import textwrap
from typing import Annotated, Any, Final

import typer
from dotenv import dotenv_values
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.settings import STACK_ENV, home
from operations.client import QueryClient, ServiceError, service_url

LONGEST_TITLE: Final = 120

KEY_VARIABLE = "HEADRACE_API_KEY"
_PROBLEM = 2

KeyOption = Annotated[str | None, typer.Option("--key", help=f"API key [{KEY_VARIABLE}]; a running demo's reader key is found by itself.", show_default=False)]
UrlOption = Annotated[str | None, typer.Option("--url", help="Address of the query service.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="The service's answer as it is.")]


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, in quotes.")],
    stream: Annotated[bool, typer.Option("--stream", help="Show the answer while it is made.")] = False,
    key: KeyOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a question and see the answer with its sources, confidence and age.

    Example: headrace ask "How much is the on-call allowance per week?"
    """
    console = Console(soft_wrap=True)
    with _client(key, url) as client:
        if stream:
            _show_stream(client, question, console)
            return
        answer = client.query(question)
    if as_json:
        console.print_json(json.dumps(answer))
    else:
        show_answer(answer, console)


def search(
    text: Annotated[str, typer.Argument(help="What to look for, in quotes.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="Most hits.")] = 5,
    mode: Annotated[str, typer.Option(help="hybrid, vector or keyword.")] = "hybrid",
    key: KeyOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """The passages that a question would be answered from.

    Example: headrace search "expense limit" --limit 3
    """
    console = Console(soft_wrap=True)
    with _client(key, url) as client:
        found = client.search(text, limit=limit, mode=mode)
    if as_json:
        console.print_json(json.dumps(found))
        return
    for hit in found["hits"]:
        console.print(f"[bold]{escape(one_line(hit['title'] or hit['doc_id']))}[/bold]  {hit['score']:.3f}  [dim]{escape(hit['url'] or hit['doc_id'])}[/dim]")
        console.print(escape(" ".join(hit["text"].split())[:400]), style="dim")
    if not found["hits"]:
        console.print("Nothing found.")


class _client:  # noqa: N801  # a context manager that reads like a function
    """A client whose errors end the command with one message."""

    def __init__(self, key: str | None, url: str | None) -> None:
        found = key or os.environ.get(KEY_VARIABLE) or dotenv_values(home() / STACK_ENV).get(KEY_VARIABLE)
        if not found:
            _fail(f"an API key is needed: --key, or {KEY_VARIABLE} in the environment ('headrace demo' makes one)")
        self._client = QueryClient(url or service_url(), str(found))

    def __enter__(self) -> QueryClient:
        return self._client

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._client.close()
        if isinstance(error, ServiceError):
            _fail(str(error))


def _fail(message: str) -> None:
    Console(stderr=True, soft_wrap=True).print(f"[red]{escape(message)}[/red]")
    raise typer.Exit(_PROBLEM)


def _show_stream(client: QueryClient, question: str, console: Console) -> None:
    for event, data in client.stream(question):
        if event == "token":
            console.print(escape(str(data.get("text", ""))), end="")
        elif event == "answer":
            console.print()
            show_answer(data, console, with_text=False)
        elif event == "error":
            raise ServiceError(str(data.get("detail", "the answer broke off")))


def show_answer(answer: dict[str, Any], console: Console, *, with_text: bool = True) -> None:
    """The answer with what it rests on, for a terminal."""
    if with_text:
        console.print(f"[bold]{escape(answer['answer'])}[/bold]")
    console.print(f"confidence {answer['confidence']:.2f}" + ("" if answer["answered"] else "  (not answered)"), style="dim")
    table = Table(box=None, pad_edge=False, show_header=False)
    for number, source in enumerate(answer["sources"], 1):
        table.add_row(
            f"[{number}]",
            escape(one_line(source["title"] or source["doc_id"])),
            f"{source['age_seconds']:.0f} s old",
            escape(source["url"] or source["doc_id"]),
        )
        table.add_row("", f'[dim]"{escape(source["quote"])}"[/dim]', "", f"[dim]characters {source['start']}-{source['end']}[/dim]")
    console.print(table)
    for age in answer["as_of"]:
        console.print(f"as of {age['source_time']} ({escape(age['source'])}, lag {age['lag_seconds']:.2f} s)", style="dim")


def one_line(title: str) -> str:
    """A title may be a whole page, with line breaks."""
    return textwrap.shorten(title, LONGEST_TITLE, placeholder=" …")
