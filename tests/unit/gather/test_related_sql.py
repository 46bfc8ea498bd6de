"""The statement's texts and what comes of its answers; what Postgres makes of it stands in the integration tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.rows.reading import TableReading, tables_of
from contracts.rows.related_sql import column_of, related_expression
from contracts.sources import Related, SourcesError, parse_sources

TYPES = {"ticket_id": "integer", "author": "text", "body": "text", "at": "timestamp(3) with time zone", "tags": "text[]", "open": "boolean", "ok": "boolean"}


def related(**fields: object) -> Related:
    return Related.model_validate({"table": "app.comments", "on": {"ticket_id": "id"}, **fields})


def test_rows_become_one_text_in_their_order() -> None:
    found = column_of(related(text="**{author}** {at}: {body}"), '[["Ann","2024-02-29 10:00:00+00","{x}"],[null,"2024-03-01 10:00:00.5+00","b"]]', TYPES)
    assert found == "**Ann** 2024-02-29T10:00:00.000Z: {x}\n\n**** 2024-03-01T10:00:00.500Z: b"
    assert column_of(related(text="{body}"), "[]", TYPES) == ""


def test_rows_become_a_list_that_names_nobody_where_a_part_is_missing() -> None:
    assert column_of(related(values="user:{author}"), '[["bob"],[null],[" "],["ann"],["bob"]]', TYPES) == ["user:ann", "user:bob"]
    assert column_of(related(values="{author}/{tags}"), '[["bob","{a,b}"],["ann","{}"]]', TYPES) == ["bob/a", "bob/b"]


def test_conditions_compare_texts_and_are_never_null() -> None:
    statement = related_expression(related(text="{body}", where={"open": True, "author": {"not": ["it's", None]}}), TYPES)
    assert """coalesce(CASE WHEN child."open" IS NOT NULL THEN format('%s', child."open") END IN (E't'), false)""" in statement
    assert "IN (E'it\\'s'), false))" in statement
    assert 'NOT (child."author" IS NULL OR' in statement


def test_identifiers_are_quoted() -> None:
    odd = Related.model_validate({"table": 'app.od"d', "on": {'t"': 'i"d'}, "text": "{body}"})
    assert '"od""d" AS child WHERE child."t""" = parent."i""d"' in related_expression(odd, {})


BASE = """
sources:
  - name: desk
    connection: {host: h, database: d, user: u}
    tables:
      - {name: app.tickets, key: id, body: "{text} {comments}", tenant: "{org}", allowed: members, related: {RELATED}}
"""
COMMENTS = '{table: app.comments, on: {ticket_id: id}, text: "{body}"}'


def declared(text: str) -> str:
    try:
        parse_sources(BASE.replace("{RELATED}", text), Path("sources.yaml"), {})
    except SourcesError as error:
        return "\n".join(str(problem) for problem in error.problems)
    return ""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{comments: " + COMMENTS + "}", ""),
        ('{comments: {table: app.comments, on: {ticket_id: id}, tekst: "{body}"}}', "did you mean text?"),
        ('{comments: {table: app.comments, on: {ticket_id: id}, text: "{body}", values: "{mail}"}}', "exactly one of text"),
        ("{comments: {table: app.comments, on: {ticket_id: id}}}", "exactly one of text"),
        ('{comments: {table: comments, on: {ticket_id: id}, text: "{body}"}}', "a table is named schema.table"),
        ('{comments: {table: app.comments, text: "{body}"}}', "on: is missing"),
        ('{comments: {table: app.comments, on: {}, text: "{body}"}}', "comments.on: "),
        ("{comments: {table: app.comments, on: {ticket_id: id}, text: body}}", "names no column of the related table"),
        ('{comments: {table: app.comments, on: {ticket_id: id}, values: "{mail}", order_by: id}}', "order_by is for text"),
        ("{id: " + COMMENTS + "}", "id is part of the key"),
        ("{org: " + COMMENTS + "}", "org is part of the tenant"),
        ('{"a b": ' + COMMENTS + "}", "cannot be a column's name"),
        ("{comments: " + COMMENTS + ', members: {table: app.m, on: {x: comments}, values: "{mail}"}}', "join it on a column of the table"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(written: str, said: str) -> None:
    assert said in declared(written)
    assert bool(declared(written)) == bool(said)


def test_only_columns_of_the_table_itself_are_read_from_it() -> None:
    source = parse_sources(BASE.replace("{RELATED}", "{comments: " + COMMENTS + "}"), Path("sources.yaml"), {}).postgres[0]
    table = source.tables[0]
    assert table.columns == ("id", "org", "text", "members")
    assert tables_of(table) == ("app.tickets", "app.comments")
    reading = TableReading(table, {"app.tickets": {"id": "integer", "org": "text", "text": "text"}, "app.comments": {"ticket_id": "integer"}})
    assert reading.absent() == ["app.tickets.members", "app.comments.body"]
    assert [(one.name, one.key, one.columns, one.related) for one in source.captured] == [
        ("app.tickets", ("id",), ("id", "org"), False),
        ("app.comments", ("ticket_id",), ("ticket_id",), True),
    ]
