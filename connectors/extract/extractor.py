"""The pool: a number of processes, each started when a file first needs it, kept for the next, replaced when a file has harmed it.

The event loop never waits for a file: bytes go through pipes in slices, and what takes long happens in the processes. However a call ends (text, refusal, crash, time limit,
cancellation), its place is free for the next file and its process is either ready or ended and reaped.
"""

from __future__ import annotations

import asyncio
import signal
from types import TracebackType
from typing import Final, Self

from connectors.extract.child import Child, ChildDiedError
from connectors.extract.errors import (
    BrokenFileError,
    NotExtractableError,
    OutOfMemoryError,
    TimedOutError,
    TooLargeError,
)
from connectors.extract.frames import Answer, Setup
from connectors.extract.limits import Limits
from connectors.extract.reading import OUT_OF_MEMORY, File, out_of_memory, out_of_time
from connectors.extract.result import Extracted

_FILES_OF_A_CHILD: Final = 500
"""Then it is replaced: libraries in C leak, and its memory is limited."""


class Extractor:
    """``async with Extractor() as extractor: await extractor.extract(content, name, media_type)``. ``languages`` are Tesseract's, three letters each; the first weighs most.

    ``workers`` files are read at once, the others wait their turn; each process takes up to ``limits.memory_mib`` and one core at the lowest priority.
    """

    def __init__(self, limits: Limits | None = None, languages: tuple[str, ...] = ("eng",), workers: int = 1) -> None:
        self._limits = limits or Limits()
        self._setup = Setup(limits=self._limits, languages=languages)
        self._workers = workers
        self._seats: asyncio.Queue[Child | None] = asyncio.Queue()
        self._ending: set[asyncio.Task[None]] = set()
        self._open = False

    async def __aenter__(self) -> Self:
        for _ in range(self._workers):
            self._seats.put_nowait(None)
        self._open = True
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Waits for the calls at work; cancel them first where that takes too long."""
        self._open = False
        for _ in range(self._workers):
            self._end(await self._seats.get())
        await asyncio.gather(*self._ending)

    async def extract(self, content: bytes, name: str, media_type: str) -> Extracted:
        """Raises NotExtractableError where the file is to blame, ExtractorUnavailableError where the installation is."""
        if not self._open:
            raise RuntimeError("the extractor is not open; use it in an `async with` block")
        if len(content) > self._limits.bytes:
            raise TooLargeError(f"the file has {len(content)} bytes, {self._limits.bytes} are allowed", "split it, or raise the limit on bytes")
        child = await self._seats.get()
        sound = False
        try:
            if child and child.is_dead:
                self._end(child)
                child = None
            child = child or await Child.start(self._setup)
            answer = await self._ask(child, File(content, name, media_type))
            sound = not (answer.refusal and answer.refusal.kind == OutOfMemoryError.kind) and child.answered < _FILES_OF_A_CHILD
        finally:
            if not sound:
                self._end(child)
            self._seats.put_nowait(child if sound else None)
        if answer.refusal:
            raise answer.refusal.error()
        if answer.extracted is None:
            raise BrokenFileError("the process that read the file answered neither text nor a reason", "report the file's format; retry it once")
        return answer.extracted

    async def _ask(self, child: Child, file: File) -> Answer:
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                return await child.ask(file)
        except TimeoutError as error:
            cause = f"reading the file took longer than {self._limits.wall_seconds:g} s"
            raise TimedOutError(cause, "split it, raise the limit on time, or give the machine less other work") from error
        except ChildDiedError as error:
            raise _why(error, self._limits) from error

    def _end(self, child: Child | None) -> None:
        """In a task of its own, so that a cancelled call does not leave it half done."""
        if child is not None:
            task = asyncio.create_task(child.end())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


def _why(error: ChildDiedError, limits: Limits) -> NotExtractableError:
    match error.code:
        case code if code == -signal.SIGXCPU:
            return out_of_time(limits)
        case code if code == -signal.SIGKILL:
            return OutOfMemoryError("the machine ran out of memory while the file was read", "split it, or give the machine more memory")
        case code if code == OUT_OF_MEMORY:
            return out_of_memory(limits)
        case int(code) if code < 0:
            name = signal.Signals(-code).name
            return BrokenFileError(
                f"the library that reads the file died of {name}, as on malformed files or for want of the {limits.memory_mib} MiB of memory",
                "open it in its application and save it anew, or raise the limit on memory",
            )
        case _:
            return BrokenFileError("the process that read the file ended without an answer", "open the file in its application and save it anew")
