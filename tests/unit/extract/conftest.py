"""One extractor for all tests of a module: its processes take half a second to start."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from connectors.extract import Extractor


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def extractor() -> AsyncIterator[Extractor]:
    async with Extractor() as opened:
        yield opened
