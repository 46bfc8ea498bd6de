"""What the real edits of a handbook cost.

* An **edited page** is an upsert of a path that exists, whose text differs from the one before (in the given form).
* A chunk is **embedded** if what the model would be given for it (``index.text.embedded``: no link targets, no tags, one space for a run) is not among the
  chunks of the page's version before (as a multiset): that is what the model is asked for. ``rewritten`` counts by the exact text instead: those chunk objects
  are written anew, some of them with their old vectors.
* A sentence (``index.text.sentences``) is **changed** if the version before has it less often. A chunk **holds** it if their spans overlap. A chunk that merely
  lost a sentence holds no changed one, though no splitter could keep it.
* Tokens are the model's own, of what it is given, without special tokens; beside them those of the source as written. The mean chunk is taken over all
  chunks of all versions.
* ``as_written`` turns this off, for a comparison with splitters that embed the source as it stands: the model would be given the text with its link targets
  and tags, runs of white space as one space.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from tokenizers import Tokenizer

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
    written_tokens: int = 0
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
            "their_tokens_as_written": round(self.written_tokens / self.edits, 1),
            "chunks_rewritten_per_edit": round(self.rewritten / self.edits, 3),
        }


@dataclass(frozen=True, slots=True)
class _Version:
    text: str
    spans: list[Span]
    tokens: list[int]
    sentences: list[Span]
    given: Callable[[str], str]

    def chunk_texts(self) -> list[str]:
        return [self.text[start:end] for start, end in self.spans]

    def sentence_texts(self) -> list[str]:
        return [self.given(self.text[start:end]) for start, end in self.sentences]


@dataclass(frozen=True, slots=True)
class Model:
    """What a chunk is to the model: the text that it is given, and that text's length."""

    given: Callable[[str], str]
    counter: TokenCounter
    written: TokenCounter
    """Counts the source as it stands."""


def as_given(text: str) -> str:
    return embedded_text(text)


def as_written(text: str) -> str:
    return " ".join(text.split())


class WrittenTokenCounter:
    """Tokens of a text with its link targets and tags."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


def replay(history: Iterable[Revision], split: Splitter, model: Model) -> Cost:
    """Run the history through a splitter."""
    cost = Cost()
    pages: dict[str, _Version] = {}
    for revision in history:
        before = pages.pop(revision.path, None)
        if revision.text is None:
            continue
        spans = split(revision.text)
        now = _Version(
            revision.text, spans, model.counter.count([revision.text[start:end] for start, end in spans]), sentence_spans(revision.text), model.given
        )
        pages[revision.path] = now
        cost.chunks += len(spans)
        cost.tokens += sum(now.tokens)
        cost.largest = max(cost.largest, *now.tokens, 0)
        if before is not None and before.text != now.text:
            _add_edit(cost, before, now, model)
    return cost


def _add_edit(cost: Cost, before: _Version, now: _Version, model: Model) -> None:
    changed = [span for span, new in zip(now.sentences, _new(before.sentence_texts(), now.sentence_texts()), strict=True) if new]
    old, texts = before.chunk_texts(), now.chunk_texts()
    cost.edits += 1
    cost.rewritten += sum(_new(old, texts))
    embedded = _new(map(model.given, old), map(model.given, texts))
    cost.written_tokens += sum(model.written.count([text for text, new in zip(texts, embedded, strict=True) if new]))
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
