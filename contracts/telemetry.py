"""Names of metrics and spans. One place, so that dashboards, alerts and tests ask for what is really exported.

Metrics live in the process's default Prometheus registry and are served by each worker and by the query service.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_FRESHNESS_BUCKETS: Final = (0.02, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.125, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1, 2.5, 5, 15, 60, 300, 3600)
_LATENCY_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12, 0.2, 0.35, 0.6, 1, 2.5, 5, 15, 60)

FRESHNESS: Final = Histogram(
    "headrace_freshness_seconds",
    "From the commit at the source until the change is searchable",
    ["source", "op"],
    buckets=_FRESHNESS_BUCKETS,
)
"""``op`` is upsert, delete or permission."""

VECTORS_FRESHNESS: Final = Histogram(
    "headrace_vectors_freshness_seconds",
    "From the commit at the source until a change is found by its meaning too, where something was embedded for it",
    ["source"],
    buckets=_FRESHNESS_BUCKETS,
)

CHUNKS: Final = Counter("headrace_chunks_total", "Chunks by what was done with them", ["source", "action"])
"""``action`` is embedded, kept, added (written, embedded or with an old vector) or removed."""

EXPIRED: Final = Counter("headrace_expired_total", "Documents removed because their time had come", ["source"])
DOCUMENTS: Final = Counter("headrace_documents_total", "Document versions by outcome", ["source", "lane", "outcome"])
"""``outcome`` is committed, duplicate, fenced, superseded or dead_letter."""

RECORDS: Final = Counter("headrace_records_total", "Raw records normalised, by what they were", ["source", "lane", "op"])
DEAD_LETTERS: Final = Counter("headrace_dead_letters_total", "Records refused into the dead letters", ["stage", "error"])
RETRIES: Final = Counter("headrace_retries_total", "Pauses because something we need was away", ["stage", "error"])
REDACTIONS: Final = Counter("headrace_redactions_total", "Values replaced, by kind", ["source", "entity"])
IN_FLIGHT: Final = Gauge("headrace_in_flight_records", "Records read and not yet acknowledged", ["stage", "lane"])
STEP_SECONDS: Final = Histogram("headrace_step_seconds", "Duration of one step of a worker", ["stage", "step"], buckets=_LATENCY_BUCKETS)

QUERY_SECONDS: Final = Histogram("headrace_query_seconds", "Duration of a request to the query service", ["route", "status"], buckets=_LATENCY_BUCKETS)
QUERY_STEP_SECONDS: Final = Histogram("headrace_query_step_seconds", "Duration of one step of a query", ["step"], buckets=_LATENCY_BUCKETS)
ANSWERS: Final = Counter("headrace_answers_total", "Answers by how they ended", ["mode", "outcome"])
"""``mode`` is extractive or generative, ``outcome`` answered, abstained or failed."""

WEBHOOK_DELIVERIES: Final = Counter("headrace_webhook_deliveries_total", "Webhook deliveries by outcome", ["source", "outcome"])
"""``outcome`` is accepted, duplicate, ignored (an event of no interest), or the kind of the problem that was answered."""
WEBHOOK_SECONDS: Final = Histogram("headrace_webhook_seconds", "From a delivery's arrival to its answer", ["source"], buckets=_LATENCY_BUCKETS)

FETCHES: Final = Counter("headrace_fetches_total", "Objects fetched from a REST source, by outcome", ["source", "found_by", "outcome"])
"""``found_by`` is webhook, scan or sweep; ``outcome`` is found, gone, delayed, or the name of the error that made it a dead letter."""
FETCH_SECONDS: Final = Histogram("headrace_fetch_seconds", "Duration of fetching one object with its parts", ["source"], buckets=_LATENCY_BUCKETS)
COLLECT_SECONDS: Final = Histogram(
    "headrace_collect_seconds", "From a change, as far as the sender says, until its record is in Kafka", ["source"], buckets=_FRESHNESS_BUCKETS
)
GATHERED: Final = Counter("headrace_gathered_total", "Documents read together with their related rows", ["source", "lane"])
HINTS_WAITING: Final = Gauge("headrace_hints_waiting", "Hints read and not yet served", ["source", "partition"])
SWEEP_FOUND: Final = Counter("headrace_sweep_found_total", "Objects that a sweep found and no webhook had told", ["source", "kind"])
"""``kind`` is changed, new or gone: what the webhooks had lost."""
SWEEP_LISTED: Final = Counter("headrace_sweep_listed_total", "Objects that sweeps have listed", ["source", "sweep"])
CREDENTIALS_REFUSED: Final = Gauge("headrace_credentials_refused", "1 while a source does not take our credentials", ["source"])

SPAN_NORMALIZE: Final = "headrace.normalize"
SPAN_INDEX: Final = "headrace.index"
"""Until searchable."""
SPAN_VECTORS: Final = "headrace.index.vectors"
"""From searchable by words to whole."""
SPAN_QUERY: Final = "headrace.query"
