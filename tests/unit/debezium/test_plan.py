"""Desired against observed: pure, so each state of the world is one value."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.debezium.connect_api import ConnectorStatus, Task, first_cause
from connectors.debezium.health import judge
from connectors.debezium.names import load_id
from connectors.debezium.observed import Observed, ObservedDatabase, ObservedTable, Publication, Role, Slot
from connectors.debezium.plan import AlterPublication, LoadTable, PutConnector, RestartConnector, plan, published_tables
from connectors.debezium.snapshots import key_filter
from connectors.debezium.spec import POLICY_KEY, REVISION_KEY, ConnectorSpec
from connectors.debezium.topics import topics_of
from connectors.debezium.watch import Patience
from contracts.sources import parse_sources
from contracts.topics import MAX_TEXT_BYTES

YAML = """
sources:
  - name: shop
    connection: {host: h, database: shop, user: reader, password: env:PW}
    tables:
      - {name: public.tickets, key: id, title: "{subject}", body: body, tenant: "{tenant}", where: {status: [open]}, allowed: ["group:{team}"]}
"""
COLUMNS = {"id": "integer", "subject": "text", "body": "text", "tenant": "text", "status": "enum", "team": "character varying(20)", "unmapped": "point"}
TABLE = ObservedTable("public.tickets", COLUMNS, "f", frozenset(COLUMNS), (frozenset({"id"}),), selectable=True, owned=True)
SLOT = Slot("pgoutput", "shop", active=True, wal_status="reserved", lag_bytes=0)
RUNNING = ConnectorStatus("RUNNING", (Task(0, "RUNNING", ""),))
PLUGINS = frozenset({"io.debezium.connector.postgresql.PostgresConnector", "io.debezium.transforms.ContentBasedRouter"})
EVENTS = frozenset({"insert", "update", "delete", "truncate"})


def spec(text: str = YAML) -> ConnectorSpec:
    return ConnectorSpec(parse_sources(text, Path("sources.yaml"), {}).postgres[0], 4, 1)


def settled(of: ConnectorSpec) -> Observed:
    """The world as it is after apply."""
    database = ObservedDatabase(
        wal_level="logical",
        free_slots=3,
        role=Role("reader", superuser=False, replication=True, may_create=True),
        tables={"public.tickets": TABLE},
        table_names=("public.tickets",),
        own_tables=frozenset({"headrace.heartbeat", "headrace.signal"}),
        publication=Publication(frozenset(published_tables(of)), all_tables=False, publishes=EVENTS),
        slot=SLOT,
        loads=frozenset(load_id(of.source, table) for table in of.source.tables),
    )
    return Observed(database, {"name": of.name} | of.config(), RUNNING, PLUGINS, frozenset(topic.name for topic in topics_of(of.source, 4)))


def changed(observed: Observed, **changes: object) -> Observed:
    return replace(observed, database=replace(observed.database, **changes))  # type: ignore[arg-type]


def test_nothing_to_do_where_all_is_as_declared() -> None:
    found = plan(spec(), settled(spec()))
    assert (found.actions, found.problems, found.warnings) == ((), (), ())


def test_from_nothing() -> None:
    empty = Observed(ObservedDatabase("logical", 3, Role("r", True, True, True), {"public.tickets": TABLE}), None, None, PLUGINS, frozenset())
    kinds = [type(action).__name__ for action in plan(spec(), empty).actions]
    assert kinds == ["CreateOwnTables", "CreateTopics", "CreatePublication", "PutConnector", "LoadTable"]


def test_a_retention_counts_from_a_time() -> None:
    of = spec(YAML.replace("key: id,", "key: id, retention: {days: 9, since: made},"))
    for kind, said in (
        ("timestamp(3) with time zone", ""),
        ("date", ""),
        ("text", "its retention counts from this column, which is text"),
        (None, "no such column"),
    ):
        columns = COLUMNS if kind is None else {**COLUMNS, "made": kind}
        found = plan(of, changed(settled(of), tables={"public.tickets": replace(TABLE, columns=columns)}))
        assert [problem.subject for problem in found.problems] == (["public.tickets.made"] if said else [])
        assert all(said in problem.message for problem in found.problems)


def test_single_differences() -> None:
    of, there = spec(), settled(spec())
    extra = Publication(frozenset({*published_tables(of), "public.old"}), all_tables=False, publishes=EVENTS)
    (action,) = plan(of, changed(there, publication=extra)).actions
    assert isinstance(action, AlterPublication)
    assert action.removed == ("public.old",)
    (action,) = plan(of, changed(there, publication=replace(extra, tables=frozenset(published_tables(of)), publishes=EVENTS - {"truncate"}))).actions
    assert isinstance(action, AlterPublication)
    (action,) = plan(of, replace(there, config={**(there.config or {}), "poll.interval.ms": "500", "stray": "1"})).actions
    assert isinstance(action, PutConnector)
    assert [(change.key, change.before, change.after) for change in action.changes] == [("poll.interval.ms", "500", "10"), ("stray", "1", None)]
    (action,) = plan(of, replace(there, status=ConnectorStatus("RUNNING", ()))).actions
    assert isinstance(action, RestartConnector)
    (action,) = plan(of, changed(there, slot=None)).actions
    assert isinstance(action, LoadTable)
    (action,) = plan(
        spec(YAML.replace("    tables:", "    revision: 2\n    tables:")),
        changed(settled(spec(YAML.replace("    tables:", "    revision: 2\n    tables:"))), loads=there.database.loads),
    ).actions
    assert isinstance(action, LoadTable)


def test_a_literal_secret_in_the_running_configuration_is_not_repeated() -> None:
    there = settled(spec())
    (action,) = plan(spec(), replace(there, config={**(there.config or {}), "database.password": "hunter22"})).actions
    assert isinstance(action, PutConnector)
    assert "hunter22" not in repr(action)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"wal_level": "replica"}, "ALTER SYSTEM SET wal_level = 'logical'"),
        ({"free_slots": 0, "slot": None}, "Raise max_replication_slots"),
        ({"slot": replace(SLOT, wal_status="lost")}, "'headrace connectors delete', then 'apply'"),
        ({"slot": replace(SLOT, plugin="wal2json")}, "belongs to wal2json"),
        ({"role": Role("reader", False, False, True)}, "ALTER ROLE reader REPLICATION;"),
        ({"role": Role("reader", False, True, False), "publication": None}, "GRANT CREATE ON DATABASE shop TO reader;"),
        ({"tables": {}, "table_names": ("public.ticket",)}, "Did you mean public.ticket?"),
        ({"tables": {"public.tickets": replace(TABLE, selectable=False)}}, "GRANT SELECT ON public.tickets TO reader;"),
        ({"tables": {"public.tickets": replace(TABLE, owned=False)}}, "only a table's owner"),
        ({"tables": {"public.tickets": replace(TABLE, kind="v")}}, "no ordinary table"),
        ({"tables": {"public.tickets": replace(TABLE, unique_keys=())}}, "ADD UNIQUE (id)"),
        ({"tables": {"public.tickets": replace(TABLE, identity="d", identity_columns=frozenset({"id"}))}}, "tenant is not in the replica identity"),
        ({"tables": {"public.tickets": replace(TABLE, columns={**COLUMNS, "body": "interval[]"})}}, "no exact form for type interval[]"),
        (
            {"tables": {"public.tickets": replace(TABLE, columns={k: v for k, v in COLUMNS.items() if k != "subject"} | {"subjekt": "text"})}},
            "Did you mean subjekt?",
        ),
        ({"publication": Publication(frozenset(), all_tables=True, publishes=EVENTS)}, "FOR ALL TABLES"),
    ],
)
def test_problems_and_their_cures(changes: dict[str, object], expected: str) -> None:
    problems = plan(spec(), changed(settled(spec()), **changes)).problems
    assert len(problems) == 1
    assert expected in str(problems[0])


def test_a_changed_policy_without_a_new_revision_warns() -> None:
    other = spec(YAML.replace("group:{team}", "public"))
    old = settled(spec()).config or {}
    there = replace(settled(other), config={**(settled(other).config or {}), POLICY_KEY: old[POLICY_KEY]})
    (warning,) = plan(other, there).warnings
    assert "Set revision: 2" in warning.cure
    raised = spec(YAML.replace("group:{team}", "public").replace("    tables:", "    revision: 2\n    tables:"))
    there = replace(settled(raised), config={**(settled(raised).config or {}), POLICY_KEY: old[POLICY_KEY], REVISION_KEY: "1"})
    assert plan(raised, there).warnings == ()


def test_the_configuration() -> None:
    config = spec().config()
    assert config["database.password"] == "${env:PW}"
    assert config["table.include.list"] == r"public\.tickets,headrace\.heartbeat,headrace\.signal"
    assert config["column.include.list"].startswith(r"public\.tickets\.(id|tenant|subject|body|team|status),")
    assert config["message.key.columns"] == r"public\.tickets:id"
    wanted = {"exactly.once.support": "required", "skipped.operations": "none", "snapshot.mode": "no_data", "publication.autocreate.mode": "disabled"}
    assert {key: config[key] for key in wanted} == wanted
    assert json.loads(config[POLICY_KEY]).keys() == {"public.tickets"}


def test_key_filters_quote() -> None:
    table = parse_sources(YAML.replace("key: id", "key: [id, status]"), Path("s"), {}).postgres[0].tables[0]
    assert key_filter(table, [("1", "o'pen"), ("2", "x")]) == """("id", "status") IN (('1', 'o''pen'), ('2', 'x'))"""


def test_health() -> None:
    assert judge("shop", RUNNING, SLOT).alerts == ()
    assert "no connector" in judge("shop", None, None).alerts[0]
    assert "no task" in judge("shop", ConnectorStatus("RUNNING", ()), SLOT).alerts[0]
    assert "lost" in judge("shop", RUNNING, replace(SLOT, wal_status="lost")).alerts[0]
    assert "no slot" in judge("shop", RUNNING, None).alerts[0]
    failed = ConnectorStatus("RUNNING", (Task(0, "FAILED", "a.b.CException: Outer\n\tat x\nCaused by: d.e.F: Inner\n\tat y"),))
    assert judge("shop", failed, SLOT).alerts[0] == "failed: Outer: Inner"


def test_first_cause() -> None:
    assert first_cause("") == "no reason given"
    assert first_cause("org.x.Y: plain\n\tat z") == "plain"
    assert first_cause("plain text") == "plain text"


def test_a_connector_that_keeps_failing_is_restarted_less_and_less() -> None:
    patience, now, pauses = Patience(), 100.0, []
    for _ in range(12):
        assert patience.may_restart(now)
        patience.restarted(now)
        pauses.append(patience.not_before - now)
        assert not patience.may_restart(now + pauses[-1] / 2)
        now = patience.not_before
    assert pauses[:3] == [2, 4, 8]
    assert pauses[-1] == 300
    patience.restarted(now + 10_000)
    assert patience.not_before - (now + 10_000) == 2


def test_the_producer_takes_what_the_topics_take() -> None:
    config = spec().config()
    sizes = {config[name] for name in ("producer.override.max.request.size", "producer.override.buffer.memory", "topic.creation.default.max.message.bytes")}
    assert sizes == {topics_of(spec().source, 4)[0].configs()["max.message.bytes"]}
    assert f"column.truncate.to.{MAX_TEXT_BYTES + 1}.chars" in config


@pytest.mark.parametrize(
    ("body", "types", "warned"), [("body", {}, 0), ("{body} {steps}", {"steps": "text"}, 1), ("{body} {steps}", {"steps": "character varying(400)"}, 0)]
)
def test_long_columns_that_together_pass_a_record_are_warned_of(body: str, types: dict[str, str], warned: int) -> None:
    of = spec(YAML.replace("body: body", f'body: "{body}"'))
    there = settled(of)
    found = plan(of, changed(there, tables={"public.tickets": replace(TABLE, columns=COLUMNS | types, identity_columns=frozenset(COLUMNS | types))}))
    assert len(found.warnings) == warned
    assert all("body, steps" in str(warning) and "CHECK" in warning.cure for warning in found.warnings)
