"""What of a source's intake deserves an alarm, from cursors and metrics."""

from __future__ import annotations

from pathlib import Path

from connectors.clickhouse.cursor import Cursor, cursor_key, encode_cursor
from connectors.sweep.cursors import SweepCursor
from contracts.sources import parse_sources
from operations.intake import Intake, judged, parse_metrics, tables_of

YAML = """
sources:
  - name: shop
    type: clickhouse
    connection: {url: env:SHOP_URL}
    tables:
      - {name: shop.reviews, key: id, updated_at: at, tenant: acme, body: text}
      - {name: shop.notes, key: id, updated_at: at, tenant: acme, body: text, poll_seconds: 600}
  - name: desk
    type: zendesk
    url: https://desk.example
    credentials: {token: env:TOKEN}
    tenant: acme
    sweep: {all_hours: 10}
"""
SOURCES = parse_sources(YAML, Path("sources.yaml"), {"SHOP_URL": "http://127.0.0.1:8123"})
(SHOP,), (DESK,) = SOURCES.clickhouse, SOURCES.rest
NOW = 1_000_000.0
METRICS = """
# TYPE headrace_clickhouse_polled_timestamp_seconds gauge
headrace_clickhouse_polled_timestamp_seconds{source="shop",table="shop.reviews"} 999000
headrace_clickhouse_polled_timestamp_seconds{source="shop",table="shop.notes"} 999000
# TYPE headrace_credentials_refused gauge
headrace_credentials_refused{source="desk"} 1
"""


def test_a_table_that_is_not_looked_at_any_more() -> None:
    reviews, notes = tables_of(SHOP, {}, parse_metrics(METRICS), NOW)
    assert (reviews.state, reviews.looked_seconds) == ("never read", 999_000)
    assert reviews.alerts == ("shop.reviews is not read, it was last looked at 1000 s ago: the poller's log says why ('not reading')",)
    assert notes.alerts == ()  # it is looked at every ten minutes
    assert "never looked at" in tables_of(SHOP, {}, {}, NOW)[0].alerts[0]
    assert tables_of(SHOP, {}, None, NOW)[0].alerts == ()  # its poller runs elsewhere: nobody can tell


def test_loading_and_following() -> None:
    loading = {cursor_key("shop", "shop.reviews"): encode_cursor(Cursor((), high=9, back=9, until=5))}
    assert tables_of(SHOP, loading, None, NOW)[0].state == "loading"
    following = {cursor_key("shop", "shop.reviews"): encode_cursor(Cursor((), high=9, back=9, until=None))}
    assert tables_of(SHOP, following, None, NOW)[0].state == "following"


def desk(cursor: SweepCursor, metrics: str = "") -> Intake:
    return judged(DESK, cursor, 3, parse_metrics(metrics), NOW)


def test_a_source_that_is_swept_in_time() -> None:
    told = desk(SweepCursor(all_seconds=NOW - 3600, changed_seconds=NOW - 60))
    assert (told.state, told.looked_seconds, told.swept_all_seconds, told.waiting, told.alerts) == ("swept", NOW - 60, NOW - 3600, 3, ())
    assert desk(SweepCursor()).state == "never swept"
    assert desk(SweepCursor(all_seconds=1.0, listing="page 7")).state == "sweeping"


def test_a_source_that_refuses_us_or_was_not_swept_for_long() -> None:
    refused = desk(SweepCursor(all_seconds=NOW), METRICS)
    assert (refused.state, refused.alerts) == ("refused", ("it does not take our credentials: renew what 'credentials' in sources.yaml refers to",))
    assert desk(SweepCursor(all_seconds=NOW - 31 * 3600)).alerts == ("its last whole sweep was 31 h ago: is 'collect' running, and does the source answer it?",)
