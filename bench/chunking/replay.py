"""What the real edits of a handbook cost.

* An **edited page** is an upsert of a path that exists, whose text differs from the one before (in the given form).
* A chunk is **embedded** if its text, runs of white space taken as one space, is not among the chunks of the page's version before (as a multiset): that is what
  the model is asked for. ``rewritten`` counts by the exact text instead: those chunk objects are written anew, some of them with their old vectors.
* A sentence (``index.text.sentences``) is **changed** if the version before has it less often. A chunk **holds** it if their spans overlap. A chunk that merely
  lost a sentence holds no changed one, though no splitter could keep it.
* Tokens are the model's own, without special tokens. The mean chunk is taken over all chunks of all versions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from bench.chunking.corpus import Revision
from bench.chunking.splitters import Span, Splitter
from index.text.embedded import embedded_text
from index.text.sentences import sentence_spans
from streams.chunk.tokens import TokenCounter


@dataclass(slots=True)
class Cost:
    """Sums over a replay."""

    edits: int = 0
    chunks: int = 0
    tokens: int = 0
    embedded: int = 0
    embedded_tokens: int = 0
    needless: int = 0
    rewritten: int = 0
    largest: int = 0

    def figures(self) -> dict[str, float]:
        return {
            "edited_pages": self.edits,
            "mean_chunk_tokens": round(self.tokens / self.chunks, 1),
            "largest_chunk_tokens": self.largest,
            "chunks_embedded_per_edit": round(self.embedded / self.edits, 3),
            "chunks_without_changed_sentence_per_edit": round(self.needless / self.edits, 3),
            "tokens_embedded_per_edit": round(self.embedded_tokens / self.edits, 1),
            "chunks_rewritten_per_edit": round(self.rewritten / self.edits, 3),
        }


@dataclass(frozen=True, slots=True)
class _Version:
    text: str
    spans: list[Span]
    tokens: list[int]
    sentences: list[Span]

    def chunk_texts(self) -> list[str]:
        return [self.text[start:end] for start, end in self.spans]

    def sentence_texts(self) -> list[str]:
        return [embedded_text(self.text[start:end]) for start, end in self.sentences]


def replay(history: Iterable[Revision], split: Splitter, counter: TokenCounter) -> Cost:
    """Run the history through a splitter."""
    cost = Cost()
    pages: dict[str, _Version] = {}
    for revision in history:
        before = pages.pop(revision.path, None)
        if revision.text is None:
            continue
        spans = split(revision.text)
        now = _Version(revision.text, spans, counter.count([revision.text[start:end] for start, end in spans]), sentence_spans(revision.text))
        pages[revision.path] = now
        cost.chunks += len(spans)
        cost.tokens += sum(now.tokens)
        cost.largest = max(cost.largest, *now.tokens, 0)
        if before is not None and before.text != now.text:
            _add_edit(cost, before, now)
    return cost


def _add_edit(cost: Cost, before: _Version, now: _Version) -> None:
    changed = [span for span, new in zip(now.sentences, _new(before.sentence_texts(), now.sentence_texts()), strict=True) if new]
    old, texts = before.chunk_texts(), now.chunk_texts()
    cost.edits += 1
    cost.rewritten += sum(_new(old, texts))
    embedded = _new(map(embedded_text, old), map(embedded_text, texts))
    for (start, end), tokens, new in zip(now.spans, now.tokens, embedded, strict=True):
        if new:
            cost.embedded += 1
            cost.embedded_tokens += tokens
            cost.needless += not any(first < end and start < last for first, last in changed)


def _new(before: Iterable[str], now: Iterable[str]) -> list[bool]:
    """For each text whether it is one more than there were before."""
    left = Counter(before)
    found: list[bool] = []
    for text in now:
        found.append(left[text] <= 0)
        left[text] -= 1
    return found


def as_dict(cost: Cost) -> dict[str, float]:
    return cost.figures() | {f"sum_{key}": value for key, value in asdict(cost).items()}
