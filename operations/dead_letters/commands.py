"""The commands, for Typer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console

from contracts.settings import KafkaSettings, read
from operations.dead_letters.letters import Letter, choose, find, read_letters
from operations.dead_letters.replay import Replayed, replay, resolve
from operations.dead_letters.report import as_data, print_letter, print_letters
from operations.foreseen import DIFFERENT, one_message
from operations.topic_reading import TopicReader, topic_reader
from streams.producer import RecordProducer

app = typer.Typer(help="What could not be processed: list it, see why, replay it once it is mended, or discard it.", no_args_is_help=True)
_Answer = TypeVar("_Answer")

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Letters as 'list' shows them: partition:offset, such as 0:17.")]
All = Annotated[bool, typer.Option("--all", help="Every open letter.")]
ErrorName = Annotated[str | None, typer.Option("--error", help="With --all: only letters of this error, such as MissingColumnError.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--every", help="Also those that were replayed or discarded.")] = False,
    error: Annotated[str | None, typer.Option(help="Only letters of this error.")] = None,
    as_json: Json = False,
) -> None:
    """The open letters, oldest first: id, time (UTC), stage and document (or where its record is); then error and reason.

    For example: headrace dead-letters list --error MissingColumnError
    """
    letters = [letter for letter in _with_reader(read_letters) if error in {None, letter.letter.error}]
    shown = [letter for letter in letters if every or letter.resolution is None]
    if as_json:
        typer.echo(json.dumps([as_data(letter) for letter in shown], indent=2))
    elif shown:
        print_letters(shown, Console(soft_wrap=True, highlight=False))
    else:
        typer.echo("No dead letter is open." if not every else "There are no dead letters.")


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="partition:offset, as 'list' shows it.")],
    value: Annotated[bool, typer.Option("--value", help="Also the record itself, where the letter holds it: text after redaction.")] = False,
    as_json: Json = False,
) -> None:
    """One letter with all that is known of it, and whether it can still be replayed.

    For example: headrace dead-letters show 0:17
    """

    async def look(reader: TopicReader) -> tuple[Letter, bool, bytes | None]:
        letter = find(await read_letters(reader), letter_id)
        own = await reader.one(letter.place) if letter.value_bytes else None
        kept = own is not None or await reader.one(letter.origin) is not None
        return letter, kept, own.value if own else None

    letter, kept, held = _with_reader(look)
    shown = orjson.loads(held) if value and held else None
    if as_json:
        typer.echo(json.dumps(as_data(letter) | {"replayable": kept, "record": shown}, indent=2))
    else:
        print_letter(letter, kept, shown, Console(soft_wrap=True, highlight=False))


@app.command("replay")
def replay_(ids: Ids = None, every: All = False, error: ErrorName = None, as_json: Json = False) -> None:
    """Process letters again, after what was wrong is mended: the row, the mapping in sources.yaml, or a setting.

    A letter of the index stage goes to its topic again; one of the normalize stage has its raw record read in source.* and written there again. Replaying
    an old record cannot overwrite newer text: a lower version than the index holds is dropped. What fails again becomes a new letter.

    Exit code 0: all were replayed. 1: some could not be. For example: headrace dead-letters replay --all --error MissingColumnError
    """

    async def work(reader: TopicReader, producer: RecordProducer) -> list[Replayed]:
        return [await replay(letter, reader, producer) for letter in choose(await read_letters(reader), ids or [], every=every, error=error)]

    done = _with_producer(work)
    if as_json:
        typer.echo(json.dumps([{"id": one.letter.id, "replayed": one.done, "reason": one.reason} for one in done], indent=2))
    for one in [] if as_json else done:
        typer.echo(f"{one.letter.id}: replayed to {one.letter.letter.topic}" if one.done else f"{one.letter.id}: not replayed: {one.reason}")
    if not done and not as_json:
        typer.echo("No open dead letter is chosen.")
    if not all(one.done for one in done):
        raise typer.Exit(DIFFERENT)


@app.command()
def discard(ids: Ids = None, every: All = False, error: ErrorName = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Give letters up: they are marked, and no longer listed as open. Nothing is indexed of them.

    For example: headrace dead-letters discard 0:17 0:18
    """
    with one_message():
        chosen = choose(_with_reader(read_letters), ids or [], every=every, error=error)
    if chosen and not yes and every:
        typer.confirm(f"Discard {len(chosen)} dead letters?", abort=True)

    async def work(_reader: TopicReader, producer: RecordProducer) -> None:
        for letter in chosen:
            await resolve(letter, "discarded", producer)

    _with_producer(work)
    typer.echo(f"{len(chosen)} discarded." if chosen else "No open dead letter is chosen.")


def _with_reader(work: Callable[[TopicReader], Awaitable[_Answer]]) -> _Answer:
    async def session() -> _Answer:
        async with topic_reader(read(KafkaSettings)) as reader:
            return await work(reader)

    with one_message():
        return asyncio.run(session())


def _with_producer(work: Callable[[TopicReader, RecordProducer], Awaitable[_Answer]]) -> _Answer:
    async def session(reader: TopicReader) -> _Answer:
        producer = RecordProducer(read(KafkaSettings).bootstrap_servers)
        await producer.start()
        try:
            return await work(reader, producer)
        finally:
            await producer.stop()

    return _with_reader(session)
