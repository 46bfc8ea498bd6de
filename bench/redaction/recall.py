"""How many seeded values leave the text. A value counts as found only when none of its words or digit groups survives outside tokens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter

from bench.redaction import (
    templates,
    unseen_templates,
    unseen_templates_2,
    unseen_templates_3,
    unseen_templates_4,
    unseen_templates_5,
    unseen_templates_6,
    unseen_templates_7,
)
from bench.redaction.values import Values
from streams.redact import RedactionPolicy, Redactor
from streams.redact.tokens import TOKEN

_WORD = re.compile(r"\w+")
KEY = b"a key for the benchmark"


@dataclass
class Recall:
    """Seeded and found, by kind and locale, with the texts that kept something; and the templates' own words, of which none should go."""

    seeded: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[tuple[str, str, str, str]] = field(default_factory=list)
    words: int = 0
    words_lost: int = 0

    def of(self, kind: str | None = None, locale: str | None = None) -> float:
        """Share found, of all or of one kind or locale."""
        chosen = [key for key in self.seeded if kind in {None, key[0]} and locale in {None, key[1]}]
        return sum(self.found[key] for key in chosen) / max(1, sum(self.seeded[key] for key in chosen))

    def locales(self) -> list[str]:
        """Locales seeded."""
        return sorted({locale for _, locale in self.seeded})

    def kinds(self) -> list[str]:
        """Kinds seeded."""
        return sorted({kind for kind, _ in self.seeded})


@dataclass(frozen=True, slots=True)
class Corpus:
    """Templates by locale: with values for the patterns, with names, and those that serve every locale."""

    name: str
    patterns: Mapping[str, Sequence[str]]
    names: Mapping[str, Sequence[str]]
    shared: Sequence[str]


LATER = (unseen_templates_2, unseen_templates_3, unseen_templates_4, unseen_templates_5, unseen_templates_6, unseen_templates_7)
UNSEEN = tuple(
    Corpus(f"unseen templates {number}", corpus.PATTERNS, corpus.NAMES, corpus.MACHINE) for number, corpus in enumerate((unseen_templates, *LATER), 1)
)
"""Each was run once before anybody looked at what it showed; those first figures stand in bench/RESULTS.md. Since then they are seen."""
AUTHORS = Corpus("templates by the code's author", templates.PATTERNS, templates.NAMES, templates.TECHNICAL)


def patterns_recall(corpus: Corpus, rounds: int, seed: int) -> Recall:
    """Pattern tier over localised and technical texts."""
    recall = Recall()
    redactor = Redactor(KEY, policy=RedactionPolicy())
    for locale, localised in corpus.patterns.items():
        values = Values(locale, seed)
        for _ in range(rounds):
            for template in (*localised, *corpus.shared):
                _measure(redactor, template, locale, values, recall)
    return recall


def names_recall(corpus: Corpus, rounds: int, seed: int) -> Recall:
    """Both tiers over texts that hold names."""
    recall = Recall()
    redactor = Redactor(KEY, policy=RedactionPolicy(names=True))
    for locale, localised in corpus.names.items():
        values = Values(locale, seed)
        for _ in range(rounds):
            for template in localised:
                _measure(redactor, template, locale, values, recall)
    return recall


def ordinary_hits(*, names: bool) -> tuple[int, int]:
    """Replacements in texts that hold nothing to hide, and the words of those texts."""
    redactor = Redactor(KEY, policy=RedactionPolicy(names=names))
    texts = [
        *unseen_templates.ORDINARY,
        *(text.format() for corpus in LATER for text in corpus.ORDINARY),
    ]
    return sum(len(TOKEN.findall(redactor.redact(text).text)) for text in texts), sum(len(text.split()) for text in texts)


def _measure(redactor: Redactor, template: str, locale: str, values: Values, recall: Recall) -> None:
    parts = list(Formatter().parse(template))
    filled = {name: values.make(name) for _, name, _, _ in parts if name}
    if {"first", "last"} <= filled.keys():  # one person
        filled["name"] = f"{filled['first']} {filled['last']}"
    text = template.format(**filled)
    literal = Counter(word for part, *_ in parts for word in _WORD.findall(part))
    redacted = redactor.redact(text).text
    kept = Counter(_WORD.findall(TOKEN.sub(" ", redacted)))
    surviving = kept - literal
    recall.words += literal.total()
    recall.words_lost += (literal - kept).total()
    for kind, value in filled.items():
        if f"{{{kind}}}" not in template:
            continue
        recall.seeded[kind.rstrip("2"), locale] += 1
        if any(word in value for word in surviving):
            recall.missed.append((kind, locale, value, redacted))
        else:
            recall.found[kind.rstrip("2"), locale] += 1
