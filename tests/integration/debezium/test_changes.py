"""What changes of every kind become, through the real Debezium and our mapping."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg.rows import dict_row

from connectors.debezium import plan_source
from contracts.envelope import Envelope
from contracts.events import DeleteRecord, DocumentRecord, FloorRecord
from contracts.sources import Table
from streams.mapping import COLUMN_TYPES, MissingColumnError, mappings_by_topic, row_from_sql, select_rows, session_options
from tests.integration.debezium.all_types import ALL_TYPES, REFUSED
from tests.integration.debezium.conftest import Seen, Trial, parse_sources_of

pytestmark = pytest.mark.timeout(240)
Make = Callable[[str, str], Trial]


def live(seen: list[Seen]) -> list[Seen]:
    return [item for item in seen if item.lane == "live"]


def count(seen: list[Seen], lane: str, op: str) -> int:
    return sum(1 for item in seen if item.lane == lane and isinstance(item.change, Envelope) and item.change.op == op)


def names(records: list[object]) -> list[tuple[str, ...]]:
    shown = []
    for record in records:
        if isinstance(record, FloorRecord):
            shown.append(("floor",))
        elif isinstance(record, DocumentRecord | DeleteRecord):
            shown.append((record.kind, record.tenant, record.doc_id.rpartition("/")[2]))
    return shown


def test_a_row_of_all_types_is_the_same_by_log_by_snapshot_and_by_sql(trial: Make) -> None:
    columns = [column.split()[0] for column in ALL_TYPES.split("CREATE TABLE everything (")[1].split(");")[0].replace("\n", " ").split(", ")]
    mapped = [column for column in columns if column != "id"]
    listed = ", ".join(f'{column}: "{{{column}}}"' for column in mapped)
    shop = trial(ALL_TYPES, f"    tables:\n      - {{name: public.everything, key: id, body: t, tenant: acme, metadata: {{{listed}}}}}\n")
    shop.apply()
    shop.seen(lambda found: count(found, "backfill", "r") >= 4)
    shop.sql.execute("UPDATE everything SET touched = touched + 1")
    seen = shop.seen(lambda found: count(found, "live", "u") >= 4)
    rows: dict[object, dict[str, object]] = {}
    for item in seen:
        assert isinstance(item.change, Envelope)
        assert item.change.after is not None
        rows.setdefault(item.change.after["id"], {})[item.lane] = {**item.change.after, "touched": 0}
    table = shop.source.tables[0]
    for row in sql_rows(shop, table):
        by = rows[row["id"]]
        assert by["live"] == by["backfill"]
        different = {name: (value, by["live"][name]) for name, value in row.items() if name != "touched" and by["live"][name] != value}
        assert different == {}, f"row {row['id']}: (by SQL, by Debezium)"
    assert len(rows) == 4


def test_types_without_an_exact_form_are_refused(trial: Make) -> None:
    listed = ", ".join(f'{name}: "{{{name}}}"' for name in ("iva", "pt", "mr", "nm"))
    shop = trial(REFUSED, f"    tables:\n      - {{name: public.odd, key: id, body: t, tenant: acme, metadata: {{{listed}}}}}\n")
    found = plan_source(shop.source, shop.connect, shop.kafka).problems
    assert [problem.subject for problem in found] == [f"public.odd.{name}" for name in ("iva", "pt", "mr", "nm")]


def sql_rows(shop: Trial, table: Table) -> list[dict[str, object]]:
    with psycopg.connect(shop.sql.info.dsn, password=shop.sql.info.password, options=session_options(), row_factory=dict_row) as own:
        place = {"schema": table.schema_name, "table": table.table_name}
        types = {str(row["name"]): str(row["type"]) for row in own.execute(COLUMN_TYPES, place)}
        return [row_from_sql(row, types) for row in own.execute(select_rows(table, types))]


PEOPLE_YAML = """
    tables:
      - name: public.notes
        key: [book, page]
        body: body
        tenant: "{tenant}"
        where: {status: {not: [draft]}}
        allowed: "{readers}"
"""
NOTES = """
CREATE TABLE notes (book text NOT NULL, page int NOT NULL, tenant text NOT NULL, status text NOT NULL DEFAULT 'open', body text, readers text[], PRIMARY KEY (book, page));
CREATE UNIQUE INDEX notes_identity ON notes (book, page, tenant);
ALTER TABLE notes REPLICA IDENTITY USING INDEX notes_identity;
"""


def test_changes_of_key_tenant_and_state_with_a_composite_key(trial: Make) -> None:
    shop = trial(NOTES, PEOPLE_YAML)
    shop.apply()
    for statement in (
        "INSERT INTO notes VALUES ('a/b', 1, 'acme', 'open', 'one', '{user:x,group:y}')",
        "UPDATE notes SET page = 2",
        "UPDATE notes SET tenant = 'globex'",
        "UPDATE notes SET status = 'draft'",
        "UPDATE notes SET status = 'open', body = 'again'",
        "DELETE FROM notes",
        "TRUNCATE notes",
    ):
        shop.sql.execute(statement)
    seen = shop.seen(lambda found: count(found, "live", "t") == 1)
    found = shop.records(sorted(live(seen), key=lambda item: getattr(getattr(item.change, "source", None), "lsn", None) or 0))
    assert names(list(found)) == [
        ("document", "acme", "a%2Fb,1"),
        ("delete", "acme", "a%2Fb,1"),
        ("document", "acme", "a%2Fb,2"),
        ("delete", "acme", "a%2Fb,2"),
        ("document", "globex", "a%2Fb,2"),
        ("delete", "globex", "a%2Fb,2"),
        ("document", "globex", "a%2Fb,2"),
        ("delete", "globex", "a%2Fb,2"),
        ("floor",),
    ]
    assert found[0].allowed == ("user:x", "group:y")
    versions = [record.version for record in found]
    assert versions == sorted(versions)


LONG_YAML = """
    tables:
      - {name: public.long, key: id, title: title, body: body, tenant: acme}
      - {name: public.full, key: id, title: title, body: body, tenant: acme}
"""
LONG = """
CREATE TABLE long (id int PRIMARY KEY, title text, body text); CREATE TABLE full (id int PRIMARY KEY, title text, body text);
"""


def test_a_large_value_that_a_change_left_alone_is_kept(trial: Make) -> None:
    shop = trial(LONG.replace("full", '"full"'), LONG_YAML)
    shop.sql.execute(
        'ALTER TABLE "full" REPLICA IDENTITY FULL; ALTER TABLE long ALTER body SET STORAGE EXTERNAL; ALTER TABLE "full" ALTER body SET STORAGE EXTERNAL'
    )
    shop.apply()
    body = "a long text. " * 2000
    for table in ("long", '"full"'):
        shop.sql.execute(f"INSERT INTO {table} VALUES (1, 'old', %s)", (body,))  # noqa: S608 - two constants
        shop.sql.execute(f"UPDATE {table} SET title = 'new'")  # noqa: S608 - two constants
    found = [record for record in shop.records(live(shop.seen(lambda items: count(items, "live", "u") == 2))) if isinstance(record, DocumentRecord)]
    updated = [record for record in found if record.title == "new"]
    assert [record.body for record in updated] == [body, body]


def test_a_large_value_of_a_row_deleted_since_is_a_named_error(trial: Make) -> None:
    """With a slow reader: the change is decoded after the row is gone."""
    shop = trial(LONG.replace("full", '"full"'), LONG_YAML)
    shop.sql.execute("ALTER TABLE long ALTER body SET STORAGE EXTERNAL")
    shop.apply()
    shop.sql.execute("INSERT INTO long VALUES (1, 'old', %s)", ("a long text. " * 2000,))
    with shop.sql.transaction():
        shop.sql.execute("UPDATE long SET title = 'new'")
        shop.sql.execute("DELETE FROM long")
    seen = shop.seen(lambda items: count(items, "live", "d") == 1)
    mapping = mappings_by_topic(parse_sources_of(shop))[next(item.topic for item in seen)]
    outcomes = []
    for item in seen:
        try:
            outcomes.append([record.kind for record in mapping.records(item.change)])
        except ValueError as error:
            outcomes.append(type(error).__name__)
    assert outcomes == [["document"], "UnavailableValueError", ["delete"], []]


def test_columns_added_renamed_and_dropped(trial: Make) -> None:
    shop = trial(
        "CREATE TABLE p (id int PRIMARY KEY, title text, body text)", "    tables:\n      - {name: public.p, key: id, title: title, body: body, tenant: acme}\n"
    )
    shop.apply()
    shop.sql.execute("INSERT INTO p VALUES (1, 't', 'b'); ALTER TABLE p ADD COLUMN extra text; INSERT INTO p VALUES (2, 't', 'b', 'x')")
    seen = shop.seen(lambda found: count(found, "live", "c") == 2)
    assert all(isinstance(record, DocumentRecord) for record in shop.records(seen))
    shop.sql.execute(
        "ALTER TABLE p RENAME COLUMN title TO heading; INSERT INTO p VALUES (3, 't', 'b', 'x'); ALTER TABLE p DROP COLUMN heading; INSERT INTO p VALUES (4, 'b', 'x')"
    )
    seen = shop.seen(lambda found: count(found, "live", "c") == 4)
    mapping = mappings_by_topic(parse_sources_of(shop))[seen[0].topic]
    for item in seen:
        if isinstance(item.change, Envelope) and item.change.key and item.change.key["id"] in {3, 4}:
            with pytest.raises(MissingColumnError, match="column title is not in the row"):
                mapping.records(item.change)
    assert ["no such column" in problem.message for problem in plan_source(shop.source, shop.connect, shop.kafka).problems] == [True]


def test_a_transaction_of_25000_rows_arrives_whole_and_in_order(trial: Make) -> None:
    shop = trial("CREATE TABLE big (id int PRIMARY KEY, body text)", "    tables:\n      - {name: public.big, key: id, body: body, tenant: acme}\n")
    shop.apply()
    shop.sql.execute("INSERT INTO big SELECT g, 'row ' || g FROM generate_series(1, 25000) g")
    seen = shop.seen(lambda found: count(found, "live", "c") >= 25_000, 90)
    found = shop.records(seen)
    assert len({record.doc_id for record in found}) == 25_000
    assert len({record.version for record in found}) == 25_000
