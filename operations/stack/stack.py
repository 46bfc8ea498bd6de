"""The local stack: start everything in order and in parallel, see that it is ready, and end it.

Each program has a thread of its own that waits for what it comes after, starts it under supervisord, and asks its probe until it answers. So the
start takes as long as the longest chain. ``up`` is idempotent: what runs is left alone, what died is started.
"""

from __future__ import annotations

import math
import os
import signal as signals
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

import psutil

from contracts.settings import home as default_home
from contracts.settings import read
from operations.stack.errors import LeftoverError, NotReadyError, NotRunningError, StackError, UnknownProgramError
from operations.stack.leftovers import Leftover, end_leftovers, find_leftovers
from operations.stack.ports import check_ports
from operations.stack.probes import NotYetError
from operations.stack.processes import ProcessState, last_lines, process_state
from operations.stack.programs import PROGRAM_NAMES, ProgramSpec, choose, with_dependencies
from operations.stack.settings import StackSettings
from operations.stack.site import Site, keep_environment, socket_path, stack_environment, write_env_file
from operations.stack.supervision import Supervision, render

Progress = Callable[[str, str], None]
"""Called with a program's name and what it is doing now: waiting, preparing, starting, ready."""

_POLL_SECONDS: Final = 0.1
_DEATHS_TOLERATED: Final = 3
"""A program that dies more often than this while it starts will not get ready by waiting: a setting is wrong."""


def _silent(_program: str, _doing: str) -> None:
    return


@dataclass(slots=True)
class _Start:
    """What the threads of one ``up`` share."""

    progress: Progress
    ready: dict[str, Event]
    failed: Event = field(default_factory=Event)


class Stack:
    """The local stack under one home folder, with all programs or a subset of them and what it needs. Other programs that run there are left alone."""

    def __init__(self, home: Path | None = None, settings: StackSettings | None = None, programs: Iterable[str] = PROGRAM_NAMES) -> None:
        self.site = Site.open(home or default_home(), settings or read(StackSettings))
        self._specs = with_dependencies(programs)
        self._supervision = Supervision(self.site.home)

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the programs that ``up`` starts."""
        return tuple(spec.name for spec in self._specs)

    def up(self, progress: Progress = _silent, *, clean: bool = False, environment: Mapping[str, str] | None = None) -> None:
        """Start what does not run and return when all of it is ready.

        ``clean`` ends leftovers of a killed run first. ``environment`` (HEADRACE_SOURCES and the like) is added to what the programs see and to
        stack.env, and kept for later calls that give none. Raises a StackError where something does not start.
        """
        self._check_before_start(clean=clean)
        chosen = keep_environment(self.site, environment)
        write_env_file(self.site, chosen)
        running = choose(state.name for state in self.processes() if state.pid)
        governed = choose({spec.name for spec in (*self._specs, *running)})
        self._supervision.apply(render(self.site, governed, chosen), self._child_environment())
        self._start_all(_Start(progress, {spec.name: Event() for spec in self._specs}))

    def down(self, progress: Progress = _silent) -> tuple[Leftover, ...]:
        """End every program and supervisord; also what a killed supervisor left. Returns those leftovers."""
        if self._supervision.alive():
            self._stop_all(progress)
        left = end_leftovers(self.site.home)
        socket_path(self.site.home).unlink(missing_ok=True)
        return left

    def outdated(self, variables: Iterable[str]) -> tuple[str, ...]:
        """Those of the variables that a running supervisord was not given as they are now: its programs would never see them."""
        if not self._supervision.alive():
            return ()
        held = psutil.Process(self._supervision.pid()).environ()
        return tuple(sorted(name for name in variables if name in os.environ and held.get(name) != os.environ[name]))

    def restart(self, name: str, progress: Progress = _silent) -> None:
        """Stop a program, start it, and return when it is ready."""
        spec = self._spec(name)
        self._supervision.stop(name)
        self._supervision.start(name)
        self._await_ready(spec, _Start(progress, {}), self.site.settings.ready_seconds)

    def stop(self, name: str) -> None:
        """Stop a program, politely; it stays down until start, restart or up."""
        self._supervision.stop(self._spec(name).name)

    def start(self, name: str) -> None:
        """Start a program without waiting for it."""
        self._supervision.start(self._spec(name).name)

    def kill(self, name: str, signal: int = signals.SIGKILL) -> int:
        """Send a signal to a program's process and return its pid. supervisord starts again what dies of it."""
        pid = self.pid(name)
        os.kill(pid, signal)
        return pid

    def pid(self, name: str) -> int:
        """A running program's process id; NotRunningError where it does not run."""
        found = int(self._supervision.info(self._spec(name).name)["pid"])
        if not found:
            raise NotRunningError(f"{name} is not running.", f"Look into {self.site.log(name)}.")
        return found

    def processes(self) -> list[ProcessState]:
        """Every configured program's state; empty where no supervisor runs."""
        try:
            return [process_state(info) for info in self._supervision.infos()]
        except NotRunningError:
            return []

    def wait_ready(self, names: Iterable[str] | None = None, timeout: float | None = None) -> None:
        """Return when the named programs (all of this stack's by default) answer their probes; NotReadyError after ``timeout`` seconds for any."""
        shared = _Start(_silent, {})
        for spec in self._specs if names is None else choose(names):
            self._await_ready(spec, shared, timeout or self.site.settings.ready_seconds, deaths=math.inf)

    def leftovers(self) -> tuple[Leftover, ...]:
        """Processes of this home that its supervisor does not govern."""
        return find_leftovers(self.site.home, self._supervision.pid() if self._supervision.alive() else None)

    def _check_before_start(self, *, clean: bool) -> None:
        running = {state.name for state in self.processes() if state.pid}
        left = self.leftovers()
        if left and clean and not running:
            end_leftovers(self.site.home)
        elif left:
            names = ", ".join(f"{item.name} (pid {item.pid})" for item in left)
            raise LeftoverError(f"Processes of an earlier run are still there: {names}.", "End them with `headrace down`, or start with `headrace up --clean`.")
        check_ports(self.site, [port for spec in self._specs if spec.name not in running for port in spec.ports])

    def _child_environment(self) -> dict[str, str]:
        """Of supervisord, and below each program's own: a connector's ``${env:…}`` may name any variable of whoever started the stack."""
        return {**os.environ, **stack_environment(self.site), "HEADRACE_HOME": str(self.site.home)}

    def _spec(self, name: str) -> ProgramSpec:
        for spec in self._specs:
            if spec.name == name:
                return spec
        raise UnknownProgramError(f"This stack runs no program named {name}.", f"It runs: {', '.join(spec.name for spec in self._specs)}.")

    def _start_all(self, start: _Start) -> None:
        with ThreadPoolExecutor(max_workers=len(self._specs), thread_name_prefix="headrace-up") as pool:
            futures = [pool.submit(self._start_one, spec, start) for spec in self._specs]
            try:
                finished, _running = wait(futures, return_when=FIRST_EXCEPTION)
            except KeyboardInterrupt:
                start.failed.set()  # nothing more is started; what was stays
                raise
            if any(future.exception() for future in finished):
                start.failed.set()
        _raise_first(futures)

    def _start_one(self, spec: ProgramSpec, start: _Start) -> None:
        start.progress(spec.name, "preparing")
        if not self._running(spec.name):
            spec.prepare(self.site)
        for name in spec.after:
            start.progress(spec.name, f"waiting for {name}")
            if name in start.ready and not self._wait_for(start.ready[name], start):
                return
        if start.failed.is_set():
            return
        start.progress(spec.name, "starting")
        self._supervision.start(spec.name)
        self._await_ready(spec, start, self.site.settings.ready_seconds)
        start.ready[spec.name].set()

    def _running(self, name: str) -> bool:
        return bool(self._supervision.info(name)["pid"])

    @staticmethod
    def _wait_for(ready: Event, start: _Start) -> bool:
        while not ready.wait(_POLL_SECONDS):
            if start.failed.is_set():
                return False
        return True

    def _await_ready(self, spec: ProgramSpec, start: _Start, timeout: float, deaths: float = _DEATHS_TOLERATED) -> None:
        deadline = time.monotonic() + timeout
        pids: set[int] = set()
        while not start.failed.is_set():
            try:
                spec.probe(self.site)
            except NotYetError as reason:
                info = self._supervision.info(spec.name)
                pids |= {int(info["pid"])} - {0}
                if len(pids) > deaths or time.monotonic() > deadline:
                    raise self._not_ready(spec, str(info["statename"]), str(reason)) from reason
                time.sleep(_POLL_SECONDS)
            else:
                start.progress(spec.name, "ready")
                return

    def _not_ready(self, spec: ProgramSpec, state: str, reason: str) -> NotReadyError:
        log = self.site.log(spec.name)
        return NotReadyError(
            f"{spec.name} did not become ready (it is {state.lower()}; {reason}).",
            f"Its log is {log}. Mend what it names, then run `headrace up` again; `headrace down` ends the programs that run.",
            tuple(dict.fromkeys(last_lines(log))),  # it was started again and again, and said the same each time
        )

    def _stop_all(self, progress: Progress) -> None:
        """Workers first, then what they need, each wave at once."""
        remaining = {info["name"] for info in self._supervision.infos()}
        for wave in _stop_waves(remaining):
            with ThreadPoolExecutor(max_workers=len(wave)) as pool:
                for name in wave:
                    progress(name, "stopping")
                list(pool.map(self._supervision.stop, wave))
            for name in wave:
                progress(name, "stopped")
        pid = self._supervision.pid()
        with suppress(NotRunningError):  # it may be gone before it has answered
            self._supervision.call("shutdown")
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait(timeout=15)


def _stop_waves(names: set[str]) -> list[list[str]]:
    """Programs that nobody left still needs, again and again."""
    waves: list[list[str]] = []
    specs = {spec.name: spec for spec in choose(name for name in names if name in PROGRAM_NAMES)}
    while specs:
        needed = {after for spec in specs.values() for after in spec.after}
        wave = [name for name in specs if name not in needed]
        waves.append(wave)
        for name in wave:
            del specs[name]
    return waves


def _raise_first(futures: list[Future[None]]) -> None:
    """A StackError is the cause; what the other threads met after it is its echo."""
    errors = [error for future in futures if (error := future.exception())]
    for error in errors:
        if isinstance(error, StackError):
            raise error
    for error in errors:
        raise error
