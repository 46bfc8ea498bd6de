"""Prints the table, writes JSON, and exits non-zero where a bar is missed. ``--show-false`` lists every replacement in the handbook with its surroundings."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.pipeline.measure import machine
from bench.redaction.corpus import dense_pages, handbook_edits, latest_pages
from bench.redaction.cost import edit_cost, presidio_throughput, throughput
from bench.redaction.false_hits import Replacement, by_label, is_false, replacements, words
from bench.redaction.recall import AUTHORS, UNSEEN, Corpus, Recall, names_recall, ordinary_hits, patterns_recall

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


def _recall_rows(name: str, recall: Recall, bar: float | None) -> list[Row]:
    rows = [Row(f"{name} recall, all ({sum(recall.seeded.values())} values)", recall.of(), bar)]
    rows += [Row(f"{name} recall, {locale}", recall.of(locale=locale)) for locale in recall.locales()]
    rows += [Row(f"{name} recall, {kind}", recall.of(kind=kind)) for kind in recall.kinds()]
    return [*rows, Row(f"{name}, other words replaced per 1,000", 1000 * recall.words_lost / recall.words)]


def _corpus_rows(corpus: Corpus, rounds: int, seed: int, bars: tuple[float | None, float | None]) -> list[Row]:
    rows = _recall_rows(f"{corpus.name}: patterns", patterns_recall(corpus, rounds, seed), bars[0])
    return rows + _recall_rows(f"{corpus.name}: names", names_recall(corpus, max(1, rounds // 4), seed), bars[1])


def _ordinary_rows() -> list[Row]:
    rows = []
    for tier, names in (("patterns", False), ("patterns and names", True)):
        hits, count = ordinary_hits(names=names)
        rows.append(Row(f"false replacements per 1,000 words of tricky ordinary text, {tier} ({hits} in {count})", 1000 * hits / count))
    return rows


def _measure(rounds: int, seed: int) -> list[Row]:
    edits = handbook_edits()
    pages = latest_pages(edits)
    count = words(pages) / 1000
    rows = [row for corpus in UNSEEN for row in _corpus_rows(corpus, rounds, seed, (0.99, 0.90))]
    rows += _corpus_rows(AUTHORS, rounds, seed, (None, None))
    rows += _ordinary_rows()
    found = replacements(pages, names=False)
    rows += [Row(f"replacements in the handbook per 1,000 words, {label}", number / count) for label, number in by_label(found).items()]
    rows.append(Row("false replacements per 1,000 words, patterns", sum(map(is_false, found)) / count))
    sample = pages[::_NAMES_SAMPLE]
    people = replacements(sample, names=True)
    rows.append(Row("replacements in the handbook per 1,000 words, PERSON (true and false)", 1000 * len(people) / words(sample)))
    rows.append(Row("false replacements per 1,000 words, names", 1000 * sum(map(is_false, people)) / words(sample)))
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
    before = machine()
    rows = _measure(arguments.rounds, arguments.seed)
    table = Table("what", "value", "bar", "", title="redaction")
    for row in rows:
        table.add_row(row.what, f"{row.value:.4g}", "" if row.bar is None else f">= {row.bar:g}", "" if row.bar is None else ("pass" if row.passes else "MISS"))
    Console(width=140).print(table)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    figures = [{"what": row.what, "value": row.value, "bar": row.bar, "passes": row.passes} for row in rows]
    command = f"python -m bench.redaction --rounds {arguments.rounds} --seed {arguments.seed}"
    record = {"name": "redaction", "command": command, "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "machine": before, "result": figures}
    arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    return 0 if all(row.passes for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
