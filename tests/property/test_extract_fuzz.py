"""Whatever happens to a file's bytes, it is extracted or refused by name, within its time, and the process that read it is good for the next."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.extract import Extracted, Extractor, Limits, NotExtractableError
from tests.unit.extract import extract_samples as samples

Attempt = Callable[[bytes, str], Extracted | NotExtractableError]
LIMITS = Limits(cpu_seconds=10, wall_seconds=60, pages=200, scanned_pages=1, characters=2_000_000)


@cache
def sample(name: str) -> bytes:
    return samples.SAMPLES[name]()


@pytest.fixture(scope="module")
def attempt() -> Iterator[Attempt]:
    """Through the real processes; an error of any other kind passes through and fails the test."""
    with asyncio.Runner() as runner:
        extractor = runner.run(Extractor(LIMITS).__aenter__())

        def one(content: bytes, name: str) -> Extracted | NotExtractableError:
            try:
                return runner.run(extractor.extract(content, name, ""))
            except NotExtractableError as error:
                return error

        yield one
        runner.run(extractor.__aexit__(None, None, None))


def mutated(content: bytes, seed: int, changes: int) -> bytes:
    """Bytes flipped, cut out, doubled, swapped for others."""
    chance = random.Random(seed)
    found = bytearray(content)
    for _ in range(changes):
        start = chance.randrange(len(found) + 1)
        end = min(len(found), start + chance.choice((1, 1, 4, 64, 1000)))
        match chance.randrange(5):
            case 0:
                found[start:end] = chance.randbytes(end - start)
            case 1:
                del found[start:end]
            case 2:
                found[start:start] = found[start:end]
            case 3:
                found[start:end] = bytes(end - start)
            case _:
                found[start:end] = chance.choice((b"999999999", b"-1", b"<", b"\x00", b"\xff\xff\xff\xff", b"/Kids[1 0 R]"))
    return bytes(found)


def checked(found: Extracted | NotExtractableError) -> None:
    if isinstance(found, NotExtractableError):
        assert found.kind in {
            "unsupported_format",
            "archive",
            "too_large",
            "too_many_pages",
            "timed_out",
            "out_of_memory",
            "encrypted",
            "broken",
            "ocr_missing",
        }
        assert found.cause
        assert found.cure
    else:
        assert len(found.text) <= LIMITS.characters * 2
        found.text.encode()


@pytest.mark.parametrize("name", samples.SAMPLES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 12))
def test_mutated_files(attempt: Attempt, name: str, seed: int, changes: int) -> None:
    checked(attempt(mutated(sample(name), seed, changes), name))


@pytest.mark.parametrize("name", [name for name in samples.SAMPLES if sample(name).startswith(b"PK")])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 6))
def test_mutated_parts_of_office_files(attempt: Attempt, name: str, seed: int, changes: int) -> None:
    """Past the checksums of the zip, into the XML."""
    parts = samples.parts_of(sample(name))
    part = random.Random(seed).choice(sorted(one for one in parts if one.endswith((".xml", ".rels"))))
    checked(attempt(samples.zipped({**parts, part: mutated(parts[part], seed, changes)}), name))


@pytest.mark.parametrize("written", ["PNG", "JPEG", "TIFF"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 4))
def test_mutated_pictures(attempt: Attempt, written: str, seed: int, changes: int) -> None:
    checked(attempt(mutated(samples.image(written), seed, changes), "a"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=2000), name=st.text(max_size=30), suffix=st.sampled_from(["", ".csv", ".html", ".eml", ".pdf", ".md"]))
def test_any_bytes(attempt: Attempt, content: bytes, name: str, suffix: str) -> None:
    checked(attempt(content, name + suffix))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=500), suffix=st.sampled_from(["", ".csv", ".html", ".eml", ".md"]))
def test_any_text_is_text(attempt: Attempt, text: str, suffix: str) -> None:
    checked(attempt(text.encode(errors="replace"), "a" + suffix))
