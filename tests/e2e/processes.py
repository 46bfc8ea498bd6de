"""Workers started by hand beside the stack's, and what the stack's processes use of memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

import httpx
import psutil

from tests.e2e.world import ARRIVAL_SECONDS, ROOT, World, await_true

_SAMPLE_SECONDS: Final = 0.5


@contextmanager
def worker(world: World, name: str, step: str, port_offset: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A live worker beside the stack's, under an instance id of its own, ready; ended politely with the block."""
    port = world.stack.site.settings.port_base + port_offset
    own = {"HEADRACE_KAFKA_INSTANCE_ID": name, "HEADRACE_TELEMETRY_METRICS_PORT": str(port), **environment}
    with world.stack.site.log(name).open("ab") as log:
        words = [sys.executable, "-m", "streams", step, "--lane", "live"]
        process = subprocess.Popen(words, cwd=ROOT, env=world.environment(own), stdout=log, stderr=log)
    try:
        await_true(lambda: _is_ready(process, port), ARRIVAL_SECONDS, f"{name} ready")
        yield process
    finally:
        end(process)


@contextmanager
def served(world: World, name: str, module: str, port: int, ready: str) -> Iterator[httpx.Client]:
    """``python -m module port`` as a process of its own; a client of it once ``ready`` answers."""
    with world.stack.site.log(name).open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", module, str(port)], cwd=ROOT, env=world.environment(), stdout=log, stderr=log)
    try:
        await_true(lambda: _is_ready(process, port, ready), ARRIVAL_SECONDS, f"{name} ready")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10.0, trust_env=False) as client:
            yield client
    finally:
        end(process)


def _is_ready(process: subprocess.Popen[bytes], port: int, path: str = "/healthz") -> bool:
    assert process.poll() is None, f"the process ended with {process.returncode}"
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=2.0, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Memory:
    """The most resident bytes that each program reached while the block ran, restarts included."""

    def __init__(self, world: World, *programs: str) -> None:
        self._world = world
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_mib: dict[str, int] = dict.fromkeys(programs, 0)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            for state in self._world.stack.processes():
                if state.name in self.peak_mib and state.pid:
                    self.peak_mib[state.name] = max(self.peak_mib[state.name], state.rss_bytes // 2**20)


def resident_mib(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss) // 2**20
