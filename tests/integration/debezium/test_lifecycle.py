"""apply, load, add a table, delete: on the real servers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import psycopg
import pytest

from connectors.debezium import delete_source, health_of, plan_source, request_snapshot, spec_of
from connectors.debezium.connect_api import ConnectApi
from contracts.envelope import Envelope, version_of
from tests.integration.debezium.conftest import Seen, Trial

pytestmark = pytest.mark.timeout(240)
Make = Callable[[str, str], Trial]

TICKETS = (
    "CREATE TABLE tickets (id int PRIMARY KEY, body text NOT NULL, team text); INSERT INTO tickets SELECT g, 'body ' || g, 'red' FROM generate_series(1, 50) g;"
)
PAGES = """
CREATE TABLE pages (slug text, lang text, body text, PRIMARY KEY (slug, lang));
INSERT INTO pages SELECT 's' || g, 'en', repeat('x', 200) FROM generate_series(1, 5000) g;
"""
TICKETS_YAML = """
    tables:
      - {name: public.tickets, key: id, body: body, tenant: acme, allowed: ["group:{team}"]}
"""
PAGES_YAML = """
      - {name: public.pages, key: [slug, lang], body: body, tenant: acme}
"""


def rows(seen: list[Seen], lane: str, op: str) -> list[Seen]:
    return [item for item in seen if item.lane == lane and isinstance(item.change, Envelope) and item.change.op == op]


def test_apply_loads_by_the_backfill_topic_and_a_second_one_changes_nothing(trial: Make) -> None:
    shop = trial(TICKETS, TICKETS_YAML)
    done = shop.apply()
    assert any(action.startswith("load public.tickets") for action in done)
    assert shop.apply() == []
    assert plan_source(shop.source, shop.connect, shop.kafka).actions == ()
    shop.sql.execute("INSERT INTO tickets VALUES (51, 'new', 'red'); UPDATE tickets SET body = 'x' WHERE id = 1; DELETE FROM tickets WHERE id = 2")
    seen = shop.seen(lambda found: len(rows(found, "backfill", "r")) >= 50 and len(rows(found, "live", "d")) == 1)
    assert {item.change.op for item in seen if item.lane == "backfill"} == {"r"}
    assert {op: len(rows(seen, "live", op)) for op in "cudtr"} == {"c": 1, "u": 1, "d": 1, "t": 0, "r": 0}
    health = health_of(shop.source, shop.connect)
    assert health.alerts == ()
    assert health.wal_status == "reserved"


def test_delete_leaves_neither_slot_nor_publication_nor_schema_nor_connector(trial: Make) -> None:
    shop = trial(TICKETS, TICKETS_YAML)
    shop.apply()
    removed = list(delete_source(shop.source, shop.connect))
    assert len(removed) == 5
    assert list(delete_source(shop.source, shop.connect)) == []
    one = "SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database()), (SELECT count(*) FROM pg_publication), to_regnamespace('headrace')"
    assert shop.sql.execute(one).fetchone() == (0, 0, None)
    with ConnectApi(shop.connect) as api:
        assert api.config(f"headrace-{shop.source.name}") is None


def test_a_connector_made_anew_reads_with_higher_versions_than_all_before(trial: Make) -> None:
    shop = trial(TICKETS, TICKETS_YAML)
    shop.apply()
    shop.sql.execute("UPDATE tickets SET body = 'before' WHERE id = 1")
    shop.seen(lambda found: bool(rows(found, "live", "u")) and len(rows(found, "backfill", "r")) >= 50)
    list(delete_source(shop.source, shop.connect))
    shop.sql.execute("UPDATE tickets SET body = 'while it was away' WHERE id = 1")
    shop.apply()
    seen = shop.seen(lambda found: len(rows(found, "backfill", "r")) >= 100)
    states = [item.change for item in seen if isinstance(item.change, Envelope) and item.change.after and item.change.after["id"] == 1]
    last = max(states, key=lambda change: version_of(change, 0, 1))
    assert last.after is not None
    assert last.after["body"] == "while it was away"


def test_a_table_added_later_is_filled_while_live_changes_go_on(trial: Make) -> None:
    shop = trial(TICKETS + PAGES, TICKETS_YAML)
    shop.apply()
    stop = threading.Event()
    writer = threading.Thread(target=_edit_until, args=(shop, stop))
    writer.start()
    try:
        shop.declare(TICKETS_YAML + PAGES_YAML)
        done = shop.apply()
        assert [action.split()[0] for action in done] == ["create", "alter", "configure", "load"]
        # A row that is edited while its chunk is read comes by the live lane alone, so count keys of both lanes.
        shop.seen(lambda found: len(rows(found, "backfill", "r")) > 50 and len(_slugs(found)) >= 4990)
    finally:
        stop.set()
        writer.join()
    shop.sql.execute("UPDATE pages SET body = 'last' WHERE slug = 's9'")
    seen = shop.seen(lambda found: any(item.change.after and item.change.after.get("body") == "last" for item in rows(found, "live", "u")))
    state: dict[tuple[object, ...], Envelope] = {}
    for item in seen:
        if isinstance(item.change, Envelope) and "pages" in item.topic and item.change.key:
            key = tuple(item.change.key.values())
            if key not in state or version_of(item.change, 0, 1) >= version_of(state[key], 0, 1):
                state[key] = item.change
    told = {key: change.after["body"] for key, change in state.items() if change.after}
    held = {(slug, lang): body for slug, lang, body in shop.sql.execute("SELECT slug, lang, body FROM pages")}
    assert told == held


def _slugs(found: list[Seen]) -> set[object]:
    return {item.change.key["slug"] for item in found if "pages" in item.topic and isinstance(item.change, Envelope) and item.change.key}


def _edit_until(shop: Trial, stop: threading.Event) -> None:
    with psycopg.connect(shop.sql.info.dsn, password=shop.sql.info.password, autocommit=True) as own:
        for number in range(100_000):
            own.execute("UPDATE pages SET body = %s WHERE slug = %s", (f"edit {number}", f"s{number % 5000 + 1}"))
            if number % 10 == 0:
                own.execute("DELETE FROM pages WHERE slug = %s", (f"s{4990 + number % 7}",))
            if stop.wait(0.002):
                return


def test_rows_asked_for_by_key_are_read_again_and_no_others(trial: Make) -> None:
    shop = trial(TICKETS, TICKETS_YAML)
    shop.apply()
    shop.seen(lambda found: len(rows(found, "backfill", "r")) >= 50)
    request_snapshot(shop.source, "public.tickets", [("7",), ("9",), ("4711",)])
    seen = shop.seen(lambda found: len(rows(found, "backfill", "r")) >= 52)
    keys = [item.change.key["id"] for item in rows(seen, "backfill", "r") if isinstance(item.change, Envelope) and item.change.key]
    assert sorted(keys) == sorted([*range(1, 51), 7, 9])


def test_rows_of_an_initial_snapshot_go_to_the_backfill_topic_too(trial: Make) -> None:
    """We never ask for one, but the routing must not depend on that."""
    shop = trial(TICKETS, TICKETS_YAML)
    shop.apply()
    list(delete_source(shop.source, shop.connect))
    spec = spec_of(shop.source, shop.kafka)
    shop.sql.execute("CREATE SCHEMA headrace; CREATE TABLE headrace.heartbeat (source text PRIMARY KEY, beat_at timestamptz)")
    shop.sql.execute("CREATE TABLE headrace.signal (id text PRIMARY KEY, type text, data text)")
    shop.sql.execute(f"CREATE PUBLICATION headrace_{shop.source.name} FOR TABLE tickets, headrace.heartbeat, headrace.signal")
    with ConnectApi(shop.connect) as api:
        api.put_config(spec.name, spec.config() | {"snapshot.mode": "initial"})
    seen = shop.seen(lambda found: len([item for item in rows(found, "backfill", "r") if item.change.source.snapshot != "incremental"]) >= 50)
    assert rows(seen, "live", "r") == []


def test_a_new_revision_reads_the_tables_again_and_an_unraised_one_warns(trial: Make) -> None:
    shop = trial(TICKETS, TICKETS_YAML)
    shop.apply()
    other = TICKETS_YAML.replace("group:{team}", "group:all")
    shop.declare(other)
    warnings = plan_source(shop.source, shop.connect, shop.kafka).warnings
    assert any("without a new revision" in warning.message for warning in warnings)
    shop.declare("    revision: 2\n" + other)
    found = plan_source(shop.source, shop.connect, shop.kafka)
    assert found.warnings == ()
    assert any(action.startswith("load public.tickets") for action in shop.apply())
    seen = shop.seen(lambda items: len(rows(items, "backfill", "r")) >= 100)
    assert all(record.version.policy == 2 for record in shop.records(seen))


def test_a_transaction_open_across_a_load_wins_over_the_rows_that_were_read(trial: Make) -> None:
    shop = trial(TICKETS, TICKETS_YAML)
    shop.apply()
    shop.seen(lambda found: len(rows(found, "backfill", "r")) >= 50)
    with psycopg.connect(shop.sql.info.dsn, password=shop.sql.info.password) as slow:
        slow.execute("UPDATE tickets SET body = 'slow' WHERE id = 5")
        request_snapshot(shop.source, "public.tickets")
        shop.seen(lambda found: len(rows(found, "backfill", "r")) >= 100)
        slow.commit()
    seen = shop.seen(lambda found: len(rows(found, "live", "u")) >= 1)
    states = [item.change for item in seen if isinstance(item.change, Envelope) and item.change.key == {"id": 5}]
    last = max(states, key=lambda change: version_of(change, 0, 1))
    assert last.after is not None
    assert last.after["body"] == "slow"


def test_the_secret_is_nowhere_in_connect(trial: Make) -> None:
    shop = trial(TICKETS, TICKETS_YAML)
    shop.apply()
    with ConnectApi(shop.connect) as api:
        config = api.config(f"headrace-{shop.source.name}")
    assert config is not None
    assert config["database.password"] == "${env:HEADRACE_DEMO_PASSWORD}"
    assert str(shop.sql.info.password) not in json.dumps(config)


def test_a_commit_waits_neither_for_a_default_poll_nor_for_a_batch(trial: Make) -> None:
    """What the running connector was given; bench/pipeline measures what comes of it."""
    shop = trial(TICKETS, TICKETS_YAML)
    shop.apply()
    with ConnectApi(shop.connect) as api:
        config = api.config(f"headrace-{shop.source.name}")
    assert config is not None
    assert (config["poll.interval.ms"], config["producer.override.linger.ms"]) == ("10", "0")
