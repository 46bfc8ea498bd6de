"""Changes of three tables become one document, through the real Debezium and the gatherer as a process."""

from __future__ import annotations

import pytest

from tests.integration.gather.desk import Desk

pytestmark = pytest.mark.timeout(240)


def test_each_kind_of_change_of_each_table(desk: Desk) -> None:
    sql = desk.trial.sql
    desk.start()
    sql.execute("INSERT INTO tickets VALUES (1, 'acme', 7, 'Printer', 'It is on fire.'), (2, 'acme', 7, 'Coffee', 'None left.'), (3, 'acme', NULL, 'Door', 'Shut.')")
    assert desk.settled()["acme", "1"] == ("Printer", "It is on fire.\n\n", ())
    sql.execute("INSERT INTO memberships VALUES (7, 'eve@x.example'), (7, 'bob@x.example'), (8, 'zoe@x.example')")
    assert desk.settled()["acme", "2"][2] == ("user:bob@x.example", "user:eve@x.example")
    sql.execute("INSERT INTO comments VALUES (10, 1, 'Ann', 'Water helps.', false, '2024-02-01 10:00+00'), (11, 1, 'Bob', 'It does not.', false, '2024-01-01 10:00+00')")
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
