"""Which atoms begin a chunk: the cheapest way through the text.

Beginning a chunk at an atom has a price, made of the atom's place in the structure and of a hash of its first characters; each chunk has a price for its
length. The chosen boundaries are those of the cheapest sum: a shortest path, found in one pass over the atoms. No price depends on where in the text an
atom stands, so two versions of a text that agree on a stretch soon agree on its boundaries, and an edit changes the path only near itself. The hash makes
some boundaries much cheaper than their neighbours, which is what brings two paths together again; that only an atom's first characters are hashed lets
most edits of a sentence leave its own price alone. An atom that is cheaper than all within some distance always begins a chunk (an anchor): what happens on
one side of it is of no account on the other, so paths that differ are together again at the next anchor at the latest.

All prices are integers, so that every machine finds the same path; of equally cheap paths the one with the later last boundary is taken.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final

import xxhash

from index.text.embedded import shown_text
from streams.chunk.structure import Atom, Place

_BEGIN_PRICE: Final = -3300
"""Negative: a boundary is worth having, or chunks would all grow to the maximum."""
_PLACE_PRICE: Final = {
    Place.SECTION: 100,
    Place.PARAGRAPH: 800,
    Place.ITEM: 1700,
    Place.SENTENCE: -2300,
    Place.LINE: 7100,
    Place.CLAUSE: 5100,
    Place.UNDER_HEADING: 20000,
}
_HASH_PRICE: Final = {
    Place.SECTION: 6000,
    Place.PARAGRAPH: 7100,
    Place.ITEM: 8800,
    Place.SENTENCE: 12600,
    Place.LINE: 13000,
    Place.CLAUSE: 17200,
    Place.UNDER_HEADING: 9400,
}
"""What the hash adds at most: the square root of a uniform share, so that cheap boundaries are few."""
_HASHED_CHARACTERS: Final = 12
_WHOLE_SHARE: Final = 24
"""The hash of the whole text adds a 24th of that: it tells lines apart that all begin alike."""
_WISHED_SHARE: Final = 0.64
_WISH_PRICE: Final = 700
_SHORT_PRICE: Final = 6300
_ANCHOR_SHARE: Final = 5, 8
"""An anchor's distance, as a share of the longest chunk."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of a chunk's own part, in tokens: shorter than ``least`` is costly, longer than ``most`` impossible."""

    least: int
    most: int


def begin_price(atom: Atom, text: str) -> int:
    """What it costs to begin a chunk with this atom of this text."""
    first, whole = _shares(text)
    most = _HASH_PRICE[atom.place]
    return _BEGIN_PRICE + _PLACE_PRICE[atom.place] + ((most * first + most * whole // _WHOLE_SHARE) >> 32)


@lru_cache(maxsize=100_000)
def _shares(text: str) -> tuple[int, int]:
    """The shares that a text's first characters and the whole of it draw."""
    words = shown_text(text)
    return _uneven_share(words[:_HASHED_CHARACTERS]), _uneven_share(words)


def _uneven_share(text: str) -> int:
    """The root of a uniform number between 0 and 1, times 2**32."""
    return math.isqrt((xxhash.xxh3_64_intdigest(text.encode()) >> 32) << 32)


def cheapest_cuts(tokens: Sequence[int], prices: Sequence[int], lengths: Lengths) -> list[int]:
    """Indices of the atoms that begin a chunk, the first of them 0.

    ``tokens[i]`` is the length of atom i (never above ``lengths.most``), ``prices[i]`` what it costs to begin a chunk with it.
    """
    length_price = length_prices(lengths)
    ends = [0, *accumulate(min(count, lengths.most) for count in tokens)]
    fixed = anchors(prices, ends, lengths)
    reach: list[int] = []
    origin = [0] * len(ends)
    low = best = 0
    for at in range(1, len(ends)):
        reach.append(best + prices[at - 1])
        here = ends[at]
        while here - ends[low] > lengths.most:
            low += 1
        sums = [price + length_price[here - end] for price, end in zip(reach[low:at], ends[low:at], strict=True)]
        best = min(sums)
        origin[at] = at - 1 - sums[::-1].index(best)
        if at in fixed:
            low = at
    cuts: list[int] = []
    at = len(tokens)
    while at > 0:
        at = origin[at]
        cuts.append(at)
    return cuts[::-1]


def anchors(prices: Sequence[int], ends: Sequence[int], lengths: Lengths) -> set[int]:
    """Atoms that no other within the distance undercuts (of equal ones the first); none so near to the text's beginning or end that it cannot be told.

    ``ends`` begins with 0 and gives each atom's end in tokens.
    """
    distance = lengths.most * _ANCHOR_SHARE[0] // _ANCHOR_SHARE[1]
    found: set[int] = set()
    low = high = 0
    for at in range(bisect_left(ends, distance), bisect_left(ends, ends[-1] - distance)):
        while ends[at] - ends[low] > distance:
            low += 1
        while ends[high + 1] - ends[at] <= distance:
            high += 1
        if at > 0 and min(prices[low:at], default=prices[at] + 1) > prices[at] == min(prices[at : high + 1]):
            found.add(at)
    return found


@lru_cache(maxsize=64)
def length_prices(lengths: Lengths) -> tuple[int, ...]:
    """The price of a chunk by its length: a shallow bowl around the wished length, and a slope below the least. Relative to the limits, so any window will do."""
    prices: list[int] = []
    for length in range(lengths.most + 1):
        off = length / lengths.most - _WISHED_SHARE
        short = max(0.0, 1 - length / lengths.least)
        prices.append(round(_WISH_PRICE * off * off + _SHORT_PRICE * short))
    return tuple(prices)
