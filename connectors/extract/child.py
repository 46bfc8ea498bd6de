"""One process that reads files, seen from its parent: start it, ask it, end it. It runs in a session of its own, so that what it started ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Final

import pydantic

from connectors.extract.errors import ExtractorUnavailableError
from connectors.extract.frames import LENGTH, Answer, Request, Setup, framed, longest_answer
from connectors.extract.reading import File

_ROOT: Final = Path(__file__).resolve().parents[2]
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX", "TMPDIR")
_ONE_THREAD: Final = {"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
_SLICE: Final = 256 * 1024
_START_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 1.0
_LAST_WORDS: Final = 500
"""Of a process that has seen no file yet, so they quote none."""


class ChildDiedError(Exception):
    """The process ended, or answered what no sane one answers, before it had answered properly."""

    def __init__(self, code: int | None) -> None:
        self.code = code
        """Its exit code, negative for a signal; None where it had to be ended because it answered nonsense."""
        super().__init__(f"the process that reads files ended with {code}")


class Child:
    """``answered`` counts its files. After any exception from ``ask`` it must be ended: nobody knows what it is doing."""

    def __init__(self, process: Process, setup: Setup) -> None:
        self._process = process
        self._longest = longest_answer(setup.limits)
        self.answered = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_dead(self) -> bool:
        """Known once the event loop has run after its end."""
        return self._process.returncode is not None

    @classmethod
    async def start(cls, setup: Setup) -> Child:
        """Raises ExtractorUnavailableError where it does not come up."""
        command = [sys.executable, "-m", "connectors.extract.worker", setup.model_dump_json()]
        environment = _ONE_THREAD | {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True, limit=_SLICE)
        child = cls(process, setup)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await child._answer()
        except (ChildDiedError, TimeoutError) as error:
            await child.end()
            said = (await process.stderr.read(_SLICE)).decode(errors="replace").strip() if process.stderr else ""
            raise ExtractorUnavailableError(f"the process that reads files does not start (exit {process.returncode}): {said[-_LAST_WORDS:]}") from error
        except BaseException:
            await asyncio.shield(asyncio.ensure_future(child.end()))
            raise
        return child

    async def ask(self, file: File) -> Answer:
        """Raises ChildDiedError."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101  # opened above
        try:
            pipe.write(framed(Request(name=file.name, media_type=file.media_type, length=len(file.content))))
            view = memoryview(file.content)
            for start in range(0, len(view), _SLICE):
                pipe.write(view[start : start + _SLICE])
                await pipe.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise await self._died() from error
        answer = await self._answer()
        self.answered += 1
        return answer

    async def _answer(self) -> Answer:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101  # opened above
        try:
            (length,) = LENGTH.unpack(await pipe.readexactly(LENGTH.size))
            if length > self._longest:
                raise ChildDiedError(None)
            return Answer.model_validate_json(await pipe.readexactly(length))
        except asyncio.IncompleteReadError as error:
            raise await self._died() from error
        except pydantic.ValidationError as error:
            raise ChildDiedError(None) from error

    async def _died(self) -> ChildDiedError:
        await self.end()
        return ChildDiedError(self._process.returncode)

    async def end(self) -> None:
        """Ends and reaps it. A polite signal first: where it waits for a Tesseract, it then reaps that one too; where it is deep in a library, it does not hear."""
        # Not Process.terminate: it looks first whether the child has ended, and so takes the exit status, which says why, from asyncio's own watcher.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        with contextlib.suppress(ProcessLookupError):  # a Tesseract whose parent was killed from outside, or died
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
