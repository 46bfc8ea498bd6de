"""RESULTS.md and the plot from results/*.json: ``python -m bench.report``. Nothing in RESULTS.md is written by hand below its mark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from bench.pipeline.measure import RESULTS

REPORT: Final = RESULTS.parent / "RESULTS.md"
MARK: Final = "<!-- generated below -->"
_WORTH_TELLING: Final = 0.01
PLOT: Final = RESULTS / "freshness.svg"


def write_report() -> Path:
    records = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    head = REPORT.read_text().partition(MARK)[0] if REPORT.exists() else "# Results\n\n"
    sections = [_section(record) for record in records]
    if _plot([record for record in records if record["name"].startswith("freshness")]):
        sections.insert(0, "![Commit to first search hit, by kind of change](results/freshness.svg)\n")
    REPORT.write_text(head + MARK + "\n\n" + "\n".join(sections))
    return REPORT


def _section(record: dict[str, Any]) -> str:
    machine = record["machine"]
    about = f"`{record['command']}`, {record['date']}, {machine['cpu']}, {machine['cores']} cores, load average before {machine['load_average_before']}"
    result = record["result"]
    if "table" in result:
        return f"## {record['name']}\n\n{about}\n\n```\n" + "\n".join(result["table"]) + "\n```\n"
    if "milliseconds" in result:
        return f"## {record['name']}\n\n{about}\n\n{_latencies(result)}\n"
    if isinstance(result, list):
        return f"## {record['name']}\n\n{about}\n\n{_table({row['what']: {'value': round(row['value'], 4), 'bar': row['bar'] or ''} for row in result})}\n"
    tables = {name: rows for name, rows in result.items() if isinstance(rows, dict) and rows and all(isinstance(row, dict) for row in rows.values())}
    rest = {name: value for name, value in result.items() if name not in tables}
    parts = [f"{name.replace('_', ' ')}:\n\n{_table(rows)}" for name, rows in tables.items()]
    parts += [f"```json\n{json.dumps(rest, indent=1)}\n```"] if rest else []
    return f"## {record['name']}\n\n{about}\n\n" + "\n\n".join(parts) + "\n"


def _table(rows: dict[str, dict[str, Any]]) -> str:
    """Figures by row and column. Sums that only checks need stay in the JSON."""
    columns = [name for name in next(iter(rows.values())) if not name.startswith("sum_")]
    head = [f"| | {' | '.join(name.replace('_', ' ') for name in columns)} |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join([*head, *(f"| {name} | {' | '.join(str(row.get(column, '')) for column in columns)} |" for name, row in rows.items())])


def _latencies(result: dict[str, Any]) -> str:
    rows = ["| change | n | p50 ms | p90 ms | p99 ms | max ms |", "|---|---|---|---|---|---|"]
    found = result["milliseconds"]
    rows += [
        f"| {kind} | {row['n']} | {row.get('p50', '')} | {row.get('p90', '')} | {row.get('p99', '')} | {row.get('max', '')} |"
        for kind, row in found.items()
        if isinstance(row, dict)
    ]
    about = result["configuration"]
    notes = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in about.items() if not isinstance(value, dict))
    busy = ", ".join(f"{name} {share}" for name, share in about.get("cores_busy", {}).items() if share >= _WORTH_TELLING)
    return "\n".join(rows) + f"\n\n{notes}; not seen in 30 s: {found['not_seen_in_30_s']}" + (f"; cores busy: {busy}" if busy else "")


def _plot(records: list[dict[str, Any]]) -> bool:
    if not records:
        return False
    import matplotlib as mpl  # noqa: PLC0415  # only for the plot

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415  # as above

    figure, axes = plt.subplots(figsize=(8, 4))
    kinds = ("update", "insert", "delete", "permission")
    for number, record in enumerate(records):
        found = record["result"]["milliseconds"]
        places = [index + (number - (len(records) - 1) / 2) * 0.8 / len(records) for index in range(len(kinds))]
        middle = [found[kind].get("p50", 0) for kind in kinds]
        above = [found[kind].get("p99", 0) - found[kind].get("p50", 0) for kind in kinds]
        axes.errorbar(places, middle, yerr=[[0] * len(kinds), above], fmt="o", capsize=4, label=record["name"])
    axes.set_xticks(range(len(kinds)), kinds)
    axes.set_yscale("log")
    axes.set_ylabel("commit to first search hit, ms: p50 (point) to p99")
    axes.grid(visible=True, axis="y", alpha=0.3)
    axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(PLOT)
    plt.close(figure)
    return True


if __name__ == "__main__":
    print(write_report())
