from __future__ import annotations

import asyncio

import pytest

from index.embedding import ShortestFirst

pytestmark = pytest.mark.timeout(30)  # a turn that is never given would be waited for without end


async def take(turns: ShortestFirst, left: int, order: list[int], until: asyncio.Event | None = None) -> None:
    async with turns.turn(left):
        order.append(left)
        if until is not None:
            await until.wait()


async def test_of_those_that_wait_the_one_with_least_left_is_next() -> None:
    turns, order, release = ShortestFirst(), list[int](), asyncio.Event()
    first = asyncio.create_task(take(turns, 500, order, release))
    await asyncio.sleep(0)
    others = [asyncio.create_task(take(turns, left, order)) for left in (90, 1, 30)]
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(first, *others)
    assert order == [500, 1, 30, 90]


async def test_a_waiting_one_that_is_cancelled_holds_nobody_up() -> None:
    turns, order, release = ShortestFirst(), list[int](), asyncio.Event()
    first = asyncio.create_task(take(turns, 5, order, release))
    await asyncio.sleep(0)
    gone = asyncio.create_task(take(turns, 1, order))
    later = asyncio.create_task(take(turns, 2, order))
    await asyncio.sleep(0)
    gone.cancel()
    release.set()
    await asyncio.gather(first, later)
    assert order == [5, 2]
    await take(turns, 3, order)


async def test_a_turn_handed_to_one_that_is_cancelled_at_once_is_passed_on() -> None:
    turns, order = ShortestFirst(), list[int]()
    async with turns.turn(5):
        gone = asyncio.create_task(take(turns, 1, order))
        later = asyncio.create_task(take(turns, 2, order))
        await asyncio.sleep(0)
    gone.cancel()
    await later
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert order == [2]


async def test_an_error_in_a_turn_gives_it_back() -> None:
    turns = ShortestFirst()
    with pytest.raises(RuntimeError):
        async with turns.turn(1):
            raise RuntimeError
    await take(turns, 1, [])
