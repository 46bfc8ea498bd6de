"""The processes: started when needed, kept, ended and reaped however a call ends; the event loop stays free."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time

import psutil
import pytest

from connectors.extract import BrokenFileError, Extractor, ExtractorUnavailableError, Limits, OutOfMemoryError
from tests.unit.extract import extract_samples as samples
from tests.unit.extract.extract_samples import WORDS
from tests.unit.extract.test_extract_hostile import endless_page


def readers() -> list[psutil.Process]:
    """Children of this process that read files, with what they started, zombies included."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() == psutil.STATUS_ZOMBIE or "connectors.extract.worker" in child.cmdline() or child.name() == "tesseract":
                found.append(child)
    return found


async def at_work() -> None:
    """Until the process has worked on a file for a while: on a loaded machine it may only just have been given one."""
    before = readers()[0].cpu_times().user
    while readers()[0].cpu_times().user < before + 0.1:  # noqa: ASYNC110  # another process cannot set an event
        await asyncio.sleep(0.02)


ROOMY = Limits(memory_mib=8_192)
"""For a page without end, which would otherwise meet the memory's."""


async def until(count: int, name: str = "") -> list[psutil.Process]:
    async with asyncio.timeout(30):
        while True:
            found = [one for one in readers() if not name or one.name() == name]
            if len(found) == count:
                return found
            await asyncio.sleep(0.02)


async def test_started_lazily_kept_and_ended() -> None:
    async with Extractor() as extractor:
        assert readers() == []
        await extractor.extract(b"one", "a.txt", "")
        (first,) = readers()
        await extractor.extract(b"two", "a.txt", "")
        assert readers() == [first]
    assert readers() == []


async def test_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_MADE_UP_SECRET", "s3cret")
    async with Extractor() as extractor:
        await extractor.extract(b"one", "a.txt", "")
        (process,) = readers()
        assert process.nice() == 19
        assert process.rlimit(psutil.RLIMIT_AS)[0] == 1024 * 1024 * 1024
        assert process.rlimit(psutil.RLIMIT_CORE)[0] == 0
        assert process.rlimit(psutil.RLIMIT_CPU)[0] < 600
        assert "HEADRACE_MADE_UP_SECRET" not in process.environ()


async def test_cancelled_in_the_middle_of_a_page() -> None:
    async with Extractor(ROOMY) as extractor:
        call = asyncio.create_task(extractor.extract(endless_page(), "a.pdf", ""))
        await until(1)
        await asyncio.sleep(0.5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await extractor.extract(WORDS.encode(), "a.txt", "")).text == WORDS
    assert readers() == []


async def test_cancelled_in_the_middle_of_ocr() -> None:
    """Tesseract goes too, and is reaped by the process that started it."""
    async with Extractor() as extractor:
        call = asyncio.create_task(extractor.extract(samples.scanned_pdf(), "a.pdf", ""))
        (ocr,) = await until(1, "tesseract")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert not psutil.pid_exists(ocr.pid)
    assert readers() == []


async def test_a_tesseract_whose_parent_is_killed_goes_too() -> None:
    async with Extractor() as extractor:
        call = asyncio.create_task(extractor.extract(samples.scanned_pdf(), "a.pdf", ""))
        (ocr,) = await until(1, "tesseract")
        parent = ocr.parent()
        assert parent is not None
        ocr.suspend()  # it would end by itself before anybody looks
        parent.kill()
        with pytest.raises(OutOfMemoryError):
            await call
        async with asyncio.timeout(30):
            while ocr.is_running() and ocr.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110  # another process cannot set an event
                await asyncio.sleep(0.02)


async def test_cancelled_while_it_starts() -> None:
    async with Extractor() as extractor:
        call = asyncio.create_task(extractor.extract(b"one", "a.txt", ""))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await extractor.extract(b"two", "a.txt", "")).text == "two"
    assert readers() == []


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGSEGV, BrokenFileError), (signal.SIGKILL, OutOfMemoryError)])
async def test_a_death_costs_one_file(number: signal.Signals, expected: type[Exception]) -> None:
    async with Extractor(ROOMY) as extractor:
        await extractor.extract(b"one", "a.txt", "")
        call = asyncio.create_task(extractor.extract(endless_page(), "a.pdf", ""))
        await at_work()
        os.kill(readers()[0].pid, number)
        with pytest.raises(expected):
            await call
        assert (await extractor.extract(WORDS.encode(), "a.txt", "")).text == WORDS
    assert readers() == []


async def test_a_process_that_died_between_two_files_is_replaced() -> None:
    async with Extractor() as extractor:
        await extractor.extract(b"one", "a.txt", "")
        readers()[0].kill()
        await asyncio.sleep(0.1)
        assert (await extractor.extract(b"two", "a.txt", "")).text == "two"


async def test_the_loop_stays_free() -> None:
    """While 8 MB go in and come out, no pause of the loop is long, on a loaded machine neither."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - before)

    async with Extractor() as extractor:
        await extractor.extract(b"one", "a.txt", "")
        watching = asyncio.create_task(watch())
        await extractor.extract(b"<p>" + b"a" * 8_000_000, "a.html", "")
        watching.cancel()
    assert longest < 0.5


async def test_two_at_once_and_the_rest_waits() -> None:
    async with Extractor(workers=2) as extractor:
        found = await asyncio.gather(*[extractor.extract(b"%d" % number, "a.txt", "") for number in range(20)])
        assert [one.text for one in found] == [str(number) for number in range(20)]
        assert len(readers()) == 2
    assert readers() == []


async def test_an_installation_fault_is_no_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    async with Extractor() as extractor:
        with pytest.raises(ExtractorUnavailableError, match="does not start"):
            await extractor.extract(b"one", "a.txt", "")


async def test_closed_is_closed() -> None:
    extractor = Extractor()
    with pytest.raises(RuntimeError, match="async with"):
        await extractor.extract(b"one", "a.txt", "")
