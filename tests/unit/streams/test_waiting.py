"""streams.waiting: of several versions of a document the highest goes on, with the records of the others."""

from __future__ import annotations

from collections import deque
from itertools import permutations

import pytest

from contracts.events import DeleteRecord, DocumentRecord
from contracts.identity import Version
from index.documents import Piece, chunk_contents, wanted_of
from index.driver import Job, Run
from index.protocol import start
from streams.records import InRecord
from streams.waiting import Searchable, Waiting, give_way, oldest


def item(name: str, major: int, since: float = 0.0, offset: int = 0) -> Waiting:
    record = DeleteRecord(tenant="t", doc_id=f"s:{name}", scope="s:", source="s", version=Version(0, major, 0, 0), source_time_us=0)
    return Waiting(InRecord("documents", 0, offset or major, None, b"", [], lambda: None), record, since=since)


def searchable(name: str, major: int, since: float = 0.0) -> Searchable:
    record = DocumentRecord(tenant="t", doc_id=f"s:{name}", scope="s:", source="s", version=Version(0, major, 0, 0), source_time_us=0, title="", body="text")
    job = Job(wanted_of(record), lambda: chunk_contents(record, [Piece(0, 4, "text", ())]))
    return Searchable(item(name, major, since), Run(job, start(job.wanted, "nonce")))


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_one_goes_on_with_the_records_of_all(order: tuple[int, int, int]) -> None:
    """Two newer records wait at once behind a document that waits for its vectors, as after a broker's return."""
    first, *rest = order
    held = searchable("a", first, since=5.0)
    there = {held.item.key: held}
    waiting = deque(item("a", major, since=9.0) for major in rest)
    give_way(waiting, there)
    left = [*waiting, *(one.item for one in there.values())]
    assert sorted(source.offset for one in left for source in one.all) == [1, 2, 3]
    assert max(one.record.version.major for one in left) == 3
    if there:
        assert first == 3
        assert not waiting
    else:
        assert any(one.since == 5.0 for one in waiting), "its place in the queue is kept"


def test_others_are_left_alone() -> None:
    held = searchable("a", 1)
    waiting = deque([item("b", 2)])
    give_way(waiting, there := {held.item.key: held})
    assert there
    assert len(waiting) == 1


def test_the_longest_waiting_are_embedded_first() -> None:
    chosen = oldest([searchable("late", 1, since=2.0), searchable("early", 1, since=1.0)])
    assert [one.item.record.doc_id for one in chosen] == ["s:early", "s:late"]  # type: ignore[union-attr]
