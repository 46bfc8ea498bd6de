"""``retention`` in sources.yaml: of a source, of a table, and what either lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.debezium.spec import policy_digest
from contracts.events import DocumentRecord
from contracts.identity import Version
from contracts.sources import PostgresSource, SourcesError, parse_sources
from streams.mapping import RowReader, TableMapping
from streams.mapping.registry import mappings_by_topic
from streams.mapping.rest import RestMapping

SOURCE = """
sources:
  - name: app
    connection: {{host: h, database: db, user: u}}
{source}
    tables:
      - {{name: public.t, key: id, tenant: acme, body: body, allowed: [public]{table}}}
"""


def parsed(source: str = "", table: str = "") -> PostgresSource:
    return parse_sources(SOURCE.format(source=source, table=table and f", {table}"), Path("sources.yaml"), {}).postgres[0]


def test_a_tables_days_are_its_own_or_the_sources() -> None:
    both = parsed("    retention: {days: 365}", "retention: {since: made}")
    assert both.retention_days_of(both.tables[0]) == 365
    own = parsed("    retention: {days: 365}", "retention: {since: made, days: 30}")
    assert own.retention_days_of(own.tables[0]) == 30
    alone = parsed("", "retention: {since: made, days: 30}")
    assert alone.retention_days_of(alone.tables[0]) == 30
    assert parsed().retention_days_of(parsed().tables[0]) is None


@pytest.mark.parametrize(
    ("source", "table", "said"),
    [
        ("    retention: {days: 365}", "", "since"),
        ("", "retention: {since: made}", "days"),
        ("    retention: {days: 0}", "retention: {since: made}", "greater than 0"),
        ("    retention: {days: 365, since: made}", "retention: {since: made}", "unknown key"),
    ],
)
def test_what_is_missing_is_told(source: str, table: str, said: str) -> None:
    with pytest.raises(SourcesError, match=said):
        parsed(source, table)


def test_a_rest_source_counts_from_its_last_change() -> None:
    text = """
sources:
  - {name: desk, type: zendesk, url: https://d.example, credentials: {token: env:T}, tenant: acme, retention: {days: 90}}
"""
    (found,) = parse_sources(text, Path("sources.yaml"), {"T": "t"}).rest
    document = DocumentRecord(tenant="acme", doc_id="desk:1", scope="desk:", source="desk", source_time_us=5, version=Version(0, 1, 0, 1), body="text")
    assert RestMapping(found).expiring(document, 1_000_000).expires_us == 1_000_000 + 90 * 86_400_000_000
    assert RestMapping(found).expiring(document, 0) is document
    assert RestMapping(found.model_copy(update={"retention": None})).expiring(document, 1_000_000) is document


def test_another_retention_is_another_policy_and_none_is_what_it_was() -> None:
    plain, year = parsed(), parsed("    retention: {days: 365}", "retention: {since: made}")
    month = parsed("    retention: {days: 30}", "retention: {since: made}")
    digests = {policy_digest(source, source.tables[0]) for source in (plain, year, month)}
    assert len(digests) == 3
    assert policy_digest(plain, plain.tables[0]) == "55870d563efb6292"


def test_a_clickhouse_table_counts_as_any_table() -> None:
    text = """
sources:
  - name: logs
    type: clickhouse
    connection: {host: h}
    retention: {days: 3}
    tables:
      - {name: shop.reviews, key: id, body: body, tenant: acme, updated_at: u, retention: {since: made}}
"""
    mapping = mappings_by_topic(parse_sources(text, Path("sources.yaml"), {}))["source.logs.shop.reviews"]
    assert isinstance(mapping, TableMapping)
    assert "made" in mapping.table.columns
    assert mapping.expires_us(RowReader("shop.reviews", {"made": "1970-01-02T00:00:00.000000500Z"})) == 4 * 86_400_000_000
