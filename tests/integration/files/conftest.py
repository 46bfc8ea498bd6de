"""A Kafka of the local stack."""

from __future__ import annotations

import pytest

from operations.stack import Stack
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture


@pytest.fixture
def stack(stack_factory: StackSession) -> Stack:  # noqa: F811  # the fixture itself
    return stack_factory("kafka")
