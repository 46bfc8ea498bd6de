"""Changes of three tables become one document, through the real Debezium and the gatherer as a process."""

from __future__ import annotations

import pytest

from tests.integration.gather.desk import Desk

pytestmark = pytest.mark.timeout(240)


def test_each_kind_of_change_of_each_table(desk: Desk) -> None:
    sql = desk.trial.sql
    desk.start()
    sql.execute(
        "INSERT INTO tickets VALUES (1, 'acme', 7, 'Printer', 'It is on fire.'), (2, 'acme', 7, 'Coffee', 'None left.'), (3, 'acme', NULL, 'Door', 'Shut.')"
    )
    assert desk.settled()["acme", "1"] == ("Printer", "It is on fire.\n\n", ())
    sql.execute("INSERT INTO memberships VALUES (7, 'eve@x.example'), (7, 'bob@x.example'), (8, 'zoe@x.example')")
    assert desk.settled()["acme", "2"][2] == ("user:bob@x.example", "user:eve@x.example")
    sql.execute(
        "INSERT INTO comments VALUES (10, 1, 'Ann', 'Water helps.', false, '2024-02-01 10:00+00'), (11, 1, 'Bob', 'It does not.', false, '2024-01-01 10:00+00')"
    )
    sql.execute("INSERT INTO comments VALUES (12, 1, 'Eve', 'Secret.', true)")
    assert desk.settled()["acme", "1"][1] == "It is on fire.\n\n**Bob**: It does not.\n\n**Ann**: Water helps."
    sql.execute("UPDATE comments SET body = 'Sand helps.' WHERE id = 10")
    assert "Sand helps." in desk.settled()["acme", "1"][1]
    sql.execute("UPDATE comments SET ticket_id = 2 WHERE id = 10")
    moved = desk.settled()
    assert "Sand" not in moved["acme", "1"][1]
    assert "Sand" in moved["acme", "2"][1]
    sql.execute("UPDATE comments SET hidden = false WHERE id = 12")
    assert "Secret." in desk.settled()["acme", "1"][1]
    sql.execute("DELETE FROM comments WHERE id = 11")
    assert "It does not." not in desk.settled()["acme", "1"][1]
    sql.execute("DELETE FROM memberships WHERE mail = 'eve@x.example'")
    assert desk.settled()["acme", "1"][2] == ("user:bob@x.example",)
    sql.execute("UPDATE tickets SET project_id = 8 WHERE id = 2")
    assert desk.settled()["acme", "2"][2] == ("user:zoe@x.example",)


def test_deletes_truncates_and_rows_that_change_their_name(desk: Desk) -> None:
    sql = desk.trial.sql
    sql.execute("INSERT INTO tickets SELECT g, 'acme', 7, 'T' || g, 'D' || g FROM generate_series(1, 300) g")
    sql.execute("INSERT INTO comments SELECT g, g, 'Ann', 'C' || g FROM generate_series(1, 300) g; INSERT INTO memberships VALUES (7, 'eve@x.example')")
    desk.start()
    assert len(desk.settled()) == 300
    sql.execute("UPDATE tickets SET tenant = 'globex' WHERE id = 1; UPDATE tickets SET tenant = 'umbrella' WHERE id = 1")
    sql.execute("UPDATE tickets SET tenant = 'globex' WHERE id = 2; UPDATE tickets SET tenant = 'acme' WHERE id = 2")
    sql.execute("UPDATE tickets SET id = 1000 WHERE id = 3")
    with sql.transaction():
        sql.execute("DELETE FROM comments WHERE ticket_id = 4")
        sql.execute("DELETE FROM tickets WHERE id = 4")
    found = desk.settled()
    assert ("umbrella", "1") in found
    assert not {("acme", "1"), ("globex", "1"), ("globex", "2"), ("acme", "3"), ("acme", "4")} & found.keys()
    sql.execute("TRUNCATE memberships")
    assert {state[2] for state in desk.settled().values()} == {()}
    sql.execute("TRUNCATE comments")
    assert not any("Ann" in state[1] for state in desk.settled().values())
    sql.execute("TRUNCATE tickets; INSERT INTO tickets VALUES (5, 'acme', 7, 'After', 'all')")
    assert desk.settled().keys() == {("acme", "5")}


def test_a_killed_gatherer_loses_nothing(desk: Desk) -> None:
    sql = desk.trial.sql
    process = desk.start()
    for number in range(30):
        sql.execute("INSERT INTO tickets SELECT g, 'acme', g %% 5, 'T', 'D' FROM generate_series(%s::int, %s::int) g", (number * 40, number * 40 + 39))
        sql.execute("INSERT INTO comments SELECT g, g, 'Ann', 'C' FROM generate_series(%s::int, %s::int) g", (number * 40, number * 40 + 39))
        sql.execute("INSERT INTO memberships VALUES (%s, %s)", (number % 5, f"m{number}@x.example"))
        if number % 6 == 5:
            process.kill()
            process.wait()
            process = desk.start()
    assert len(desk.settled(90)) == 1200


def test_a_database_that_is_away_is_waited_for(desk: Desk) -> None:
    sql = desk.trial.sql
    process = desk.start()
    sql.execute("INSERT INTO tickets VALUES (1, 'acme', 7, 'T', 'D')")
    desk.settled()
    sql.execute("ALTER TABLE comments RENAME COLUMN body TO said")
    sql.execute("INSERT INTO comments VALUES (1, 1, 'Ann', 'one')")
    desk.told("not in the database: public.comments.body")
    sql.execute("ALTER TABLE comments RENAME COLUMN said TO body")
    desk.settled()
    with desk.database_closed():
        sql.execute("INSERT INTO comments VALUES (2, 1, 'Ann', 'two')")
        desk.told("the database does not answer")
    assert "two" in desk.settled()["acme", "1"][1]
    assert process.poll() is None
    assert "one" not in desk.log()


def test_a_related_row_may_name_a_parent_that_cannot_be(desk: Desk) -> None:
    sql = desk.trial.sql
    sql.execute("ALTER TABLE comments ALTER ticket_id TYPE bigint; ALTER TABLE memberships ALTER project_id TYPE bigint")
    desk.start()
    sql.execute("INSERT INTO tickets VALUES (1, 'acme', 7, 'T', 'D'), (2, 'acme', 8, 'T', 'D')")
    sql.execute("INSERT INTO comments VALUES (1, 99999999999, 'Ann', 'lost'), (2, 1, 'Ann', 'one'), (3, 99999999998, 'Ann', 'lost'), (4, 2, 'Ann', 'two')")
    sql.execute("INSERT INTO memberships VALUES (99999999999, 'x'), (7, 'eve'), (8, 'bob'), (99999999998, 'x')")
    found = desk.settled()
    assert (found["acme", "1"][2], found["acme", "2"][2]) == (("user:eve",), ("user:bob",))
