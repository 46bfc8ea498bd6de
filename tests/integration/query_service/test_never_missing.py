"""A document that is edited all the time is in every answer: always some version of it, never none and never two."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest

from index.driver import IndexDriver
from index.embedding import Embedder
from index.reading import Access, IndexReader, Mode, Search
from tests.integration.query_service.conftest import ACME, SCOPE, Index, job, record

EDITS = 25
READERS = 4
LINES = [f"The {name} gauge is read every {name} morning at the weir." for name in ("amber", "birch", "cedar", "dune", "ember", "fern")]
OTHERS = [record(f"other-{number}", f"The pump number {number} is read at the weir.\n\nThe gauge of station {number} is painted.") for number in range(40)]


def edited(number: int) -> str:
    """The edit stands in the paragraph that the question is about, and in another one."""
    return "\n\n".join([f"{LINES[0]} It is edit {number}.", *LINES[1:5], f"{LINES[5]} It is edit {number}."])


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
@pytest.mark.parametrize("text_first", [False, True], ids=["whole at once", "text first"])
async def test_an_edited_document_is_in_every_answer(index: Index, embedder: Embedder, mode: Mode, text_first: bool) -> None:
    driver = IndexDriver(index.store, embedder.embed, in_thread=asyncio.to_thread, text_first=text_first)
    await index.put(record("edited", edited(0)), *OTHERS)
    reader = IndexReader(index.client, index.names)
    question = "amber gauge read every morning at the weir"
    search = Search(question, (await embedder.embed([question]))[0], mode, 5)
    ended = asyncio.Event()
    found: Counter[str] = Counter()

    async def read() -> None:
        while not ended.is_set():
            began = time.monotonic()
            hits = [hit for hit in await reader.search(Access(ACME, frozenset({"group:staff"})), search) if hit.doc_id == SCOPE + "edited"]
            versions = {hit.text.rpartition("edit ")[2] for hit in hits if "edit" in hit.text}
            found["none" if not hits else "mixed" if len(versions) > 1 else "one"] += 1
            await asyncio.sleep(max(0.0, 0.002 - (time.monotonic() - began)))

    async def write() -> None:
        for number in range(1, EDITS + 1):
            await driver.index([job(record("edited", edited(number), major=number + 1))])
        ended.set()

    await asyncio.gather(write(), *(read() for _ in range(READERS)))
    assert found["one"] >= EDITS, found
    assert not found["none"] + found["mixed"], found
