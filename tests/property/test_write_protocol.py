"""The write protocol's real code through every interleaving: two writers, a crash and redelivery at any step, a reader, a truncate.

A choice of scenarios that runs in well under a minute; ``python -m bench.protocol.exhaust`` runs them all.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from index import protocol
from index.driver import new_nonce
from index.manifest import Manifest
from index.protocol import Observation
from tests.property.interleave import (
    LOOK_AT_ONCE,
    LOOK_CHUNKS_FIRST,
    LOOK_MANIFESTS_FIRST,
    LOOK_TORN,
    Body,
    Counts,
    Floor,
    ProtocolBrokenError,
    Scenario,
    explore,
)

EVERY_ORDER = ("14", "23", "5")


@pytest.fixture(autouse=True)
def _no_collection() -> Iterator[None]:
    """A search makes millions of small tuples and no cycles."""
    gc.disable()
    yield
    gc.enable()


def bodies(**texts: str) -> dict[int, Body]:
    """``v2="AC:p"``: version 2 says A and C, and p may read it."""
    return {int(name[1:]): Body.of(text) for name, text in texts.items()}


EDITS = bodies(v1="AB", v2="AC", v3="AB", v4="C")
EQUAL_PARAGRAPHS = bodies(v1="AAB", v2="AAA", v3="BAA")
DELETE_AND_RETURN = bodies(v1="AB", v2="deleted", v3="AB")
DELETE_LAST = bodies(v1="AB", v2="AC", v3="deleted")
UNCHANGED = bodies(v1="AB", v2="AB", v3="AC")
FROM_NOTHING = bodies(v2="AB", v3="AC")
NARROWED = bodies(v1="AB:pq", v2="AC:p", v3="AC:p")
NARROWED_TO_NOBODY_SHARED = bodies(v1="AB:p", v2="AB:q", v3="AC:qr")
WIDENED = bodies(v1="AB:p", v2="AB:pq", v3="BC:q")

TWO_WRITERS = {
    "one edit behind the other": Scenario(EDITS, ((2,), (2, 3)), crashes=1),
    "the higher one first": Scenario(EDITS, ((2,), (3,)), crashes=1),
    "both bring both": Scenario(EDITS, ((2, 3), (2, 3)), crashes=1),
    "lanes meet": Scenario(EDITS, ((3,), (2, 4)), crashes=1),
    "equal paragraphs": Scenario(EQUAL_PARAGRAPHS, ((2,), (2, 3)), crashes=1),
    "deleted, then there again": Scenario(DELETE_AND_RETURN, ((2, 3), (3,)), crashes=1),
    "deleted last": Scenario(DELETE_LAST, ((2, 3), (2,)), crashes=1),
    "unchanged": Scenario(UNCHANGED, ((2,), (2, 3)), crashes=1),
    "from an empty index": Scenario(FROM_NOTHING, ((2,), (2, 3)), crashes=1),
    "narrowed": Scenario(NARROWED, ((2,), (3,)), crashes=1),
    "narrowed, older after newer": Scenario(NARROWED, ((3,), (2, 3))),
    "other readers": Scenario(NARROWED_TO_NOBODY_SHARED, ((2,), (3,))),
    "widened": Scenario(WIDENED, ((2,), (3,)), crashes=1),
}

ORDERS = {
    "any order of nonces": Scenario(EDITS, ((2,), (2, 3)), nonces=EVERY_ORDER),
    "any order of nonces, narrowed": Scenario(NARROWED, ((2,), (2,)), nonces=EVERY_ORDER),
    "late narrowing of a higher nonce": Scenario(NARROWED, ((3,), (2, 3)), nonces=("2", "1")),
    "removals in any order": Scenario(EQUAL_PARAGRAPHS, ((3,), (2, 3)), removals_in_any_order=True),
    "a request outlives its worker": Scenario(EDITS, ((2,), (2, 3)), mortal=0),
}

LOOKS = {"manifests first": LOOK_MANIFESTS_FIRST, "chunks first": LOOK_CHUNKS_FIRST, "torn": LOOK_TORN}

FLOORS = {
    "an edit in flight": Scenario(EDITS, ((2,), (Floor(3),)), crashes=1),
    "an insert in flight": Scenario(FROM_NOTHING, ((2,), (Floor(3),)), crashes=1),
    "an insert after it": Scenario(EDITS, ((2, 4), (Floor(3),))),
    "two in flight": Scenario(EDITS, ((2,), (Floor(3),), (2,))),
    "below the state": Scenario(EDITS, ((4,), (Floor(3),)), crashes=1),
    "narrowing in flight": Scenario(NARROWED, ((2,), (Floor(3),)), crashes=1),
    "parts of a look apart": Scenario(EDITS, ((2, 4), (Floor(3),)), look=LOOK_MANIFESTS_FIRST),
    "parts of a look apart, floor last": Scenario(EDITS, ((2,), (Floor(3),)), look=LOOK_CHUNKS_FIRST, crashes=1),
}

DELETED_TWICE = bodies(v1="AB", v2="deleted", v3="AB")
TIDY = {
    "one delete by both lanes": Scenario(DELETED_TWICE, ((2,), (2,)), tidy=True),
    "one delete by three": Scenario(DELETED_TWICE, ((2,), (2,), (2,)), tidy=True),
    "one truncate by two partitions": Scenario(EDITS, ((2,), (Floor(3),), (Floor(3),)), tidy=True),
}
"""Nothing invisible is left where no worker is lost: deletes and truncates are what several workers bring as a matter of course."""

THREE_WRITERS = Scenario(bodies(v1="AB", v2="AC", v3="B"), ((2,), (3,), (2,)))

TEXT_FIRST = {
    "the higher one first": TWO_WRITERS["the higher one first"],
    "unchanged": TWO_WRITERS["unchanged"],
    "other readers": TWO_WRITERS["other readers"],
    "widened": TWO_WRITERS["widened"],
    "any order of nonces": ORDERS["any order of nonces"],
    "removals in any order": ORDERS["removals in any order"],
    "a request outlives its worker": ORDERS["a request outlives its worker"],
    "an edit and a truncate": FLOORS["an edit in flight"],
    "an insert and a truncate": FLOORS["an insert in flight"],
    "a reader of edits": Scenario(EDITS, ((2,), (3,)), reader="p"),
    "a reader of a truncated table": Scenario(EDITS, ((2,), (Floor(3),)), reader="p"),
    "a delete by both lanes": Scenario(DELETED_TWICE, ((2, 3), (2,))),
}

READERS = {
    "edits": Scenario(EDITS, ((2,), (2, 3)), reader="p"),
    "delete": Scenario(DELETE_LAST, ((2,), (3,)), reader="p"),
    "revoked": Scenario(NARROWED, ((2,), (3,)), reader="q"),
    "newly allowed": Scenario(WIDENED, ((2,), (3,)), reader="q"),
    "truncated": Scenario(EDITS, ((2,), (Floor(3),)), reader="p"),
}


@pytest.mark.parametrize("name", TWO_WRITERS)
def test_two_writers(name: str) -> None:
    _holds(TWO_WRITERS[name])


@pytest.mark.parametrize("name", ORDERS)
def test_orders(name: str) -> None:
    _holds(ORDERS[name])


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("queues", [((2,), (2, 3)), ((2,), (3,))])
def test_a_look_is_several_reads(look: str, queues: tuple[tuple[int, ...], ...]) -> None:
    _holds(Scenario(EDITS, queues, look=LOOKS[look], crashes=int(queues[1] == (3,))))


@pytest.mark.parametrize("name", FLOORS)
def test_truncate_with_records_in_flight(name: str) -> None:
    _holds(FLOORS[name])


@pytest.mark.parametrize("name", READERS)
def test_a_reader_beside_two_writers(name: str) -> None:
    _holds(READERS[name])


@pytest.mark.parametrize("name", TIDY)
def test_nothing_invisible_is_left(name: str) -> None:
    _holds(TIDY[name])


@pytest.mark.parametrize("name", TEXT_FIRST)
def test_text_ahead_of_its_vectors(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MOST_OUTDONE", 1)  # the hardest case: each text sweeps away what it took the place of
    _holds(replace(TEXT_FIRST[name], text_first=True))


def test_three_writers() -> None:
    _holds(THREE_WRITERS)


def _holds(scenario: Scenario) -> Counts:
    counts = explore(scenario)
    assert counts.at_rest
    return counts


# -- without one of its rules the protocol breaks, and the same search finds it --------------------------------------------------------


def _keep_what_the_current_manifest_lists(seen: Observation) -> frozenset[str]:
    return seen.chunk_ids & (seen.current.chunk_ids if seen.current else frozenset())


def _replan_only_where_a_chunk_is_gone(own: Manifest, planned_on: Observation | None, seen: Observation) -> bool:
    return not own.chunk_ids <= seen.chunk_ids


def _remove_all_unlisted(own: Manifest, seen: Observation) -> tuple[str, ...]:
    return tuple(sorted(chunk.chunk_id for chunk in seen.chunks if chunk.chunk_id not in own.chunk_ids))


def _narrow_as_a_whole_attempt(real: Callable[..., Manifest]) -> Callable[..., Manifest]:
    def narrowed(writer: protocol.Writer, current: Manifest, seen: Observation) -> Manifest:
        manifest = real(writer, current, seen)
        return replace(manifest, attempt=protocol.next_attempt(writer.wanted.version, writer.nonce, seen.manifests))

    return narrowed


def _leave_what_is_superseded(writer: protocol.Writer, _seen: Observation, outcome: protocol.Outcome) -> protocol.Writer:
    return replace(writer, outcome=outcome, effect=protocol.Done(outcome))


def _forget_every_manifest_of_its_own(own: Manifest, current: Manifest) -> bool:
    return own.attempt < current.attempt


WITHOUT = {
    "keepable": _keep_what_the_current_manifest_lists,
    "must_replan": _replan_only_where_a_chunk_is_gone,
    "removable": _remove_all_unlisted,
    "_narrowed": _narrow_as_a_whole_attempt(protocol._narrowed),
    "_retreat": _leave_what_is_superseded,
    "needless": _forget_every_manifest_of_its_own,
}


@pytest.mark.parametrize("rule", WITHOUT)
def test_each_rule_is_needed(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, rule, WITHOUT[rule])
    with pytest.raises(ProtocolBrokenError) as broken:
        _first_break()
    assert "begins" in str(broken.value)


def test_nonces_rise_with_the_time() -> None:
    """A manifest that lands after its version was indexed again must be the lower attempt (index.driver.new_nonce); a higher one would stay with chunks gone."""
    outlived = Scenario(EDITS, ((3,), (2, 3)), mortal=0)
    _holds(replace(outlived, nonces=("1", "2")))
    with pytest.raises(ProtocolBrokenError, match="missing at rest"):
        explore(replace(outlived, nonces=("2", "1")))
    assert sorted(nonces := [new_nonce() for _ in range(3)]) == nonces or len({nonce[:13] for nonce in nonces}) < 3


def _first_break() -> None:
    for scenario in [*TIDY.values(), *ORDERS.values(), *TWO_WRITERS.values(), THREE_WRITERS]:
        explore(scenario)


def test_looks_differ() -> None:
    """The variants of a look are really different searches."""
    states = {look: explore(Scenario(EDITS, ((2,), (3,)), look=look)).states for look in (LOOK_AT_ONCE, *LOOKS.values())}
    assert len(set(states.values())) == len(states)
