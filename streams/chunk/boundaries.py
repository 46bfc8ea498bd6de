"""Which atoms begin a chunk: the cheapest way through the text.

Beginning a chunk at an atom has a price, made of the atom's place in the structure and of a hash of its first characters; each chunk has a price for its
length. The chosen boundaries are those of the cheapest sum: a shortest path, found in one pass over the atoms. No price depends on where in the text an
atom stands, so two versions of a text that agree on a stretch soon agree on its boundaries, and an edit changes the path only near itself. The hash makes
some boundaries much cheaper than their neighbours, which is what brings two paths together again; that only an atom's first characters are hashed lets
most edits of a sentence leave its own price alone.

All prices are integers, so that every machine finds the same path; of equally cheap paths the one with the later last boundary is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import xxhash

from streams.chunk.structure import Atom, Place

_BEGIN_PRICE: Final = -6360
"""Negative: a boundary is worth having, or chunks would all grow to the maximum."""
_PLACE_PRICE: Final = {
    Place.SECTION: -120,
    Place.PARAGRAPH: 50,
    Place.ITEM: 410,
    Place.SENTENCE: 440,
    Place.LINE: 3600,
    Place.CLAUSE: 4150,
    Place.UNDER_HEADING: 20000,
}
_DEPTH_PRICE: Final = 500
"""For each level of a heading."""
_HASH_PRICE: Final = {
    Place.SECTION: 9400,
    Place.PARAGRAPH: 13100,
    Place.ITEM: 13100,
    Place.SENTENCE: 9400,
    Place.LINE: 13100,
    Place.CLAUSE: 19300,
    Place.UNDER_HEADING: 9400,
}
"""What the hash adds at most: the square root of a uniform share, so that cheap boundaries are few."""
_HASHED_CHARACTERS: Final = 12
_WHOLE_SHARE: Final = 24
"""The hash of the whole text adds a 24th of that: it tells lines apart that all begin alike."""
_WISHED_SHARE: Final = 0.59
_WISH_PRICE: Final = 1860
_SHORT_PRICE: Final = 8000


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of a chunk's own part, in tokens: shorter than ``least`` is costly, longer than ``most`` impossible."""

    least: int
    most: int


def begin_price(atom: Atom, text: str) -> int:
    """What it costs to begin a chunk with this atom of this text."""
    words = " ".join(text.split())
    most = _HASH_PRICE[atom.place]
    hashed = most * _uneven_share(words[:_HASHED_CHARACTERS]) + most * _uneven_share(words) // _WHOLE_SHARE
    depth = atom.heading[0] if atom.heading else 0
    return _BEGIN_PRICE + _PLACE_PRICE[atom.place] + _DEPTH_PRICE * depth + (hashed >> 32)


def _uneven_share(text: str) -> int:
    """The root of a uniform number between 0 and 1, times 2**32."""
    return math.isqrt((xxhash.xxh3_64_intdigest(text.encode()) >> 32) << 32)


def cheapest_cuts(tokens: Sequence[int], prices: Sequence[int], lengths: Lengths) -> list[int]:
    """Indices of the atoms that begin a chunk, the first of them 0.

    ``tokens[i]`` is the length of atom i (never above ``lengths.most``), ``prices[i]`` what it costs to begin a chunk with it.
    """
    length_price = length_prices(lengths)
    ends = [0]
    for count in tokens:
        ends.append(ends[-1] + count)
    reach: list[int] = []
    origin = [0] * len(ends)
    low = best = 0
    for at in range(1, len(ends)):
        reach.append(best + prices[at - 1])
        while low < at - 1 and ends[at] - ends[low] > lengths.most:
            low += 1
        here = ends[at]
        best, origin[at] = min((reach[begin] + length_price[min(here - ends[begin], lengths.most)], -begin) for begin in range(low, at))
    cuts: list[int] = []
    at = len(tokens)
    while at > 0:
        at = -origin[at]
        cuts.append(at)
    return cuts[::-1]


@lru_cache(maxsize=64)
def length_prices(lengths: Lengths) -> tuple[int, ...]:
    """The price of a chunk by its length: a shallow bowl around the wished length, and a slope below the least. Relative to the limits, so any window will do."""
    prices: list[int] = []
    for length in range(lengths.most + 1):
        off = length / lengths.most - _WISHED_SHARE
        short = max(0.0, 1 - length / lengths.least)
        prices.append(round(_WISH_PRICE * off * off + _SHORT_PRICE * short))
    return tuple(prices)
