"""Recovery times of many kills, in a few numbers for each program."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any


def summary(kills: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """By program: how often it was killed, and the seconds from the kill until a change committed afterwards was searchable."""
    by_program: dict[str, list[float]] = defaultdict(list)
    for kill in kills:
        by_program[kill["program"]].append(kill["canary_seconds"])
    return {
        program: {"kills": len(seconds), "median_seconds": round(statistics.median(seconds), 2), "slowest_seconds": round(max(seconds), 2)}
        for program, seconds in sorted(by_program.items())
    }
