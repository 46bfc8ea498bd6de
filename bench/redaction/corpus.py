"""Real texts: the handbook's edit history and its last state, read from ``HEADRACE_SHARED_DATA`` (default ``../shared/data``)."""

from __future__ import annotations

import gzip
import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from bench.redaction.templates import LOCALES, PATTERNS, TECHNICAL
from bench.redaction.values import Values

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Edit:
    """One version of a page; rev 0 is the state before the first edit."""

    rev: int
    path: str
    text: str


def handbook_edits() -> list[Edit]:
    """All versions with text, in order."""
    path = Path(os.environ.get("HEADRACE_SHARED_DATA", _ROOT / "../shared/data")) / "handbook-revisions.jsonl.gz"
    if not path.exists():
        raise SystemExit(f"{path} is missing: set HEADRACE_SHARED_DATA to the folder that holds it")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Edit(row["rev"], row["path"], row["text"]) for row in rows if row["text"] is not None]


def latest_pages(edits: list[Edit]) -> list[str]:
    """The last text of every page."""
    return list({edit.path: edit.text for edit in edits}.values())


def dense_pages(pages: int, seed: int) -> list[str]:
    """Pages in which nearly every line holds a value."""
    built = []
    for page in range(pages):
        paragraphs = []
        for locale in LOCALES:
            values = Values(locale, seed + page)
            paragraphs += [_fill(template, values) for template in (*PATTERNS[locale], *TECHNICAL)]
        random.Random(seed + page).shuffle(paragraphs)
        built.append("\n\n".join(paragraphs))
    return built


def _fill(template: str, values: Values) -> str:
    return template.format(**{name: values.make(name) for _, name, _, _ in Formatter().parse(template) if name})
