"""The revision history that is replayed, read from ``$HEADRACE_SHARED_DATA`` (default ``../shared/data``)."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import xxhash

Form = Literal["markdown", "flat"]
FORMS: tuple[Form, ...] = ("markdown", "flat")


@dataclass(frozen=True, slots=True)
class Revision:
    number: int
    path: str
    text: str | None
    """None is a delete."""


def data_folder() -> Path:
    return Path(os.environ.get("HEADRACE_SHARED_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


def revisions(form: Form) -> Iterator[Revision]:
    """Every page version in order; flat is the whole page as one paragraph, all runs of white space one space."""
    with gzip.open(data_folder() / "handbook-revisions.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            text = row["text"] if row["op"] == "upsert" else None
            yield Revision(row["rev"], row["path"], " ".join(text.split()) if text and form == "flat" else text)


def fitted(path: str) -> bool:
    """Whether a page is of the half of the history that the chunker's prices were fitted on (by a hash of its path); the other half is held out."""
    return xxhash.xxh3_64_intdigest(path.encode()) % 2 == 0


def twenty_pages(form: Form, words: int = 10_000) -> str:
    """One text of about 20 printed pages: pages of revision 0 in order of their paths, until it has that many words."""
    first = sorted((revision.path, revision.text or "") for revision in revisions(form) if revision.number == 0)
    taken: list[str] = []
    count = 0
    for _, text in first:
        if count >= words:
            break
        taken.append(text)
        count += len(text.split())
    return ("\n\n" if form == "markdown" else " ").join(taken)
