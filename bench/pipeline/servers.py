"""Servers for a benchmark that needs a part of the stack only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bench.pipeline.site import PORT_BASE, temporary_home
from operations.stack import Stack, StackSettings


@contextmanager
def running(*programs: str) -> Iterator[None]:
    """The stack of HEADRACE_HOME where that is set; else a fresh one of these programs, down and removed afterwards."""
    if "HEADRACE_HOME" in os.environ:
        yield
        return
    with temporary_home() as home:
        stack = Stack(home, StackSettings(port_base=PORT_BASE), programs)
        try:
            stack.up()
            yield
        finally:
            stack.down()
