"""What the poller counts."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ROWS: Final = Counter("headrace_clickhouse_rows_total", "Rows written to source topics", ["source", "table", "lane", "op"])
"""``op`` is r (load), u (live), d (deleted) or refused (too large, in the dead letters)."""
REPAIRS: Final = Counter("headrace_clickhouse_repairs_total", "Rows written for another reason than their change", ["source", "table", "kind"])
"""``kind`` is missing (the row is gone) unread (a state that no poll saw) or asked (somebody wanted the row read again)."""
POLLED: Final = Gauge(
    "headrace_clickhouse_polled_timestamp_seconds", "When a table was last looked at with success, in seconds since 1970", ["source", "table"]
)
LOADING: Final = Gauge("headrace_clickhouse_loading", "1 while the rows that were there at the start are being read", ["source", "table"])
POLL_SECONDS: Final = Histogram("headrace_clickhouse_poll_seconds", "Duration of a look that found changes", ["source", "table"])
