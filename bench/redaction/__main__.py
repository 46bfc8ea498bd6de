"""Prints the table, writes JSON, and exits non-zero where a bar is missed. ``--show-false`` lists every replacement in the handbook with its surroundings."""

from __future__ import annotations

import argparse
import json
import logging
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.redaction.corpus import dense_pages, handbook_edits, latest_pages
from bench.redaction.cost import edit_cost, presidio_throughput, throughput
from bench.redaction.false_hits import FALSE_NAMES, FALSE_PATTERNS, Replacement, by_label, replacements, words
from bench.redaction.recall import Recall, names_recall, patterns_recall
from bench.redaction.templates import LOCALES

_NAMES_SAMPLE = 6  # NER over every page and every edit takes an hour of CPU on Presidio's side


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; ``bar`` is the least that passes, None where the figure is only reported."""

    what: str
    value: float
    bar: float | None = None

    @property
    def passes(self) -> bool:
        """Whether the bar, if any, is reached."""
        return self.bar is None or self.value >= self.bar


def _recall_rows(name: str, recall: Recall, bar: float) -> list[Row]:
    rows = [Row(f"{name} recall, all ({sum(recall.seeded.values())} values)", recall.of(), bar)]
    rows += [Row(f"{name} recall, {locale}", recall.of(locale=locale)) for locale in LOCALES]
    return rows + [Row(f"{name} recall, {kind}", recall.of(kind=kind)) for kind in recall.kinds()]


def _measure(rounds: int, seed: int) -> list[Row]:
    edits = handbook_edits()
    pages = latest_pages(edits)
    count = words(pages) / 1000
    rows = _recall_rows("patterns", patterns_recall(rounds, seed), 0.99)
    rows += _recall_rows("names", names_recall(max(1, rounds // 4), seed), 0.90)
    found = replacements(pages, names=False)
    rows += [Row(f"replacements in the handbook per 1,000 words, {label}", number / count) for label, number in by_label(found).items()]
    rows.append(Row("false replacements per 1,000 words, patterns", sum(r.value in FALSE_PATTERNS for r in found) / count))
    sample = pages[::_NAMES_SAMPLE]
    people = replacements(sample, names=True)
    rows.append(Row("replacements in the handbook per 1,000 words, PERSON (true and false)", 1000 * len(people) / words(sample)))
    rows.append(Row("false replacements per 1,000 words, names", 1000 * sum(r.value in FALSE_NAMES for r in people) / words(sample)))
    paths = set(sorted({edit.path for edit in edits})[::_NAMES_SAMPLE])
    for names, replayed in ((False, edits), (True, [edit for edit in edits if edit.path in paths])):
        cost = edit_cost(replayed, names=names, every=5)
        tier = "with names" if names else "patterns"
        rows.append(Row(f"ms per edit, {tier}, ours", cost.ours_ms))
        rows.append(Row(f"ms per edit, {tier}, Presidio", cost.presidio_ms))
        rows.append(Row(f"times cheaper per edit, {tier} ({cost.edits} edits)", cost.ratio, 5.0))
    rows.append(Row("MB/s, patterns, handbook", throughput(pages), 5.0))
    rows.append(Row("MB/s, patterns, dense", throughput(dense_pages(20, seed)), 1.0))
    rows.append(Row("MB/s, Presidio's patterns, handbook (40 pages)", presidio_throughput(pages[:40])))
    return rows


def _shown(*, names: bool) -> list[Replacement]:
    pages = latest_pages(handbook_edits())
    return replacements(pages[::_NAMES_SAMPLE] if names else pages, names=names)


def main() -> int:
    """Measures everything within one run."""
    parser = argparse.ArgumentParser(prog="bench.redaction")
    parser.add_argument("--rounds", type=int, default=20, help="times each template is filled per locale; names use a quarter")
    parser.add_argument("--seed", type=int, default=20240319)
    parser.add_argument("--json", type=Path, default=Path(".headrace/bench/redaction.json"))
    parser.add_argument("--show-false", choices=["patterns", "names"], help="list replacements in the handbook and stop")
    arguments = parser.parse_args()
    logging.getLogger("tldextract").setLevel(logging.CRITICAL)
    if arguments.show_false:
        for found in _shown(names=arguments.show_false == "names"):
            print(found.label, repr(found.before), ">>", repr(found.value), "<<", repr(found.after))
        return 0
    rows = _measure(arguments.rounds, arguments.seed)
    table = Table("what", "value", "bar", "", title="redaction")
    for row in rows:
        table.add_row(row.what, f"{row.value:.4g}", "" if row.bar is None else f">= {row.bar:g}", "" if row.bar is None else ("pass" if row.passes else "MISS"))
    Console(width=140).print(table)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    figures = [{"what": row.what, "value": row.value, "bar": row.bar, "passes": row.passes} for row in rows]
    arguments.json.write_text(
        json.dumps({"machine": platform.processor() or platform.machine(), "python": platform.python_version(), "rows": figures}, indent=1)
    )
    return 0 if all(row.passes for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
