"""A program that is killed over and over: started, left to work for a moment that the seed chooses, ended by SIGKILL. Some of its lives end while it starts."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

ROOT: Final = Path(__file__).resolve().parents[2]
READY_SECONDS: Final = 120.0
EARLY: Final = 0.2
"""Share of the lives that end at some moment of the start; the others after some moment at work."""
START_SECONDS: Final = 2.0
WORK_SECONDS: Final = 1.0
TELL_EVERY: Final = 10


class NotReadyError(Exception):
    """The program ended by itself, or did not come up."""


@dataclass
class Victim:
    """``address`` answers 200 while the program that was started last is at work."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    address: str
    log: Path
    kills: int = 0
    during_start: int = 0
    ready_seconds: list[float] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, *self.command], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment}, stdout=out, stderr=out
            )

    async def until_ready(self) -> None:
        """Raises NotReadyError with the end of the log."""
        began = time.monotonic()
        async with httpx.AsyncClient(timeout=5) as client:
            while not await self._answers(client):
                if self._process is None or self._process.poll() is not None or time.monotonic() - began > READY_SECONDS:
                    said = self.log.read_text(errors="replace")[-2000:]
                    raise NotReadyError(f"{self.name} is not at work after {time.monotonic() - began:.0f} s:\n{said}")
                await asyncio.sleep(0.05)
        self.ready_seconds.append(round(time.monotonic() - began, 2))

    async def live(self, dice: random.Random) -> None:
        """One life."""
        self.start()
        if dice.random() < EARLY:
            await asyncio.sleep(dice.uniform(0, START_SECONDS))
            self.during_start += 1
        else:
            await self.until_ready()
            await asyncio.sleep(dice.uniform(0, WORK_SECONDS))
        self.kill()
        self.kills += 1
        if self.kills % TELL_EVERY == 0:
            print(f"{self.name}: {self.kills} kills", flush=True)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(self.address)).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
