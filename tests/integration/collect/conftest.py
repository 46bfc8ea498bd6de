"""Kafka, a help desk and the source that reads it, for every test here."""

from __future__ import annotations

import pytest

from operations.stack import Stack
from tests.integration.collect.desk_world import desk, source  # noqa: F401  # fixtures
from tests.stack_fixture import StackSession, stack_factory  # noqa: F401  # a fixture


@pytest.fixture
def stack(stack_factory: StackSession) -> Stack:  # noqa: F811  # the fixture itself
    return stack_factory("kafka")
