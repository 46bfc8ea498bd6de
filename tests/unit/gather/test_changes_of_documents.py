"""Which documents a change touches, and what is written of them: pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.gather.changes import Changes, Wanted
from connectors.gather.records import Envelopes
from contracts.envelope import Envelope, decode_envelope
from contracts.events import InvalidRecordError
from contracts.rows.snapshots import Snapshot
from contracts.sources import PostgresSource, Table, parse_sources

YAML = """
sources:
  - name: desk
    connection: {host: h, database: d, user: u}
    tables:
      - name: app.tickets
        key: [org, id]
        body: "{text}{comments}{parts}"
        tenant: "{tenant}"
        allowed: members
        related:
          comments: {table: app.comments, on: {ticket: id, ticket_org: org}, text: "{said}"}
          members: {table: app.memberships, on: {project: project_id}, values: "user:{mail}"}
          parts: {table: app.tickets, on: {parent: id, org: org}, text: "{title}"}
"""


@pytest.fixture(scope="module")
def source() -> PostgresSource:
    return parse_sources(YAML, Path("sources.yaml"), {}).postgres[0]


@pytest.fixture
def table(source: PostgresSource) -> Table:
    return source.tables[0]


def change(table: str, op: str, before: Any = None, after: Any = None, key: Any = None, *, time_us: int = 5, transaction: int | None = 9) -> Envelope:
    origin = {"name": "n", "db": "d", "schema": "app", "table": table, "sequence": [1, 2], "txId": transaction, "ts_us": time_us}
    value = {"op": op, "before": before, "after": after, "source": origin}
    decoded = decode_envelope(None if key is None else orjson.dumps(key), orjson.dumps(value))
    assert isinstance(decoded, Envelope)
    return decoded


def collected(table: Table, *changes: Envelope, backfill: bool = False) -> Changes:
    found = Changes(table)
    for one in changes:
        found.add(one, backfill=backfill)
    return found


def test_a_related_row_names_its_parent_before_and_after(table: Table) -> None:
    moved = change("comments", "u", {"ticket": 1, "ticket_org": "a"}, {"ticket": 2, "ticket_org": "a"})
    assert set(collected(table, moved).keys) == {("a", "1"), ("a", "2")}
    assert set(collected(table, change("comments", "c", None, {"ticket": 1, "ticket_org": "a"})).keys) == {("a", "1")}
    assert set(collected(table, change("comments", "d", {"ticket": 1, "ticket_org": "a"})).keys) == {("a", "1")}
    assert set(collected(table, change("comments", "d", None, None, {"ticket": 1, "ticket_org": "a"})).keys) == {("a", "1")}
    assert not collected(table, change("comments", "c", None, {"ticket": None, "ticket_org": "a"})).keys


def test_what_does_not_name_the_key_is_looked_for(table: Table) -> None:
    found = collected(table, change("memberships", "u", {"project": 4}, {"project": 5}), change("memberships", "d", {"project": 4}, time_us=3))
    assert {columns: set(values) for columns, values in found.matches.items()} == {("project_id",): {("4",), ("5",)}}
    assert found.matches["project_id",]["4",].time_us == 3
    assert not found.keys


def test_a_table_may_be_related_to_itself(table: Table) -> None:
    row = {"org": "a", "id": 7, "tenant": "t", "parent": 1}
    assert set(collected(table, change("tickets", "c", None, row, {"org": "a", "id": 7})).keys) == {("a", "7"), ("a", "1")}


def test_rows_of_a_snapshot_concern_their_own_document_alone(table: Table) -> None:
    row = {"org": "a", "id": 7, "tenant": "t", "parent": 1}
    found = collected(table, change("tickets", "r", None, row, {"org": "a", "id": 7}), backfill=True)
    assert set(found.keys) == {("a", "7")}
    assert not found.transactions


def test_changes_of_one_document_are_one(table: Table) -> None:
    key = {"org": "a", "id": 7}
    found = collected(
        table,
        change("tickets", "u", {**key, "tenant": "t1"}, {**key, "tenant": "t2"}, key, time_us=8),
        change("tickets", "u", {**key, "tenant": "t2"}, {**key, "tenant": "t3"}, key, time_us=6, transaction=10),
        change("comments", "c", None, {"ticket": 7, "ticket_org": "a"}, time_us=7, transaction=11),
    )
    (wanted,) = found.keys.values()
    assert wanted.cause.time_us == 6
    assert [row["tenant"] for row in wanted.before.values()] == ["t1", "t2"]
    assert found.transactions == {9, 10, 11}


def test_a_row_is_deleted_under_every_name_that_it_left(source: PostgresSource, table: Table) -> None:
    key = {"org": "a", "id": 7}
    changes = [change("tickets", "u", {**key, "tenant": one}, {**key, "tenant": two}, key) for one, two in (("t1", "t2"), ("t2", "t3"))]
    (wanted,) = collected(table, *changes).keys.values()
    snapshot = Snapshot(100, frozenset())
    there = [orjson.loads(record.value) for record in Envelopes(source, table).of_document(wanted, {**key, "tenant": "t1", "text": "x"}, snapshot)]
    assert [(one["op"], (one["before"] or one["after"])["tenant"]) for one in there] == [("d", "t2"), ("u", "t1")]
    gone = [orjson.loads(record.value) for record in Envelopes(source, table).of_document(wanted, None, snapshot)]
    assert [(one["op"], one["before"]["tenant"]) for one in gone] == [("d", "t1"), ("d", "t2")]
    assert {tuple(one["source"]["sequence"]) for one in (*there, *gone)} == {snapshot.sequence}


def test_a_parent_that_is_gone_is_deleted_by_its_own_change(source: PostgresSource, table: Table) -> None:
    (wanted,) = collected(table, change("comments", "d", {"ticket": 7, "ticket_org": "a"})).keys.values()
    assert isinstance(wanted, Wanted)
    assert not list(Envelopes(source, table).of_document(wanted, None, Snapshot(100, frozenset())))


def test_truncates(source: PostgresSource, table: Table) -> None:
    own, other = collected(table, change("tickets", "t")), collected(table, change("memberships", "t"))
    assert own.truncated is not None
    assert own.everything is not None  # it is related to itself too
    assert (other.truncated, other.everything is not None) == (None, True)
    floor = Envelopes(source, table).of_truncate(own.truncated, Snapshot(100, frozenset()))
    assert floor.key is None
    assert orjson.loads(floor.value)["op"] == "t"


def test_a_change_without_its_key_is_refused(table: Table) -> None:
    with pytest.raises(InvalidRecordError, match="key column org is not in the change"):
        collected(table, change("tickets", "c", None, {"id": 7, "tenant": "t"}, {"id": 7}))
