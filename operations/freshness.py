"""Freshness as the index workers themselves measured it: quantiles from the histogram that they serve on /metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

_NAME: Final = "headrace_freshness_seconds"
_TIMEOUT_SECONDS: Final = 10.0

Buckets = Mapping[float, float]
"""Observations up to and including each upper bound, as Prometheus counts them."""


class MetricsUnavailableError(Exception):
    """A worker's /metrics does not answer."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Over one source and kind of change. A quantile is interpolated within its bucket, as Prometheus does; None without observations."""

    source: str
    op: str
    changes: int
    p50_seconds: float | None
    p95_seconds: float | None


def read_histograms(url: str) -> dict[tuple[str, str], Buckets]:
    """Buckets by (source, op) from a worker. Raises MetricsUnavailableError."""
    return parse_histograms(read_metrics(url))


def read_metrics(url: str) -> str:
    """A program's /metrics. Raises MetricsUnavailableError."""
    try:
        return httpx.get(url, timeout=_TIMEOUT_SECONDS, trust_env=False).raise_for_status().text
    except httpx.HTTPError as error:
        raise MetricsUnavailableError(f"{url}: {type(error).__name__}") from error


def parse_histograms(text: str) -> dict[tuple[str, str], Buckets]:
    found: dict[tuple[str, str], dict[float, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == f"{_NAME}_bucket":
                found.setdefault((sample.labels["source"], sample.labels["op"]), {})[float(sample.labels["le"])] = sample.value
    return dict(found)


def freshness(now: Mapping[tuple[str, str], Buckets], before: Mapping[tuple[str, str], Buckets] | None = None) -> tuple[Freshness, ...]:
    """Of the changes since ``before``, or since the worker started; a counter that fell is of a worker that started anew."""
    rows = []
    for (source, op), buckets in sorted(now.items()):
        recent = _since(buckets, (before or {}).get((source, op), {}))
        rows.append(Freshness(source, op, int(recent.get(math.inf, 0)), quantile(recent, 0.5), quantile(recent, 0.95)))
    return tuple(rows)


def quantile(buckets: Buckets, share: float) -> float | None:
    """The value below which that share lies; the highest finite bound for what lies above it."""
    total = buckets.get(math.inf, 0)
    if total <= 0:
        return None
    rank, below, lower = share * total, 0.0, 0.0
    for bound, count in sorted(buckets.items()):
        if count >= rank:
            return lower if math.isinf(bound) else lower + (bound - lower) * _share(rank - below, count - below)
        below, lower = count, bound
    return lower


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _since(now: Buckets, before: Buckets) -> Buckets:
    if any(now.get(bound, 0) < count for bound, count in before.items()):
        return now
    return {bound: count - before.get(bound, 0) for bound, count in now.items()}


def merged(parts: Iterable[Mapping[tuple[str, str], Buckets]]) -> dict[tuple[str, str], Buckets]:
    """The sum over workers."""
    found: dict[tuple[str, str], dict[float, float]] = {}
    for part in parts:
        for key, buckets in part.items():
            mine = found.setdefault(key, {})
            for bound, count in buckets.items():
                mine[bound] = mine.get(bound, 0) + count
    return dict(found)
