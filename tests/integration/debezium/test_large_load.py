"""A load in pieces: Connect ended with signal 9 in the middle goes on where it was, and progress, pause and stop tell and do what they say."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from connectors.debezium import control_loads, health_of, plan_source
from connectors.debezium.loads import Load
from contracts.envelope import Envelope
from operations.stack import Stack
from tests.integration.debezium.conftest import Seen, Trial
from tests.stack_fixture import StackSession

pytestmark = pytest.mark.timeout(240)
Make = Callable[[str, str], Trial]
ROWS = 20_000
PIECE = 256
TABLE = """
CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
INSERT INTO notes SELECT g, 'note ' || g FROM generate_series(1, 20000) g;
"""
YAML = """
    tables:
      - {name: public.notes, key: id, body: body, tenant: acme}
"""


def keys(seen: list[Seen]) -> list[object]:
    return [item.change.key["id"] for item in seen if isinstance(item.change, Envelope) and item.change.op == "r" and item.change.key]


def loads(shop: Trial) -> tuple[Load, ...]:
    return health_of(shop.source, shop.connect).loads


def begin(trial: Make) -> Trial:
    shop = trial(TABLE, YAML)
    shop.sql.execute("ANALYZE notes")
    shop.apply()
    until(shop, lambda found: bool(found) and bool(found[0].done))
    return shop


def until(shop: Trial, enough: Callable[[tuple[Load, ...]], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not enough(found := loads(shop)):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def stands(shop: Trial, found: tuple[Load, ...]) -> bool:
    """Whether nothing more of it is read; a piece takes a tenth of a second."""
    time.sleep(1.5)
    return loads(shop) == found


def test_a_kill_in_the_middle_costs_a_few_pieces(trial: Make, stack_factory: StackSession) -> None:  # the fixture
    shop = begin(trial)
    stack: Stack = stack_factory()
    stack.kill("connect")
    shop.sql.execute("UPDATE notes SET body = 'while it was away' WHERE id = 1")
    stack.wait_ready(["connect"])
    seen = shop.seen(lambda found: len(set(keys(found))) == ROWS and any(getattr(item.change, "op", "") == "u" for item in found), 120)
    assert len(keys(seen)) - ROWS <= 4 * PIECE
    until(shop, lambda found: not found)


def test_progress_pause_and_stop(trial: Make) -> None:
    shop = begin(trial)
    (load,) = loads(shop)
    assert (load.table, load.total) == ("public.notes", ROWS)
    assert load.done is not None
    assert 0 < load.done <= ROWS
    (paused,) = control_loads(shop.source, shop.connect, "pause")
    assert paused.table == "public.notes"
    until(shop, lambda found: stands(shop, found))
    (still,) = loads(shop)
    assert still.done is not None
    assert still.done < ROWS
    control_loads(shop.source, shop.connect, "stop")
    control_loads(shop.source, shop.connect, "resume")
    until(shop, lambda found: not found)
    assert [str(action).split()[0] for action in plan_source(shop.source, shop.connect, shop.kafka).actions] == ["load"]
