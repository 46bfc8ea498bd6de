"""The shortest path over boundaries, against an exhaustive search."""

from itertools import accumulate, combinations

import pytest

from streams.chunk.boundaries import Lengths, anchors, begin_price, cheapest_cuts, length_prices
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
    fixed = anchors(prices, [0, *accumulate(tokens)], lengths)
    every = [[0, *rest] for size in range(11) for rest in combinations(range(1, 11), size) if fixed <= {*rest}]
    costs = [found for cuts in every if (found := cost(cuts, tokens, prices, lengths)) is not None]
    assert cost(cheapest_cuts(tokens, prices, lengths), tokens, prices, lengths) == min(costs)


def test_a_chunk_is_never_longer_than_the_most() -> None:
    tokens = [100] * 9
    cuts = cheapest_cuts(tokens, [10**9] * 9, Lengths(least=10, most=254))
    assert all(after - first <= 2 for first, after in zip(cuts, [*cuts[1:], 9], strict=True))


def test_an_anchor_is_cheaper_than_all_around_it_and_always_begins_a_chunk() -> None:
    lengths = Lengths(least=20, most=160)
    tokens = [10] * 60
    prices = [900] * 60
    for at in (3, 15, 24, 30, 41, 58):
        prices[at] = 300 + at
    found = anchors(prices, [0, *accumulate(tokens)], lengths)
    assert found == {15, 41}  # 24 has 15 within 100 tokens, and 30 has 24; 3 and 58 are too near to the ends
    assert found <= {*cheapest_cuts(tokens, prices, lengths)}


def test_an_edit_moves_no_cut_beyond_the_next_anchor() -> None:
    lengths = Lengths(least=80, most=254)
    tokens = [8 + n * 37 % 31 for n in range(400)]
    prices = [price(Place.SENTENCE, f"{n * 7919 % 1009} turns of the wheel") for n in range(400)]
    before = cheapest_cuts(tokens, prices, lengths)
    for at in range(60, 340):
        changed = [*prices[:at], price(Place.SENTENCE, f"Another {at}"), *prices[at + 1 :]]
        longer = [*tokens[:at], 45, *tokens[at + 1 :]]
        after = cheapest_cuts(longer, changed, lengths)
        common = anchors(prices, [0, *accumulate(tokens)], lengths) & anchors(changed, [0, *accumulate(longer)], lengths)
        left, right = max(cut for cut in common if cut <= at), min(cut for cut in common if cut > at)
        assert [cut for cut in before if not left < cut < right] == [cut for cut in after if not left < cut < right]


def test_no_atoms_no_cuts() -> None:
    assert cheapest_cuts([], [], Lengths(10, 20)) == []


def test_the_beginning_of_a_sentence_sets_most_of_its_price() -> None:
    same = price(Place.SENTENCE, "The wheel turns slowly.")
    assert same == price(Place.SENTENCE, "The  wheel\nturns slowly.\n\n")
    others = [price(Place.SENTENCE, f"The wheel turns {n} times.") for n in range(50)]
    assert max(abs(other - same) for other in others) <= 12600 / 24 + 1
    strangers = [price(Place.SENTENCE, f"{n}. wheel turns.") for n in range(50)]
    assert max(strangers) - min(strangers) > 12600 / 2


def test_where_a_link_points_and_how_a_word_is_marked_up_cost_nothing() -> None:
    plain = price(Place.SENTENCE, "See the ledger for more.")
    assert plain == price(Place.SENTENCE, 'See [the ledger](https://mill.example/l?x=1 "Ledger") for <strong class="x">more</strong>.')


def test_a_better_place_is_cheaper_for_the_same_text() -> None:
    order = (Place.SENTENCE, Place.LINE, Place.CLAUSE, Place.UNDER_HEADING)
    prices = [price(place, "- the same") for place in order]
    assert prices == sorted(prices)
