"""The shortest path over boundaries, against an exhaustive search."""

from itertools import combinations

import pytest

from streams.chunk.boundaries import Lengths, begin_price, cheapest_cuts, length_prices
from streams.chunk.structure import Atom, Place


def price(place: Place, text: str) -> int:
    return begin_price(Atom(0, len(text), place), text)


def cost(cuts: list[int], tokens: list[int], prices: list[int], lengths: Lengths) -> int | None:
    total = 0
    for first, after in zip(cuts, [*cuts[1:], len(tokens)], strict=True):
        length = sum(tokens[first:after])
        if length > lengths.most:
            return None
        total += prices[first] + length_prices(lengths)[length]
    return total


@pytest.mark.parametrize("seed", range(12))
def test_no_other_choice_is_cheaper(seed: int) -> None:
    tokens = [7 + (seed * 13 + n * 29) % 41 for n in range(11)]
    prices = [price(Place.SENTENCE, f"{seed} sentence {n}") for n in range(11)]
    lengths = Lengths(least=30 + seed, most=100)
    every = [[0, *rest] for size in range(11) for rest in combinations(range(1, 11), size)]
    costs = [found for cuts in every if (found := cost(cuts, tokens, prices, lengths)) is not None]
    assert cost(cheapest_cuts(tokens, prices, lengths), tokens, prices, lengths) == min(costs)


def test_a_chunk_is_never_longer_than_the_most() -> None:
    tokens = [100] * 9
    cuts = cheapest_cuts(tokens, [10**9] * 9, Lengths(least=10, most=254))
    assert all(after - first <= 2 for first, after in zip(cuts, [*cuts[1:], 9], strict=True))


def test_no_atoms_no_cuts() -> None:
    assert cheapest_cuts([], [], Lengths(10, 20)) == []


def test_the_beginning_of_a_sentence_sets_most_of_its_price() -> None:
    same = price(Place.SENTENCE, "The wheel turns slowly.")
    assert same == price(Place.SENTENCE, "The  wheel\nturns slowly.\n\n")
    others = [price(Place.SENTENCE, f"The wheel turns {n} times.") for n in range(50)]
    assert max(abs(other - same) for other in others) <= 9400 / 24
    strangers = [price(Place.SENTENCE, f"{n}. wheel turns.") for n in range(50)]
    assert max(strangers) - min(strangers) > 9400 / 2


def test_a_deeper_heading_is_a_worse_place() -> None:
    assert begin_price(Atom(0, 1, Place.SECTION, (1, "a")), "a") < begin_price(Atom(0, 1, Place.SECTION, (3, "a")), "a")


def test_a_better_place_is_cheaper_for_the_same_text() -> None:
    order = (Place.SENTENCE, Place.LINE, Place.CLAUSE, Place.UNDER_HEADING)
    prices = [price(place, "- the same") for place in order]
    assert prices == sorted(prices)
