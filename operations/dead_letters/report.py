"""Letters as a person or a program reads them. Ids, places and reasons; the text only where it was asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape

from operations.dead_letters.letters import Letter


def print_letters(letters: Sequence[Letter], console: Console) -> None:
    """Two lines a letter: a table of so many columns is unreadable in a terminal of usual width, and ids and reasons are long."""
    width = max(len(item.id) for item in letters)
    for item in letters:
        letter = item.letter
        state = f"  [dim]{item.resolution.action}[/]" if item.resolution else ""
        console.print(f"[bold]{item.id:{width}}[/]  {when(letter.time_us)}  {letter.stage}  {escape(letter.doc_id or str(item.origin))}{state}")
        console.print(f"{'':{width}}  [red]{escape(letter.error)}[/]: {escape(letter.reason)}")


def print_letter(item: Letter, kept: bool, record: object, console: Console) -> None:
    letter = item.letter
    rows = {
        "id": item.id,
        "time": when(letter.time_us),
        "stage": letter.stage,
        "error": letter.error,
        "reason": letter.reason,
        "origin": str(item.origin),
        "tenant": letter.tenant,
        "document": letter.doc_id,
        "attempts": str(letter.attempts),
        "record": f"{item.value_bytes:,} bytes in the letter" if item.value_bytes else "only in its source topic, since it is not redacted",
        "state": "open" if item.resolution is None else f"{item.resolution.action} {when(item.resolution.time_us)}",
        "replay": f"headrace dead-letters replay {item.id}"
        if kept
        else "not possible: its record is gone; read the row again with 'headrace connectors snapshot'",
    }
    for name, value in rows.items():
        if value:
            console.print(f"[bold]{name:9}[/] {escape(value)}")
    if record is not None:
        console.print(json.dumps(record, indent=2, ensure_ascii=False), markup=False)


def as_data(item: Letter) -> dict[str, object]:
    resolution = item.resolution
    return {
        "id": item.id,
        **asdict(item.letter),
        "value_bytes": item.value_bytes,
        "state": "open" if resolution is None else resolution.action,
        "resolved_time_us": None if resolution is None else resolution.time_us,
    }


def when(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
