"""Every interleaving of the write protocol's real code, over many more scenarios than the test suite: ``python -m bench.protocol.exhaust [FAMILY …]``.

Prints a row for each family: scenarios, reachable states, states at rest, states in which the current manifest lists a chunk that is gone (they heal),
and how often something invisible is left at rest. Ends with 1 and the steps that led there when an invariant breaks. ``--json FILE`` keeps the rows.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path

from tests.property.interleave import (
    LOOK_CHUNKS_FIRST,
    LOOK_MANIFESTS_FIRST,
    LOOK_TORN,
    Body,
    Counts,
    Floor,
    ProtocolBrokenError,
    Scenario,
    Task,
    explore,
)

Queues = tuple[tuple[Task, ...], ...]
EVERY_ORDER = ("14", "23", "56")
PAIRS: tuple[Queues, ...] = (((2,), (2, 3)), ((2,), (3,)), ((2, 3), (2, 3)), ((2,), (2, 3, 4)), ((3,), (2, 4)), ((2, 4), (3,)), ((2,), (3, 4)))
SHORT_PAIRS: tuple[Queues, ...] = (((2,), (2, 3)), ((2,), (3,)), ((3,), (2, 3)))
TRIPLES: tuple[Queues, ...] = (((3,), (2, 4), (3,)), ((2,), (3,), (2,)), ((2,), (2, 3), (2,)))
FLOORS: tuple[Queues, ...] = (((2,), (Floor(3),)), ((2, 4), (Floor(3),)), ((4,), (2, Floor(3))), ((2,), (2, Floor(3))))


def _bodies(texts: tuple[str, ...]) -> dict[int, Body]:
    return {number: Body.of(text) for number, text in enumerate(texts, start=1) if text != "none"}


def _scenarios(texts: tuple[str, ...], queues: tuple[Queues, ...], firsts: tuple[str, ...] = ("AB",)) -> Iterator[Scenario]:
    """Each choice of texts for the versions that a set of queues brings."""
    for queue in queues:
        last = max(task for tasks in queue for task in tasks if isinstance(task, int))
        for chosen in product(firsts, *[texts] * (last - 1)):
            yield Scenario(_bodies(chosen), queue)


def _edits(crashes: int) -> Iterator[Scenario]:
    """The scenarios of the model that the protocol was designed on."""
    return (replace(scenario, crashes=crashes) for scenario in _scenarios(("AB", "AC", "B", "", "ABC"), PAIRS))


def _looks() -> Iterator[Scenario]:
    for look, scenario in product((LOOK_MANIFESTS_FIRST, LOOK_CHUNKS_FIRST, LOOK_TORN), _scenarios(("AB", "AC", "B"), SHORT_PAIRS)):
        yield replace(scenario, look=look, crashes=1)


def _orders() -> Iterator[Scenario]:
    for scenario in _scenarios(("AB", "AC", "B"), (*SHORT_PAIRS, ((2,), (2,)))):
        yield replace(scenario, nonces=EVERY_ORDER, removals_in_any_order=True)
        yield replace(scenario, nonces=("1", "23"), mortal=0)  # by the clock: who dies without being delivered again began before another
        yield replace(scenario, crashes=1, nonces=EVERY_ORDER)


def _deletes_and_permissions() -> Iterator[Scenario]:
    for scenario in _scenarios(("AC:pq", "deleted", "AB:p", "AC:q", "BAA:pq"), SHORT_PAIRS, firsts=("AB:pq", "AAB:p", "deleted", "none")):
        yield replace(scenario, crashes=1)


def _readers() -> Iterator[Scenario]:
    for scenario in _scenarios(("AC:pq", "deleted", "AB:p"), SHORT_PAIRS, firsts=("AB:pq",)):
        yield replace(scenario, reader="q")


def _floors() -> Iterator[Scenario]:
    for look, scenario in product((("all",), LOOK_MANIFESTS_FIRST, LOOK_CHUNKS_FIRST, LOOK_TORN), _scenarios(("AC", "deleted"), FLOORS, firsts=("AB", "none"))):
        bodies = {number: body for number, body in scenario.bodies.items() if number != 3}
        yield replace(scenario, bodies=bodies, look=look, crashes=int(len(scenario.queues[0]) + len(scenario.queues[1]) < 3))


def _text_first() -> Iterator[Scenario]:
    for scenario in _scenarios(("AC:pq", "deleted", "AB:p"), SHORT_PAIRS, firsts=("AB:pq", "none")):
        yield replace(scenario, text_first=True, crashes=int(scenario.queues == ((2,), (3,))))
        yield replace(scenario, text_first=True, nonces=("1", "23"), mortal=0)
        yield replace(scenario, text_first=True, nonces=EVERY_ORDER)
    for scenario in _scenarios(("AC", "deleted"), FLOORS[:2], firsts=("AB", "none")):
        bodies = {number: body for number, body in scenario.bodies.items() if number != 3}
        yield replace(scenario, bodies=bodies, text_first=True)


def _tidy() -> Iterator[Scenario]:
    """Nothing invisible is left of a delete or a truncate that several workers bring."""
    for scenario in _scenarios(("deleted",), (((2,), (2,)), ((2,), (2,), (2,))), firsts=("AB:pq", "AAB", "none")):
        yield replace(scenario, tidy=True, nonces=EVERY_ORDER)
    yield Scenario(_bodies(("AB", "AC")), ((2,), (Floor(3),), (Floor(3),)), tidy=True)


def _three() -> Iterator[Scenario]:
    return _scenarios(("AB", "AC", ""), TRIPLES)


FAMILIES: dict[str, Callable[[], Iterator[Scenario]]] = {
    "two writers, a crash": lambda: _edits(1),
    "parts of a look apart, a crash": _looks,
    "orders of nonces and removals": _orders,
    "deletes and permissions, a crash": _deletes_and_permissions,
    "a reader": _readers,
    "floors": _floors,
    "three writers": _three,
    "text ahead of its vectors": _text_first,
    "nothing is left": _tidy,
}


def run(name: str) -> dict[str, object]:
    """One family. Raises ProtocolBrokenError."""
    total, scenarios, begun = Counts(), 0, time.process_time()
    for scenario in FAMILIES[name]():
        gc.disable()  # millions of small tuples, no cycles
        total.add(explore(scenario))
        gc.enable()
        scenarios += 1
    return {"family": name, "scenarios": scenarios, **asdict(total), "cpu_seconds": round(time.process_time() - begun, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"of: {', '.join(FAMILIES)}")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    if unknown := set(chosen.families) - set(FAMILIES):
        parser.error(f"no such family: {', '.join(sorted(unknown))}")
    rows = []
    for name in chosen.families or FAMILIES:
        try:
            rows.append(run(name))
        except ProtocolBrokenError as error:
            print(f"{name}: BROKEN: {error}")
            sys.exit(1)
        print(" · ".join(f"{key} {value:,}" if isinstance(value, int) else f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
