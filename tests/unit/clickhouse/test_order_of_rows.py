"""Sequences, cursors, what was seen and what is known: the pure parts of the poller."""

from __future__ import annotations

import orjson
import pytest

from connectors.clickhouse import statements
from connectors.clickhouse.columns import Shape, place_of
from connectors.clickhouse.comparing import Books
from connectors.clickhouse.cursor import Cursor, decode_cursor, encode_cursor, starting, under
from connectors.clickhouse.keys import Known, decode_known, delete_sequence, known_record, next_sequence
from connectors.clickhouse.pages import Limits, batches
from connectors.clickhouse.records import Envelopes, key_bytes
from connectors.clickhouse.rows import BrokenAnswerError, Row, RowReader
from connectors.clickhouse.statements import Position
from connectors.clickhouse.window import Window
from contracts.envelope import Envelope, decode_envelope, version_of
from contracts.events import InvalidRecordError
from contracts.rereads import Reread, decode_reread, encode_reread
from contracts.sources.clickhouse import ClickHouseConnection, ClickHouseSource, ClickHouseTable
from contracts.topics import CURSORS

TABLE = ClickHouseTable(name="app.t", key=("id",), body="body", tenant="acme", updated_at="at", is_deleted="gone")
SHAPE = Shape(TABLE, "ReplacingMergeTree", {"id": "UInt64", "body": "String", "at": "DateTime64(3)", "gone": "UInt8"})
VERSIONED = Shape(TABLE.model_copy(update={"version": "v"}), "ReplacingMergeTree", {**SHAPE.types, "v": "UInt64"})
NANOSECONDS = Shape(TABLE, "ReplacingMergeTree", {**SHAPE.types, "at": "DateTime64(9)"})
SOURCE = ClickHouseSource(name="ch", connection=ClickHouseConnection(host="h"), tables=(TABLE,))


def line(key: int, ticks: int, *, block: int = 1, version: int = 0, deleted: int = 0, body: str = "text") -> bytes:
    return orjson.dumps([block, ticks, version, deleted, str(key), key, body]) + b"\n"


def row(key: int, ticks: int, **given: int) -> Row:
    return RowReader(SHAPE).read(line(key, ticks, **given))  # type: ignore[arg-type]  # of numbers alone


def test_the_sequence_is_time_and_version() -> None:
    assert RowReader(VERSIONED).read(line(1, 5_000, block=9, version=7)).sequence == (5_000, 7)
    assert RowReader(SHAPE).read(line(1, 5_000, block=9)).sequence == (5_000, 9)
    assert RowReader(SHAPE).read(line(1, -5)).sequence[0] == 0  # before 1970


def test_nanoseconds_order_states_of_one_microsecond() -> None:
    read = RowReader(NANOSECONDS).read
    assert read(line(1, 5_001, block=9)).sequence < read(line(1, 5_002, block=1)).sequence < read(line(1, 6_000, block=0)).sequence
    assert read(line(1, 5_001)).sequence[0] == 5


def test_a_merge_changes_no_digest_and_a_new_text_does() -> None:
    assert row(1, 5, block=1).digest == row(1, 5, block=7).digest
    assert RowReader(SHAPE).read(line(1, 5, body="other")).digest != row(1, 5).digest


@pytest.mark.parametrize("broken", [b'[1, 2, "secret', b"Code: 241. DB::Exception: secret\n", b"[1, 2]\n", b'{"a": 1}\n'])
def test_an_answer_that_broke_off_is_told_without_its_content(broken: bytes) -> None:
    with pytest.raises(BrokenAnswerError) as raised:
        RowReader(SHAPE).read(broken)
    assert "secret" not in str(raised.value)


def test_envelopes_are_what_the_normaliser_reads() -> None:
    envelopes = Envelopes(SOURCE, TABLE)
    live, loaded, gone = (envelopes.of_row(one, lane) for one, lane in ((row(1, 5), "live"), (row(1, 5), "backfill"), (row(1, 6, deleted=1), "live")))  # type: ignore[arg-type]  # the lanes
    assert (live.topic, loaded.topic, gone.topic) == ("source.ch.app.t", "source.ch.app.t.backfill", "source.ch.app.t")
    read = [decode_envelope(one.key, one.value) for one in (live, loaded, gone, envelopes.of_missing(b'{"id":1}', (6, 2), 99))]
    decoded = [one for one in read if isinstance(one, Envelope)]
    assert [one.op for one in decoded] == ["u", "r", "d", "d"]
    assert decoded[0].after == {"id": 1, "body": "text"}
    assert decoded[2].before is decoded[2].after is None
    assert [version_of(one, 3, 1)[:3] for one in decoded] == [(3, 5, 1), (3, 5, 1), (3, 6, 1), (3, 6, 2)]
    assert decoded[3].source.time_us == 99
    assert decoded[0].source.time_us == 5


def test_a_delete_of_a_missing_key_is_above_every_version_of_its_time() -> None:
    assert delete_sequence((5, 2**64 - 1)) > (5, 2**64 - 1)
    assert delete_sequence((5, 3)) < (1005, 0)
    assert next_sequence((9, 1), (8, 4)) == (9, 1)
    assert next_sequence((7, 1), (8, 4)) == next_sequence((8, 4), (8, 4)) == (8, 5)
    assert next_sequence((7, 1), None) == (7, 1)


def test_cursors() -> None:
    cursor = Cursor(under(SOURCE, SHAPE), high=9, back=7, until=8, load=Position(3, ("7",)), compared_us=4, reread=6, writer="me")
    assert decode_cursor(encode_cursor(cursor)) == cursor
    assert decode_cursor(encode_cursor(cursor.loaded)) == cursor.loaded
    assert decode_cursor(b"{}") is decode_cursor(b"no json") is None
    assert CURSORS == "cursors"


def test_where_to_begin() -> None:
    first = starting(None, under(SOURCE, SHAPE), now=100, lag=10)
    assert (first.high, first.until, first.load) == (100, 89, None)  # live from 90 on
    stored = first.seen(150, 140).loaded_to(Position(5, None))
    assert starting(stored, under(SOURCE, SHAPE), now=200, lag=10) == stored
    raised = SOURCE.model_copy(update={"revision": 2})
    again = starting(stored, under(raised, SHAPE), now=200, lag=10)
    assert (again.high, again.back, again.until, again.load) == (150, 140, 139, None)
    restored = SOURCE.model_copy(update={"epoch": 1})
    assert starting(stored, under(restored, SHAPE), now=200, lag=10).high == 200
    assert starting(stored, under(SOURCE, NANOSECONDS), now=200_000, lag=10).high == 200_000
    assert first.seen(50, 50).high == 100


def test_the_window_forgets_only_what_will_not_be_read_again() -> None:
    window = Window()
    rows = [row(number, number) for number in range(3000)]
    window.add(rows)
    assert window.unseen(rows) == []
    window.forget_before(2990)
    assert len(window) == 10
    assert window.unseen(rows[2990:]) == []
    assert len(window.unseen(rows[:2990])) == 2990


def test_a_row_set_back_within_one_tick_is_new_again() -> None:
    read = RowReader(SHAPE).read
    first, second, third = read(line(1, 5, block=1, body="a")), read(line(1, 5, block=2, body="b")), read(line(1, 5, block=3, body="a"))
    window = Window()
    window.add([first])
    assert window.unseen([second]) == [second]
    window.add([second])
    assert window.unseen([third]) == [third]
    window.add([third])
    assert window.unseen([read(line(1, 5, block=9, body="a"))]) == []  # a merge


def test_a_restart_looks_back_as_far_as_the_look_that_was_due() -> None:
    """Between two looks back the newest time goes on: what became visible meanwhile is within the lag of the look before."""
    stored = Cursor(under(SOURCE, SHAPE), high=150, back=120, until=None)
    assert starting(stored, under(SOURCE, SHAPE), now=200, lag=10).back == 120
    assert stored.seen(160, 150) == Cursor(stored.under, high=160, back=150, until=None)


def test_a_page_from_the_first_row_leaves_none_out() -> None:
    whole = statements.page(SHAPE, None, None, None, 10)
    assert " WHERE 1 " in whole
    assert ">=" in statements.page(SHAPE, 0, None, None, 10)
    assert statements.rows_by_key(SHAPE, ("7",), 5).count("CAST('7' AS UInt64)") == 1


def test_keys_as_ids_show_them() -> None:
    assert place_of("it's", "String") == "69742773"
    assert place_of("ünï", "LowCardinality(String)") == "C3BC6EC3AF"  # as ClickHouse's hex writes it
    assert place_of("42", "UInt64") == "42"


def test_requests_to_read_again() -> None:
    asked = Reread(key=("acme", "7"), above=(5, 2))
    assert decode_reread(encode_reread(asked)) == asked
    with pytest.raises(InvalidRecordError) as raised:
        decode_reread(b'{"key": "secret"}')
    assert "secret" not in str(raised.value)


def test_batches_end_by_rows_and_by_bytes() -> None:
    rows = [row(number, 1) for number in range(7)]
    assert [len(batch) for batch in batches(rows, Limits(3, 10**6))] == [3, 3, 1]
    assert [len(batch) for batch in batches(rows, Limits(100, rows[0].size + 1))] == [2, 2, 2, 1]
    assert list(batches([], Limits(3, 10))) == []


def test_books_tell_missing_unread_and_outdated() -> None:
    books = Books(SHAPE, floor=100)
    known = {
        1: Known(10, 0, (10, 1), deleted=False, time_us=0),  # unchanged
        2: Known(10, 0, (10, 1), deleted=False, time_us=0),  # gone
        3: Known(10, 0, (10, 1), deleted=False, time_us=0),  # has another state
        4: Known(10, 0, (11, 1), deleted=True, time_us=0),  # deleted long ago
        5: Known(10, 0, (11, 1), deleted=True, time_us=0),  # came back
        6: Known(200, 0, (200, 1), deleted=False, time_us=0),  # gone just now: the next comparison's
    }
    for number, one in known.items():
        record = known_record("keys", key_bytes({"id": number}), one)
        assert decode_known(record.value or b"") == one
        books.written(record.key, record.value)
    books.written(key_bytes({"id": 9}), b"[1,0,[1,0],false,0]")
    books.written(key_bytes({"id": 9}), None)  # forgotten
    for key, ticks, deleted in ((1, 10, 0), (3, 20, 0), (5, 10, 0), (7, 30, 0), (8, 30, 1), (10, 300, 0)):
        books.there(orjson.dumps([ticks, 0, deleted, str(key), key]))
    findings = books.findings(now_us=10**15)
    books.close()
    assert [key for key, _ in findings.missing] == [key_bytes({"id": 2})]
    assert [place for place, _ in findings.unread] == [("3",), ("5",), ("7",)]
    assert findings.outdated == (key_bytes({"id": 4}),)
