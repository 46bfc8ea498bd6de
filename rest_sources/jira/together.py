"""Many who ask the same at the same time share one answer, which is never older than any of their questions.

A question that is under way is not joined, since it may have been answered from a state before the one that is asked about: those who come meanwhile share the next. So permissions
that many issues of one project ask for cost a request a round instead of one an issue, and an issue that is fetched because its project's permissions have changed never gets the former ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class Together(Generic[_Answer]):
    """Answers of one kind, by what is asked for."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, asyncio.Task[_Answer]] = {}
        self._running: dict[Hashable, asyncio.Task[_Answer]] = {}

    async def ask(self, key: Hashable, question: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """What the question gives, asked after this call. Its error is everybody's who shares it."""
        task = self._waiting.get(key)
        if task is None:
            task = self._waiting[key] = asyncio.create_task(self._turn(key, self._running.get(key), question))
        return await asyncio.shield(task)  # one who gives up does not take the answer from the others

    async def _turn(self, key: Hashable, before: asyncio.Task[_Answer] | None, question: Callable[[], Awaitable[_Answer]]) -> _Answer:
        if before is not None:
            await asyncio.wait({before})
        task = self._running[key] = self._waiting.pop(key)
        try:
            return await question()
        finally:
            if self._running.get(key) is task:
                del self._running[key]
