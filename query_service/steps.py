"""The time of a query's steps: for the caller (``timings_ms``), for Prometheus and for the trace, measured once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

from contracts.telemetry import QUERY_STEP_SECONDS, SPAN_QUERY

_tracer = trace.get_tracer("headrace.query_service")


class Steps:
    """Of one request. Steps may overlap; each name is measured from its start to its end."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        with _tracer.start_as_current_span(f"{SPAN_QUERY}.{name}"):
            try:
                yield
            finally:
                self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - began
                QUERY_STEP_SECONDS.labels(name).observe(time.perf_counter() - began)

    def milliseconds(self) -> dict[str, float]:
        """By step, and ``total`` since the request began."""
        total = time.perf_counter() - self._began
        return {name: round(seconds * 1000, 2) for name, seconds in (self._seconds | {"total": total}).items()}
