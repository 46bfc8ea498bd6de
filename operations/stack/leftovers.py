"""What a killed supervisord left behind: its children run on and hold ports and data folders.

A leftover is a process that carries this home's mark in its environment, or the Postgres whose pid lies in this home's data folder and whose command
line names that folder. Nothing else is ever ended: a shell that exports HEADRACE_HOME carries no mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from operations.stack.supervision import MARK

_GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Leftover:
    pid: int
    name: str


def find_leftovers(home: Path, supervisor_pid: int | None = None) -> tuple[Leftover, ...]:
    """Marked processes of this home that are not below the living supervisor."""
    return tuple(Leftover(process.pid, _name(process)) for process in _stray(home.absolute(), supervisor_pid))


def end_leftovers(home: Path) -> tuple[Leftover, ...]:
    """End them, politely and then not, and say which they were."""
    stray = _stray(home.absolute(), None)
    named = tuple(Leftover(process.pid, _name(process)) for process in stray)
    for process in stray:
        _signal(process, kill=False)
    _gone, alive = psutil.wait_procs(stray, timeout=_GRACE_SECONDS)
    for process in alive:
        _signal(process, kill=True)
    psutil.wait_procs(alive, timeout=_GRACE_SECONDS)
    return named


def _stray(home: Path, supervisor_pid: int | None) -> list[psutil.Process]:
    governed = _family(supervisor_pid)
    own = _family(psutil.Process().pid, children=False)
    postmaster = _postmaster(home)
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in governed and process.pid not in own and (process.pid == postmaster or _marked(process, home))
    ]


def _family(pid: int | None, *, children: bool = True) -> set[int]:
    if pid is None:
        return set()
    try:
        process = psutil.Process(pid)
        return {pid, *(child.pid for child in process.children(recursive=True))} if children else {pid, *(parent.pid for parent in process.parents())}
    except psutil.NoSuchProcess:
        return {pid}


def _marked(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(home)
    except (psutil.Error, OSError):
        return False


def _postmaster(home: Path) -> int | None:
    """Postgres' own record, believed only where that process runs on this home's data folder."""
    data = home / "data" / "postgres"
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        return pid if str(data) in psutil.Process(pid).cmdline() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return "?"


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return
