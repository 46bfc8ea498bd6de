"""Weaviate is away for a while: edits wait, memory stays bounded, and everything arrives afterwards."""

from __future__ import annotations

from typing import Final

import pytest

from tests.e2e.away import weaviate_away
from tests.e2e.topics import dead_letters
from tests.e2e.world import TEST_SECONDS, Tell, World

AWAY_SECONDS: Final = 30.0
MOST_GROWTH_MIB: Final = 300
pytestmark = pytest.mark.timeout(TEST_SECONDS)


def test_edits_wait_for_weaviate_and_then_arrive(world: World, tell: Tell) -> None:
    work = world.workload()
    with dead_letters(world) as dead:
        with work:
            away = weaviate_away(world, AWAY_SECONDS)
        tell(away)
        world.assert_right()
        assert dead.letters() == []
    assert away.growth_mib < MOST_GROWTH_MIB
    assert away.same_process, "the indexer should wait, not die"
    assert work.differences() == []
