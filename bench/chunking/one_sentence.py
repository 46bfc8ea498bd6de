"""One sentence changed at a random place of a 20-page text, many times, each time against the unchanged text.

Of the edits every second one rewords (one word of the sentence becomes another), the others put another sentence of the corpus, of whatever length, in its place.
A chunk counts as changed if its exact text was not among the chunks before. Seeded: the same edits in every run.
"""

from __future__ import annotations

import random
from collections import Counter

from bench.chunking.corpus import Form, revisions, twenty_pages
from contracts.events import ChunkPolicy, TextFormat
from index.text.sentences import sentence_spans
from streams.chunk.chunker import Chunker

SEED = 20190101


def changed_chunks(chunker: Chunker, form: Form, policy: ChunkPolicy, edits: int = 500) -> dict[str, float]:
    """Mean and maximum of the chunks that one changed sentence changes."""
    rng = random.Random(SEED)
    text = twenty_pages(form)
    text_format: TextFormat = "markdown" if form == "markdown" else "text"
    foreign = _prose(next(revision.text or "" for revision in reversed(list(revisions(form))) if revision.text and len(revision.text) > 20_000))
    spans = [span for span in sentence_spans(text) if _is_prose(text[slice(*span)])]
    before = Counter(text[chunk.start : chunk.end] for chunk in chunker.chunk(text, text_format, policy))
    changes: list[int] = []
    for number in range(edits):
        start, end = rng.choice(spans)
        sentence = text[start:end]
        new = _reworded(sentence, rng) if number % 2 else rng.choice(foreign) + sentence[len(sentence.rstrip()) :]
        edited = text[:start] + new + text[end:]
        after = Counter(edited[chunk.start : chunk.end] for chunk in chunker.chunk(edited, text_format, policy))
        changes.append((after - before).total())
    return {
        "edits": edits,
        "words": len(text.split()),
        "chunks": before.total(),
        "mean_changed_chunks": round(sum(changes) / edits, 3),
        "max_changed_chunks": max(changes),
    }


def _prose(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentence_spans(text) if _is_prose(text[start:end])]


def _is_prose(sentence: str) -> bool:
    return len(sentence.split()) >= 5 and sentence.rstrip().endswith((".", "!", "?"))


def _reworded(sentence: str, rng: random.Random) -> str:
    words = sentence.split(" ")
    places = [place for place, word in enumerate(words) if word.isalpha()] or [0]
    words[rng.choice(places)] = rng.choice(["hydraulics", "seldom", "weir", "mill", "forthwith"])
    return " ".join(words)
