"""Whatever the order of deliveries, acknowledgements and seeks: nothing that is in work lies behind the offset to commit, and all that is done is committed at rest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.offsets import Offsets


@given(st.data())
def test_never_past_what_is_in_work(data: st.DataObject) -> None:
    log = sorted(data.draw(st.sets(st.integers(0, 40), min_size=1), label="offsets that hold records: the others are markers"))
    books, position = Offsets(), 0
    in_work: set[int] = set()
    done: set[int] = set()
    committed = 0
    for _ in range(data.draw(st.integers(1, 120))):
        step = data.draw(st.sampled_from(["deliver", "done", "seek", "rebalance"]))
        if step == "deliver" and position < len(log):
            books.delivered(0, log[position])
            in_work.add(log[position])
            position += 1
        elif step == "done" and in_work:
            offset = data.draw(st.sampled_from(sorted(in_work)))
            books.done(0, offset)
            in_work.discard(offset)
            done.add(offset)
        elif step in {"seek", "rebalance"}:
            if step == "rebalance":
                books.forget([0])
            position = sum(offset < committed for offset in log)
        found = books.to_commit(0)
        committed = committed if found is None else max(committed, found)
        assert all(offset in done for offset in log if offset < committed)
    for offset in log[position:]:
        books.delivered(0, offset)
    for offset in log:
        books.done(0, offset)
    assert books.to_commit(0) in {None, log[-1] + 1}
