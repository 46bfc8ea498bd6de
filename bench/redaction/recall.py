"""How many seeded values leave the text. A value counts as found only when none of its words or digit groups survives outside tokens."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from string import Formatter

from bench.redaction.templates import LOCALES, NAMES, PATTERNS, TECHNICAL
from bench.redaction.values import Values
from streams.redact import RedactionPolicy, Redactor
from streams.redact.tokens import TOKEN

_WORD = re.compile(r"\w+")
KEY = b"a key for the benchmark"


@dataclass
class Recall:
    """Seeded and found, by kind and locale, with the texts that kept something."""

    seeded: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[tuple[str, str, str, str]] = field(default_factory=list)

    def of(self, kind: str | None = None, locale: str | None = None) -> float:
        """Share found, of all or of one kind or locale."""
        chosen = [key for key in self.seeded if kind in {None, key[0]} and locale in {None, key[1]}]
        return sum(self.found[key] for key in chosen) / max(1, sum(self.seeded[key] for key in chosen))

    def kinds(self) -> list[str]:
        """Kinds seeded."""
        return sorted({kind for kind, _ in self.seeded})


def patterns_recall(rounds: int, seed: int) -> Recall:
    """Pattern tier over localised and technical texts."""
    recall = Recall()
    redactor = Redactor(KEY, policy=RedactionPolicy())
    for locale in LOCALES:
        values = Values(locale, seed)
        for _ in range(rounds):
            for template in (*PATTERNS[locale], *TECHNICAL):
                _measure(redactor, template, locale, values, recall)
    return recall


def names_recall(rounds: int, seed: int) -> Recall:
    """Both tiers over texts that hold names."""
    recall = Recall()
    redactor = Redactor(KEY, policy=RedactionPolicy(names=True))
    for locale in LOCALES:
        values = Values(locale, seed)
        for _ in range(rounds):
            for template in NAMES[locale]:
                _measure(redactor, template, locale, values, recall)
    return recall


def _measure(redactor: Redactor, template: str, locale: str, values: Values, recall: Recall) -> None:
    parts = list(Formatter().parse(template))
    filled = {name: values.make(name) for _, name, _, _ in parts if name}
    if {"first", "last"} <= filled.keys():  # one person
        filled["name"] = f"{filled['first']} {filled['last']}"
    text = template.format(**filled)
    literal = Counter(word for part, *_ in parts for word in _WORD.findall(part))
    redacted = redactor.redact(text).text
    surviving = Counter(_WORD.findall(TOKEN.sub(" ", redacted))) - literal
    for kind, value in filled.items():
        if f"{{{kind}}}" not in template:
            continue
        recall.seeded[kind.rstrip("2"), locale] += 1
        if any(word in value for word in surviving):
            recall.missed.append((kind, locale, value, redacted))
        else:
            recall.found[kind.rstrip("2"), locale] += 1
