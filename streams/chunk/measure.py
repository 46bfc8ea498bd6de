"""Atoms with their lengths in tokens: long sentences get further places to cut, and nothing that comes out is longer than a chunk may be.

Counts add up because sentences and clauses end at white space or at a mark, where tokenizers cut too. Hard cuts may stand elsewhere (between signs that a
tokenizer takes for one word, or inside a word): they are reported, so that the chunker counts its chunks again as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from streams.chunk.clauses import LONG_SENTENCE_TOKENS, chosen, clause_spans, slice_spans, word_spans
from streams.chunk.structure import Atom, Place
from streams.chunk.tokens import TokenCounter

Span = tuple[int, int]
_PIECE_TOKENS: Final = 12
_LARGEST_PIECE_TOKENS: Final = 48


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    atoms: list[Atom]
    tokens: list[int]
    exact: bool
    """Whether the tokens of neighbours add up."""


def measured_row(body: str, row: Sequence[Atom], most: int, counter: TokenCounter) -> MeasuredRow:
    """The row with its atoms' lengths, each at most ``most`` tokens."""
    counts = counter.count([body[atom.start : atom.end] for atom in row])
    if max(counts, default=0) <= min(most, LONG_SENTENCE_TOKENS):
        return MeasuredRow(list(row), counts, exact=True)
    measure = _Measure(body, most, counter)
    found: list[Atom] = []
    tokens: list[int] = []
    for atom, count in zip(row, counts, strict=True):
        for (start, end), part in measure.pieces((atom.start, atom.end), count):
            found.append(atom._replace(end=end) if start == atom.start else Atom(start, end, Place.CLAUSE))
            tokens.append(part)
    return MeasuredRow(found, tokens, measure.exact)


class _Measure:
    def __init__(self, body: str, most: int, counter: TokenCounter) -> None:
        self._body = body
        self._most = most
        self._counter = counter
        self.exact = True

    def pieces(self, span: Span, count: int) -> Iterator[tuple[Span, int]]:
        """A sentence as its clauses, words or slices, just as far down as its length asks for."""
        if count <= min(self._most, LONG_SENTENCE_TOKENS):
            yield span, count
            return
        for clause, length in self._counted([(span[0] + start, span[0] + end) for start, end in clause_spans(self._body[slice(*span)])]):
            if length <= self._most:
                yield clause, length
            else:
                self.exact = False
                yield from self._packed(clause)

    def _packed(self, clause: Span) -> Iterator[tuple[Span, int]]:
        """Words put together to pieces that end where a word's hash says so."""
        begin, total = clause[0], 0
        for (start, end), length in self._words(clause):
            if total and total + length > min(self._most, _LARGEST_PIECE_TOKENS):
                yield (begin, start), total
                begin, total = start, 0
            total += length
            if total >= min(self._most, _PIECE_TOKENS) and chosen(self._body[start:end]):
                yield (begin, end), total
                begin, total = end, 0
        if begin < clause[1]:
            yield (begin, clause[1]), total

    def _words(self, clause: Span) -> Iterator[tuple[Span, int]]:
        for word, length in self._counted(word_spans(self._body, *clause)):
            if length <= self._most:
                yield word, length
            else:
                yield from self._counted(list(slice_spans(self._body, *word, self._most)))

    def _counted(self, spans: list[Span]) -> list[tuple[Span, int]]:
        return list(zip(spans, self._counter.count([self._body[start:end] for start, end in spans]), strict=True))
