"""A desk per test on the real Postgres, Kafka and Connect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.debezium.conftest import Trial, servers, trial  # noqa: F401 - fixtures
from tests.integration.gather.desk import DDL, YAML, Desk
from tests.stack_fixture import stack_factory  # noqa: F401 - a fixture


@pytest.fixture
def desk(trial: Callable[[str, str], Trial], tmp_path: Path) -> Iterator[Desk]:  # noqa: F811 - the imported fixture
    """Connected, with nothing in its tables and no gatherer yet."""
    made = Desk(trial(DDL, YAML), tmp_path)
    made.trial.apply()
    yield made
    made.close()
