"""What a plan says of tables whose documents are gathered: pure, declared against observed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.debezium.observed import Observed, ObservedDatabase, ObservedTable, Publication, Role, Slot
from connectors.debezium.plan import AlterPublication, CreateTopics, LoadTable, plan, published_tables
from connectors.debezium.spec import GATHERED_KEY, POLICY_KEY, ConnectorSpec
from connectors.debezium.topics import topics_of
from contracts.sources import parse_sources

TICKETS = "{name: app.tickets, key: id, body: '{text} {comments}', tenant: '{org}', allowed: members, related: {comments: COMMENTS, members: MEMBERS}}"
PLAIN = "{name: app.tickets, key: id, body: '{text}', tenant: '{org}'}"
COMMENTS = "{table: app.comments, on: {ticket_id: id}, text: '{body}', where: {open: true}}"
MEMBERS = "{table: app.memberships, on: {project: project_id}, values: 'user:{mail}'}"
KEY = (frozenset({"id"}),)


def spec(table: str = TICKETS, rest: str = "") -> ConnectorSpec:
    written = table.replace("COMMENTS", COMMENTS).replace("MEMBERS", MEMBERS)
    text = f"sources:\n  - name: desk\n    connection: {{host: h, database: d, user: u}}\n{rest}    tables:\n      - {written}\n"
    return ConnectorSpec(parse_sources(text, Path("sources.yaml"), {}).postgres[0], 4, 1)


def table(name: str, columns: dict[str, str], *indexes: tuple[str, ...], identity: str = "f") -> ObservedTable:
    return ObservedTable(name, columns, identity, frozenset(columns), KEY, selectable=True, owned=True, indexes=indexes)


TABLES = {
    "app.tickets": table("app.tickets", {"id": "integer", "org": "text", "text": "text", "project_id": "integer"}, ("id",), ("project_id",)),
    "app.comments": table("app.comments", {"id": "integer", "ticket_id": "bigint", "body": "text", "open": "boolean"}, ("ticket_id", "id")),
    "app.memberships": table("app.memberships", {"project": "integer", "mail": "text"}, ("project", "mail")),
}


def world(of: ConnectorSpec, tables: dict[str, ObservedTable] | None = None, config: dict[str, str] | None = None) -> Observed:
    slot = Slot("pgoutput", "d", active=True, wal_status="reserved", lag_bytes=0)
    publication = Publication(frozenset(published_tables(of)), all_tables=False, publishes=frozenset({"insert", "update", "delete", "truncate"}))
    role = Role("u", superuser=False, replication=True, may_create=True)
    own = frozenset({"headrace.heartbeat", "headrace.signal"})
    plugins = frozenset({"io.debezium.connector.postgresql.PostgresConnector", "io.debezium.transforms.ContentBasedRouter"})
    database = ObservedDatabase("logical", 3, role, TABLES if tables is None else tables, tuple(TABLES), own, publication, slot)
    return Observed(database, of.config() if config is None else config, None, plugins, frozenset(topic.name for topic in topics_of(of.source, 4)))


def test_related_tables_are_delivered_with_the_columns_that_name_a_parent() -> None:
    config = spec().config()
    assert config["table.include.list"].split(",")[:3] == [r"app\.tickets", r"app\.comments", r"app\.memberships"]
    assert config["column.include.list"].split(",")[:3] == [r"app\.tickets\.(id|org)", r"app\.comments\.(ticket_id)", r"app\.memberships\.(project)"]
    assert config["message.key.columns"] == r"app\.tickets:id;app\.comments:ticket_id;app\.memberships:project"
    assert json.loads(config[GATHERED_KEY]) == {"app.tickets": 0}
    assert "source.desk.app.comments" in {topic.name for topic in topics_of(spec().source, 4)}


def test_a_table_without_related_ones_is_configured_as_ever() -> None:
    config = spec(PLAIN).config()
    assert GATHERED_KEY not in config
    assert json.loads(config[POLICY_KEY]) == {"app.tickets": "06ff40fdc39be521"}


def test_all_is_well() -> None:
    found = plan(spec(), world(spec()))
    assert (found.problems, found.warnings) == ((), ())
    assert [action.table for action in found.actions if isinstance(action, LoadTable)] == ["app.tickets"]  # what is related is read with it


def test_a_source_gains_a_relation() -> None:
    before, after = spec(PLAIN), spec()
    there = world(before)
    found = plan(after, there)
    assert found.problems == ()
    assert [type(action) for action in found.actions[:2]] == [CreateTopics, AlterPublication]
    assert [warning.cure for warning in found.warnings] == ["Set revision: 2 in sources.yaml: 'apply' then reads the tables again under the new policy."]


def test_a_source_that_loses_its_relations_needs_a_new_epoch() -> None:
    before = world(spec())
    (problem,) = plan(spec(PLAIN), before).problems
    assert "Set epoch: 1" in str(problem)
    assert plan(spec(PLAIN, "    epoch: 1\n"), before).problems == ()


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("app.comments", {"identity_columns": frozenset({"id"})}, "app.comments: ticket_id is not in the replica identity: a deleted or moved row would not show whose it was. ALTER TABLE app.comments REPLICA IDENTITY FULL;"),
        ("app.comments", {"columns": {"id": "integer", "ticket_id": "bigint", "bodi": "text", "open": "boolean"}}, "app.comments.body: there is no such column. Did you mean bodi?"),
        ("app.comments", {"columns": {"ticket_id": "uuid", "body": "text", "open": "boolean"}}, "app.comments.ticket_id: it is uuid, and app.tickets.id, which it shall equal, is integer"),
        ("app.comments", {"columns": {"ticket_id": "integer", "body": "point", "open": "boolean"}}, "app.comments.body: type point has no exact form"),
        ("app.comments", {"columns": {"ticket_id": "integer", "body": "text", "open": "interval"}}, "a condition cannot compare type interval"),
        ("app.comments", {"kind": "v"}, "app.comments: it is no ordinary table"),
        ("app.comments", {"owned": False}, "app.comments: user u does not own it"),
        ("app.tickets", {"columns": {"id": "integer", "org": "text", "text": "text", "project_id": "integer", "members": "text[]"}}, "the table has a column of the name that the rows of app.memberships make"),
        ("app.tickets", {"columns": {"id": "integer", "org": "text", "text": "text"}}, "app.tickets.project_id: there is no such column"),
    ],
)  # fmt: skip
def test_problems(name: str, changes: dict[str, object], said: str) -> None:
    tables = {**TABLES, name: replace(TABLES[name], **changes)}  # type: ignore[arg-type]
    found = [str(problem) for problem in plan(spec(), world(spec(), tables)).problems]
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(("condition", "problems"), [("null", 0), ("{not: [null]}", 0), ("['2026-01-01', null]", 1)])
def test_whether_a_column_is_null_can_be_asked_of_any_type(condition: str, problems: int) -> None:
    columns = {"ticket_id": "integer", "body": "text", "open": "timestamp with time zone"}
    of = spec(TICKETS.replace("COMMENTS", COMMENTS.replace("open: true", f"open: {condition}")))
    assert len(plan(of, world(of, {**TABLES, "app.comments": replace(TABLES["app.comments"], columns=columns)})).problems) == problems


def test_a_misspelt_name_of_related_rows_is_recognised() -> None:
    of = spec(TICKETS.replace("{text} {comments}", "{text} {coments}"))
    (problem,) = plan(of, world(of)).problems
    assert "Did you mean comments?" in str(problem)


def test_a_missing_related_table_and_missing_indexes() -> None:
    (problem,) = plan(spec(), world(spec(), {name: one for name, one in TABLES.items() if name != "app.comments"})).problems
    assert str(problem).startswith("app.comments: there is no such table")
    bare = {name: replace(one, indexes=()) for name, one in TABLES.items()}
    assert [warning.cure for warning in plan(spec(), world(spec(), bare)).warnings] == [
        "CREATE INDEX ON app.comments (ticket_id);",
        "CREATE INDEX ON app.memberships (project);",
        "CREATE INDEX ON app.tickets (project_id);",
    ]
