"""Whatever concurrent transactions do to the three tables: at rest the last gathered record of each document is what the tables say."""

from __future__ import annotations

import random
import threading
from contextlib import suppress

import psycopg
import pytest

from tests.integration.gather.desk import Desk

pytestmark = pytest.mark.timeout(300)
WRITERS = 6
TRANSACTIONS = 120


def change(dice: random.Random) -> tuple[str, tuple[object, ...]]:
    ticket, project, comment = dice.randint(1, 12), dice.randint(1, 4), dice.randint(1, 40)
    return dice.choice(
        [
            (
                "INSERT INTO tickets VALUES (%s, 'acme', %s, 'T', %s) ON CONFLICT (id) DO UPDATE SET description = excluded.description",
                (ticket, project, dice.random()),
            ),
            ("UPDATE tickets SET project_id = %s WHERE id = %s", (project, ticket)),
            ("UPDATE tickets SET tenant = %s WHERE id = %s", (dice.choice(["acme", "globex"]), ticket)),
            ("DELETE FROM tickets WHERE id = %s", (ticket,)),
            ("INSERT INTO comments VALUES (%s, %s, 'Ann', %s) ON CONFLICT (id) DO UPDATE SET body = excluded.body", (comment, ticket, dice.random())),
            ("UPDATE comments SET ticket_id = %s WHERE id = %s", (ticket, comment)),
            ("DELETE FROM comments WHERE id = %s", (comment,)),
            ("INSERT INTO memberships VALUES (%s, %s) ON CONFLICT DO NOTHING", (project, f"m{dice.randint(1, 5)}@x.example")),
            ("DELETE FROM memberships WHERE project_id = %s", (project,)),
            ("TRUNCATE memberships", ()) if dice.random() < 0.1 else ("SELECT 1", ()),
            ("TRUNCATE tickets", ()) if dice.random() < 0.1 else ("SELECT 1", ()),
        ]
    )


def work(dsn: str, seed: int) -> None:
    """Transactions of one to four changes; one that meets a deadlock is rolled back, as a program would do."""
    dice = random.Random(seed)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for _ in range(TRANSACTIONS):
            with suppress(psycopg.errors.DeadlockDetected, psycopg.errors.UniqueViolation), connection.transaction():
                for _ in range(dice.randint(1, 4)):
                    connection.execute(*change(dice))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_at_rest_the_last_record_is_the_database(desk: Desk, seed: int) -> None:
    info = desk.trial.sql.info
    dsn = psycopg.conninfo.make_conninfo(info.dsn, password=info.password)
    first = desk.start()
    desk.start()
    writers = [threading.Thread(target=work, args=(dsn, 100 * seed + number)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    writers[0].join()
    first.kill()
    for writer in writers:
        writer.join()
    desk.settled(90)
    desk.trial.sql.execute("INSERT INTO tickets VALUES (99, 'acme', 1, 'last', 'one')")
    assert ("acme", "99") in desk.settled()
