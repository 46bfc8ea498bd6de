"""What the gatherer reads from a real database, and which state of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from connectors.gather import database as module
from connectors.gather.database import Database
from connectors.gather.errors import NotVisibleError
from contracts.topics import MAX_TEXT_BYTES
from tests.integration.debezium.conftest import Trial
from tests.integration.gather.desk import DDL, YAML

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def shop(trial: Callable[[str, str], Trial]) -> Trial:
    return trial(DDL, YAML)


@pytest.fixture
async def database(shop: Trial) -> AsyncIterator[Database]:
    made = Database(shop.source, shop.source.tables[0])
    yield made
    await made.close()


def another(shop: Trial) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(shop.sql.info.dsn, password=shop.sql.info.password)


async def test_what_is_committed_and_not_yet_visible_is_waited_for(shop: Trial, database: Database) -> None:
    with another(shop) as connection:
        connection.execute("INSERT INTO tickets VALUES (1, 'acme', 7, 'T', 'D')")
        ((transaction,),) = connection.execute("SELECT pg_current_xact_id()::text::bigint % 4294967296").fetchall()
        reading = asyncio.create_task(database.rows([("1",)], {int(str(transaction))}))
        await asyncio.sleep(0.3)  # so that it has looked before the commit; however long it takes, it must not be done
        assert not reading.done()
        connection.commit()
    assert (await reading).rows["1",]["subject"] == "T"


async def test_waiting_is_bounded(shop: Trial, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VISIBLE_SECONDS", 0.1)
    with another(shop) as connection:
        ((transaction,),) = connection.execute("SELECT pg_current_xact_id()::text::bigint % 4294967296").fetchall()
        with pytest.raises(NotVisibleError):
            await database.showing({int(str(transaction))})


async def test_a_transaction_of_another_history_is_not_waited_for(shop: Trial, database: Database) -> None:
    ((newest,),) = shop.sql.execute("SELECT pg_current_xact_id()::text::bigint % 4294967296").fetchall()
    assert not (await database.showing({int(str(newest)) + 500_000})).in_progress


async def test_all_that_match_are_found_page_by_page(shop: Trial, database: Database) -> None:
    shop.sql.execute("INSERT INTO tickets SELECT g, 'acme', g % 3, 'T', 'D' FROM generate_series(1, 4500) g")
    pages = [page async for page in database.matching(("project_id",), [("0",), ("2",)])]
    keys = [key for page in pages for key in page]
    assert len(pages) > 1
    assert sorted(keys) == sorted((str(number),) for number in range(1, 4501) if number % 3 != 1)


async def test_texts_are_cut_where_the_document_is_refused(shop: Trial, database: Database) -> None:
    shop.sql.execute("INSERT INTO tickets VALUES (1, 'acme', 7, 'T', 'D')")
    shop.sql.execute("INSERT INTO comments SELECT g, 1, 'Ann', repeat('x', 1024 * 1024) FROM generate_series(1, 30) g")
    (row,) = (await database.rows([("1",)])).rows.values()
    assert MAX_TEXT_BYTES < len(str(row["comments"])) < MAX_TEXT_BYTES + 2 * 1024 * 1024


async def test_rows_say_the_same_each_time_and_nulls_say_nothing(shop: Trial, database: Database) -> None:
    shop.sql.execute("INSERT INTO tickets VALUES (1, 'acme', 7, NULL, 'D'); INSERT INTO memberships VALUES (7, ' '), (7, 'b''o\\b@x'), (7, 'ann')")
    shop.sql.execute(
        "INSERT INTO comments VALUES (1, 1, NULL, 'b', false, 'epoch'), (2, 1, 'A', NULL, false, 'epoch'), (3, 1, 'A', '', NULL::bool IS NULL, 'epoch')"
    )
    (row,) = (await database.rows([("1",), ("2",)])).rows.values()
    assert row["comments"] == "****: b\n\n**A**: "
    assert row["members"] == ["user:ann", "user:b'o\\b@x"]
