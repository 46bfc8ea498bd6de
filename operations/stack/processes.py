"""What a person or a test sees of one program: its state and memory, and the end of its log."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

_LAST_LINES: Final = 15


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One program as seen now. ``pid`` is 0, and uptime and memory are too, where it does not run."""

    name: str
    state: str
    pid: int
    uptime_seconds: float
    rss_bytes: int


def process_state(info: Mapping[str, object]) -> ProcessState:
    """From supervisord's own record of it."""
    pid, started, now = (int(str(info[key])) for key in ("pid", "start", "now"))
    return ProcessState(str(info["name"]), str(info["statename"]), pid, float(now - started) if pid else 0.0, _tree_rss(pid) if pid else 0)


def _tree_rss(pid: int) -> int:
    """Resident bytes of a process and its children; pages that they share (Postgres' buffers) count once for each."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for member in family:
        with suppress(psutil.Error):
            total += member.memory_info().rss
    return total


def last_lines(path: Path, count: int = _LAST_LINES) -> tuple[str, ...]:
    """The end of a log; nothing where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            return tuple(file.read().decode(errors="replace").splitlines()[-count:])
    except OSError:
        return ()
