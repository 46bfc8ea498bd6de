"""Texts into chunks: structure first, then content-defined boundaries over sentences, never longer than the model's window.

Invariants: own parts cover the body but for white space between them; a chunk's text is a slice of the body; no chunk has more tokens than the policy's
maximum or the window; the same body and policy give the same chunks on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from contracts.events import ChunkPolicy, TextFormat
from streams.chunk.boundaries import Lengths, begin_price, cheapest_cuts
from streams.chunk.measure import MeasuredRow, measured_row
from streams.chunk.structure import Atom, Place, atoms
from streams.chunk.tokens import TokenCounter

Headings = tuple[tuple[int, str], ...]
"""Depth and title of each heading above a place, outermost first."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice ``body[start:end]`` without white space at its ends; ``[own_start, end)`` belongs to it alone, ``[start, own_start)`` repeats the chunk before."""

    start: int
    end: int
    own_start: int
    headings: tuple[str, ...]
    """Titles above the own part, outermost first; the one that it begins with included."""
    tokens: int
    """What the model will see, without its special tokens."""


class Chunker:
    def __init__(self, counter: TokenCounter, window: int) -> None:
        """``window`` is what the model takes in tokens, its special tokens already taken off."""
        self._counter = counter
        self._window = window

    def chunk(self, body: str, format: TextFormat, policy: ChunkPolicy) -> list[Chunk]:  # noqa: A002 - the record's own field name
        """The body's chunks in order; none where it holds white space alone. HTML must have become Markdown before."""
        if not body.strip():
            return []
        lengths = own_lengths(policy, self._window)
        measured = measured_row(body, atoms(body, format), lengths.most, self._counter)
        prices = [begin_price(atom, body[atom.start : atom.end]) for atom in measured.atoms]
        cuts = cheapest_cuts(measured.tokens, prices, lengths)
        if not measured.exact:
            cuts = self._fitting(body, measured.atoms, cuts, lengths.most)
        chunks = _chunks(body, measured, cuts, policy.overlap)
        return chunks if measured.exact else self._recounted(body, chunks, min(policy.max_tokens, self._window))

    def _fitting(self, body: str, row: Sequence[Atom], cuts: Sequence[int], most: int) -> list[int]:
        """Where cuts are hard the sum of counts may be too small: halve what is too long after all."""
        found: list[int] = []
        waiting = [*zip(cuts, [*cuts[1:], len(row)], strict=True)][::-1]
        while waiting:
            first, after = waiting.pop()
            if after - first > 1 and self._counter.count([body[row[first].start : row[after - 1].end]])[0] > most:
                middle = (first + after) // 2
                waiting += [(middle, after), (first, middle)]
            else:
                found.append(first)
        return found

    def _recounted(self, body: str, chunks: list[Chunk], most: int) -> list[Chunk]:
        """Exact counts; an overlap that turns out not to fit is left away."""
        counts = self._counter.count([body[chunk.start : chunk.end] for chunk in chunks])
        own = self._counter.count([body[chunk.own_start : chunk.end] for chunk in chunks])
        return [
            replace(chunk, tokens=count) if count <= most else replace(chunk, start=chunk.own_start, tokens=own_count)
            for chunk, count, own_count in zip(chunks, counts, own, strict=True)
        ]


def own_lengths(policy: ChunkPolicy, window: int) -> Lengths:
    """The limits of own parts, such that the overlap always fits beside them."""
    most = max(1, int(min(policy.max_tokens, window) / (1 + policy.overlap)))
    return Lengths(max(1, min(policy.min_tokens, most)), most)


def _chunks(body: str, measured: MeasuredRow, cuts: Sequence[int], overlap: float) -> list[Chunk]:
    row, tokens = measured.atoms, measured.tokens
    chunks: list[Chunk] = []
    path: Headings = ()
    before = 0
    for first, after in zip(cuts, [*cuts[1:], len(row)], strict=True):
        own = sum(tokens[first:after])
        begin = _overlap_begin(measured, before, first, int(own * overlap))
        path = _path_after(path, row[before:first])
        titles = tuple(title for _, title in _path_after(path, row[first : first + 1]))
        start, own_start = (_skip_space(body, row[atom].start) for atom in (begin, first))
        end = row[after - 1].end
        end -= len(body[own_start:end]) - len(body[own_start:end].rstrip())
        if end > own_start:
            chunks.append(Chunk(start, end, own_start, titles, sum(tokens[begin:after])))
        before = first
    return chunks


def _overlap_begin(measured: MeasuredRow, earliest: int, first: int, budget: int) -> int:
    """The atom where the overlap begins: as many whole sentences before ``first`` as the budget of tokens allows."""
    begin = first
    for index in range(first - 1, earliest - 1, -1):
        budget -= measured.tokens[index]
        if budget < 0:
            break
        if measured.atoms[index].place is not Place.CLAUSE:
            begin = index
    return begin


def _path_after(path: Headings, row: Sequence[Atom]) -> Headings:
    """The headings that hold after some atoms."""
    for atom in row:
        if heading := atom.heading:
            path = (*(above for above in path if above[0] < heading[0]), heading)
    return path


def _skip_space(body: str, start: int) -> int:
    while start < len(body) and body[start].isspace():
        start += 1
    return start
