"""Each process of the path is killed with -9, twice, in a seeded order, while edits go on. Afterwards the index must be what the rows say."""

from __future__ import annotations

import random
from typing import Final

import pytest

from tests.e2e.kills import PROGRAMS, kill_and_wait
from tests.e2e.topics import dead_letters
from tests.e2e.world import SEED, TEST_SECONDS, Tell, World

ROUNDS: Final = 2
pytestmark = pytest.mark.timeout(TEST_SECONDS)


def test_nothing_is_lost_or_brought_back_by_kills(world: World, tell: Tell) -> None:
    order = [*PROGRAMS] * ROUNDS
    random.Random(SEED).shuffle(order)
    work = world.workload()
    with dead_letters(world) as dead:
        with work:
            for program in order:
                killed = kill_and_wait(world, program)
                tell(killed)
        report = world.assert_right()
        assert dead.letters() == []
    assert work.differences() == [], "Postgres lost a commit"
    tell(f"{work.edits} edits ({work.counts}), {work.doubts} commits in doubt; {report['documents']} documents, {report['leftover']} leftovers")
