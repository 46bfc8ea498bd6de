"""Hits made by hand, for tests that need no index."""

from __future__ import annotations

from contracts.identity import Attempt, Version
from index.manifest import Description, Manifest
from index.reading import Hit


def hit(text: str, *, doc_id: str = "files:x/1", title: str = "Title", headings: str = "", start: int = 0, score: float = 1.0) -> Hit:
    manifest = Manifest(Attempt(Version(1, 1, 0, 0), 1, "aa"), False, ("public",), (), "fp", Description(title=title, source="files", source_time_us=1))
    return Hit(doc_id=doc_id, chunk_id=f"{doc_id}#{start}", text=text, headings=headings, start=start, end=start + len(text), score=score, manifest=manifest)
