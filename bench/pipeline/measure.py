"""What every result carries, and where it is written."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).resolve().parents[1] / "results"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the sorted values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Count, p50, p90, p99 and the largest, in milliseconds."""
    if not seconds:
        return {"n": 0}
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    return {"n": len(seconds)} | {name: round(percentile(seconds, share) * 1000, 1) for name, share in shares.items()} | {"max": round(max(seconds) * 1000, 1)}


def machine() -> dict[str, Any]:
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.processor()
    )
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "load_average_before": round(os.getloadavg()[0], 2)}


def write(name: str, command: str, before: dict[str, Any], result: dict[str, Any]) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    record = {"name": name, "command": command, "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "machine": before, "result": result}
    path.write_text(json.dumps(record, indent=2) + "\n")
    return path
