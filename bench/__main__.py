"""``python -m bench``: every benchmark of the project, one after the other, then RESULTS.md. Takes about an hour; name some to run only those."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from bench.pipeline.measure import RESULTS, machine, write
from bench.report import write_report

ROOT: Final = Path(__file__).resolve().parents[1]
JSON_OPTION: Final = "--json"

BENCHMARKS: Final[dict[str, tuple[str, ...]]] = {
    "startup": ("bench.pipeline.startup",),
    "freshness-5": ("bench.pipeline.freshness", "--rate", "5", "--seconds", "120"),
    "freshness-20": ("bench.pipeline.freshness", "--rate", "20", "--seconds", "120"),
    "freshness-5-backfill": ("bench.pipeline.freshness", "--rate", "5", "--seconds", "120", "--backfill", "20000"),
    "freshness-5-overlap-0": ("bench.pipeline.freshness", "--rate", "5", "--seconds", "120", "--overlap", "0"),
    "freshness-5-names": ("bench.pipeline.freshness", "--rate", "5", "--seconds", "120", "--names"),
    "freshness-gathered": ("bench.pipeline.gathered", "--rate", "5", "--seconds", "120"),
    "load-handbook": ("bench.pipeline.load", "--handbook"),
    "load-rows": ("bench.pipeline.load", "--rows", "5000"),
    "query": ("bench.query",),
    "chunking": ("bench.chunking", JSON_OPTION),
    "redaction": ("bench.redaction", JSON_OPTION),
    "replay": ("bench.protocol.replay",),
    "receiver": ("bench.receiver",),
    "rest-freshness": ("bench.rest.freshness", "--rate", "5", "--seconds", "120"),
    "rest-lossy": ("bench.rest.lossy", "--events", "10000"),
    "rest-sweep": ("bench.rest.sweep", "--pages", "20000"),
    "rest-hints": ("bench.rest.hints",),
    "rest-abuse": ("bench.rest.abuse", "--count", "100000"),
    "clickhouse": ("bench.clickhouse",),
    "extraction": ("bench.extraction", "--pages", "4"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(BENCHMARKS)}; all without a name")
    chosen = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(chosen) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    failed = [name for name in chosen if not run(name)]
    print(f"written: {write_report()}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str) -> bool:
    """One benchmark in a process of its own; whether it ended well. Its output is kept beside the results."""
    module, *arguments = BENCHMARKS[name]
    before, began, at = machine(), time.monotonic(), time.time()
    raw = RESULTS / "raw" / f"{name}.json"
    raw.parent.mkdir(parents=True, exist_ok=True)
    kept = str(RESULTS / f"{name}.json")  # also where a bar is missed: that is a result too
    given = [part for argument in arguments for part in ((argument, kept) if argument == JSON_OPTION else (argument,))]
    print(f"{name}: python -m {module} {' '.join(arguments)}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", module, *given], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE, check=False
    )
    (raw.with_suffix(".txt")).write_text(done.stdout)
    if done.returncode == 0 and not any(path.stat().st_mtime >= at for path in RESULTS.glob("*.json")):  # it kept none itself
        write(f"table-{name}", f"python -m {module} {' '.join(arguments)}", before, {"table": done.stdout.splitlines()[-60:]})
    print(f"{name}: {'done' if done.returncode == 0 else f'exit {done.returncode}'} after {time.monotonic() - began:.0f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
