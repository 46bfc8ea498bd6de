from __future__ import annotations

from connectors.collect.hint_queue import HintQueue
from contracts.hints import FoundBy, Hint


def hint(native: str, found_by: FoundBy = "webhook", time_us: int = 1) -> Hint:
    return Hint(id=native, source_time_us=time_us, found_by=found_by)


def test_a_burst_on_one_object_is_one_fetch_with_the_highest_offset_and_the_earliest_time() -> None:
    queue = HintQueue(0, {})
    for offset in range(100):
        queue.add(offset, hint("ticket/1", time_us=1000 - offset))
    pending = queue.take_urgent()
    assert pending is not None
    assert (pending.offset, pending.changed_us, len(pending.offsets)) == (99, 901, 100)
    assert queue.take_urgent() is None


def test_what_comes_during_a_fetch_is_fetched_after_it() -> None:
    queue = HintQueue(0, {})
    queue.add(0, hint("ticket/1"))
    first = queue.take_urgent()
    assert first is not None
    queue.add(1, hint("ticket/1"))
    assert queue.take_urgent() is None
    queue.serve(first)
    assert queue.committable == 1
    queue.free(first)
    again = queue.take_urgent()
    assert again is not None
    assert again.offsets == (1,)


def test_an_urgent_hint_makes_a_sweeps_finding_urgent() -> None:
    queue = HintQueue(0, {})
    queue.add(0, hint("ticket/1", "sweep"))
    queue.add(1, hint("ticket/2", "sweep"))
    queue.add(2, hint("ticket/2"))
    pending = queue.take_urgent()
    assert pending is not None
    assert (pending.native, pending.offsets, pending.found_by) == ("ticket/2", (1, 2), "webhook")
    assert queue.has_slow


def test_what_follows_from_another_change_stands_behind_a_senders_word() -> None:
    queue = HintQueue(0, {})
    queue.add(0, hint("page/1", "scan"))
    queue.add(1, hint("page/2", "scan"))
    queue.add(2, hint("page/3"))
    queue.add(3, hint("page/2"))
    taken = [queue.take_urgent(scanned=False) for _ in range(3)]
    assert [(pending.native, pending.offsets) if pending else None for pending in taken] == [("page/3", (2,)), ("page/2", (1, 3)), None]
    last = queue.take_urgent()
    assert last is not None
    assert last.native == "page/1"


def test_what_was_served_before_a_restart_is_not_fetched_again() -> None:
    queue = HintQueue(5, {"ticket/1": 7})
    queue.add(5, hint("ticket/2"))
    queue.add(7, hint("ticket/1"))
    queue.add(8, hint("ticket/1"))
    assert [pending.offsets for pending in (queue.take_urgent(), queue.take_urgent()) if pending] == [(5,), (8,)]


def test_fetches_that_end_out_of_order_commit_up_to_the_first_that_is_open() -> None:
    queue = HintQueue(0, {})
    for offset in range(3):
        queue.add(offset, hint(f"ticket/{offset}"))
    pendings = [pending for pending in (queue.take_urgent() for _ in range(3)) if pending]
    queue.serve(pendings[2])
    queue.serve(pendings[1])
    assert queue.committable == 0
    queue.serve(pendings[0])
    assert queue.committable == 3


def test_a_new_hint_ends_the_wait_of_one_that_could_not_be_fetched() -> None:
    queue = HintQueue(0, {})
    queue.add(0, hint("ticket/1"))
    pending = queue.take_urgent()
    assert pending is not None
    assert queue.delay(pending).attempts == 1
    assert queue.take_urgent() is None
    queue.add(1, hint("ticket/1"))
    again = queue.take_urgent()
    assert again is not None
    assert set(again.offsets) == {0, 1}
