"""Which program took how much of the cores: what a profile of the whole machine says first."""

from __future__ import annotations

from contextlib import suppress

import psutil

from operations.stack import Stack


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """CPU seconds so far of each program with its children, and of the benchmark itself."""
    found = {"the benchmark": _of(psutil.Process())}
    for state in stack.processes():
        with suppress(psutil.NoSuchProcess):  # it ended in this moment
            process = psutil.Process(state.pid)
            found[state.name] = _of(process) + sum(_of(child) for child in process.children(recursive=True))
    return found


def cores(before: dict[str, float], after: dict[str, float], seconds: float) -> dict[str, float]:
    """Cores that each program kept busy between two looks, the busiest first."""
    shares = {name: round((after[name] - before.get(name, 0.0)) / seconds, 3) for name in after}
    return dict(sorted(shares.items(), key=lambda share: -share[1]))


def _of(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
