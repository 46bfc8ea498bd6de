"""One whole stack for all fault tests, in a home and on ports of its own.

HEADRACE_E2E_HOME names a home that is kept: a stack that runs there is used as it is and left running. HEADRACE_STACK_PORT_BASE chooses the ports.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from operations.stack import StackSettings
from operations.stack.errors import MissingBinaryError
from tests.e2e.world import World
from tests.stack_fixture import free_port_base


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    kept = os.environ.get("HEADRACE_E2E_HOME")
    home = Path(kept or tempfile.mkdtemp(prefix="headrace-e2e-"))
    settings = StackSettings() if "HEADRACE_STACK_PORT_BASE" in os.environ else StackSettings(port_base=free_port_base())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADRACE_HOME", str(home))
        made = World(home, settings)
        try:
            made.start()
            yield made
        except MissingBinaryError as error:
            pytest.skip(f"{error.cause} {error.cure}")
        finally:
            if not kept:
                made.stack.down()
                shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[object], None]:
    """Prints a line past pytest's capture: what a fault test measured is worth reading where it passes, too."""

    def line(what: object) -> None:
        with capsys.disabled():
            print(f"\n  {what}", end="", flush=True)  # noqa: T201  # the fixture's purpose

    return line
