"""The receiver's process under changed deliveries and broken HTTP: a small round of bench.rest.abuse, whose rules hold here too."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.rest.abuse import abuse
from operations.stack import Stack
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture

pytestmark = pytest.mark.timeout(400)
DELIVERIES = 2000


@pytest.fixture
def stack(stack_factory: StackSession) -> Stack:  # noqa: F811  # the fixture itself
    return stack_factory("kafka")


def test_nothing_that_was_changed_is_believed_and_nothing_breaks_the_receiver(stack: Stack, tmp_path: Path) -> None:  # Kafka runs
    found = abuse(tmp_path, DELIVERIES)
    refused = found["answers_to_mutations"]
    assert sum(refused.values()) > DELIVERIES * 0.8
    assert refused["401"] > DELIVERIES * 0.3
    assert (found["hints_of_mutations"], found["failures_in_log"], found["replays_wrong"]) == (0, 0, [])
    assert found["hints_of_genuine"] == {"deliveries": 4, "posts": 84, "hints": 4}
