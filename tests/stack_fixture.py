"""A running local stack for integration and end-to-end tests: real servers, an own home outside the tree, an own free port base, torn down at the end.

conftest.py imports the fixture:  ``from tests.stack_fixture import stack_factory  # noqa: F401``

    async def test_something(stack_factory):
        stack = stack_factory("postgres", "kafka")      # started if not yet running; programs are added to what the session already runs

HEADRACE_HOME of the test process is set to the session's home, so that contracts.settings.read finds the addresses. Set HEADRACE_TEST_STACK_HOME to a home
with a stack already up to use that one and leave it running.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from operations.stack import PROGRAM_NAMES, Stack, StackSettings
from operations.stack.errors import MissingBinaryError
from operations.stack.ports import is_free
from operations.stack.settings import PORT_OFFSETS

_BASES: Final = range(30000, 31900, 100)
"""Below the kernel's own range for outgoing connections (32768 on), so that no client's port lies in the way."""


def free_port_base() -> int:
    """The first of a hundred ports of which the stack's are all free. Random, so that sessions side by side seldom meet."""
    for base in random.sample(_BASES, len(_BASES)):
        if all(is_free(base + offset) for offset in PORT_OFFSETS.values()):
            return base
    raise RuntimeError("no free range of 100 ports between 30000 and 31900")


class StackSession:
    """The session's one stack. Calling it with program names starts what of them does not run yet, and returns the stack of all asked for so far."""

    def __init__(self, home: Path, settings: StackSettings) -> None:
        self._home = home
        self._settings = settings
        self._programs: tuple[str, ...] = ()
        self.stack: Stack | None = None

    def __call__(self, *programs: str) -> Stack:
        asked = {*self._programs, *programs}
        if self.stack is None or asked != set(self._programs):
            self._programs = tuple(name for name in PROGRAM_NAMES if name in asked)
            self.stack = Stack(self._home, self._settings, self._programs)
        try:
            self.stack.up()
        except MissingBinaryError as error:
            pytest.skip(f"{error.cause} {error.cure}")
        return self.stack


@pytest.fixture(scope="session")
def stack_factory() -> Iterator[StackSession]:
    borrowed = os.environ.get("HEADRACE_TEST_STACK_HOME")
    home = Path(borrowed) if borrowed else Path(tempfile.mkdtemp(prefix="headrace-test-"))
    before = os.environ.get("HEADRACE_HOME")
    os.environ["HEADRACE_HOME"] = str(home)
    settings = StackSettings(_env_file=home / "stack.env") if borrowed else StackSettings(port_base=free_port_base())
    session = StackSession(home, settings)
    try:
        yield session
    finally:
        if before is None:
            os.environ.pop("HEADRACE_HOME")
        else:
            os.environ["HEADRACE_HOME"] = before
        if not borrowed:
            if session.stack is not None:
                session.stack.down()
            shutil.rmtree(home, ignore_errors=True)
