"""What a sources file may say, and what is told when it says something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contracts.sources import SourcesError, json_schema, load_sources, parse_sources
from contracts.sources.yaml_text import parse_yaml

GOOD = """
sources:
  - name: shop
    type: postgres
    connection: {host: env:DB_HOST, port: env:DB_PORT, database: shop, user: reader, password: env:DB_PASSWORD}
    revision: 3
    redaction: {names: true, allow: [ourcompany.example]}
    chunking: {overlap: 0.1}
    tables:
      - name: public.tickets
        key: id
        title: "{number}: {subject}"
        body: body
        url: "https://desk.example/{id}"
        tenant: "{tenant}"
        allowed: ["group:{team}", public]
        restricted_when: {confidential: true}
        where: {status: {not: [draft, spam]}}
        doc_type: ticket
        metadata: {status: "{status}", priority: "{priority}", kind: ticket, weight: 3}
      - {name: public.pages, key: [slug, lang], body: body, tenant: acme, allowed: readers, format: html, chunking: {max_tokens: 120}}
"""
LITERAL_SECRET = "a secret is given by reference, never literally: write env:NAME for an environment variable, or file:/path for a file that holds it"
ENVIRON = {"DB_HOST": "db.example", "DB_PORT": "6432"}


def told(text: str) -> list[str]:
    with pytest.raises(SourcesError) as caught:
        parse_sources(text, Path("sources.yaml"), ENVIRON)
    return str(caught.value).splitlines()


def test_a_good_file() -> None:
    shop = parse_sources(GOOD, Path("sources.yaml"), ENVIRON).source("shop")
    assert (shop.connection.host, shop.connection.port, shop.connection.password) == ("db.example", 6432, "env:DB_PASSWORD")
    tickets, pages = shop.tables
    assert tickets.key == ("id",)
    assert tickets.identity_columns == ("id", "tenant")
    assert set(tickets.columns) == {"id", "tenant", "number", "subject", "body", "team", "status", "priority", "confidential"}
    assert pages.columns == ("slug", "lang", "body", "readers")
    assert shop.scope_of(tickets) == "shop:shop.public.tickets/"
    assert shop.chunking_of(pages).max_tokens == 120
    assert shop.chunking_of(tickets).overlap == 0.1
    assert shop.redaction_of(pages).names


def test_every_problem_is_told_at_once_with_line_place_and_cure() -> None:
    lines = told(
        """
sources:
  - name: Shop
    connection: {host: env:NOWHERE, database: shop, user: u, password: hunter22}
    conection: {}
    tables:
      - name: tickets
        key: id
        titel: x
        title: {subject}
        body: "x{body"
        tenant: "a b"
        allowed: ["group:{}"]
        key: id
"""
    )
    assert lines == [
        "sources.yaml: line 14: sources[0].tables[0].key: written twice, first on line 8; remove one of the two",
        "sources.yaml: line 4: sources[0].connection.host: the environment variable NOWHERE is not set; set it, or write the value here",
        "sources.yaml: line 3: sources[0].name: 'Shop' does not fit; a source is named by a lower-case letter and up to 31 of a-z, 0-9 and _",
        "sources.yaml: line 4: sources[0].connection.password: " + LITERAL_SECRET,
        "sources.yaml: line 7: sources[0].tables[0].name: 'tickets' does not fit; a table is named schema.table, such as public.tickets",
        "sources.yaml: line 10: sources[0].tables[0].title: braces without quotes are a mapping in YAML; write '{subject}' in quotes",
        "sources.yaml: line 11: sources[0].tables[0].body: the brace at character 2 of 'x{body' has no partner; write {{ or }} for a brace itself",
        "sources.yaml: line 12: sources[0].tables[0].tenant: the constant tenant 'a b' is not 1 to 64 characters of A-Z a-z 0-9 _ -; for a column write '{column}'",
        "sources.yaml: line 13: sources[0].tables[0].allowed[0]: the placeholder at character 7 of 'group:{}' names no column",
        "sources.yaml: line 9: sources[0].tables[0].titel: unknown key; did you mean title?",
        "sources.yaml: line 5: sources[0].conection: unknown key; did you mean connection?",
    ]
    assert "hunter22" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "declares no source"),
        ("sources: [", "not YAML"),
        ("sources:\n\t- x", "line 2: not YAML"),
        ("sources: []", "sources: is empty; name at least one source"),
        ("- a", "line 1: is a list; write a mapping of 'key: value' lines that begins with 'sources:'"),
        ("sources: x", "sources: is a text; write a list"),
        ("sources:\n- x", "line 2: sources[0]"),
        (GOOD.replace("name: public.pages", "name: public.tickets"), "declared twice: public.tickets"),
        (GOOD.replace("revision: 3", "revision: 0"), "sources[0].revision: input should be greater than or equal to 1"),
        (GOOD.replace("names: true", "patterns: false"), "sources[0].redaction.patterns: input should be True"),
        (GOOD.replace("format: html", "format: pdf"), "format: input should be 'markdown', 'text' or 'html'"),
        (GOOD.replace('title: "{number}: {subject}"', "title: My title"), "'My title' is neither a column's name nor a template"),
        (GOOD.replace("        key: id\n", ""), "tables[0].key: is missing; add it"),
    ],
)
def test_what_is_told(text: str, expected: str) -> None:
    assert expected in "\n".join(told(text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match="cannot be read") as caught:
        load_sources(tmp_path / "absent.yaml", {})
    assert "HEADRACE_SOURCES" in str(caught.value)


def test_the_schema_accepts_the_good_file() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    data = parse_yaml(GOOD.replace("env:DB_PORT", "5432")).data
    reported = [error.json_path for error in Draft202012Validator(schema).iter_errors(data)]
    assert reported == []
