"""Documents of the reference configuration: real sentences of the example company, shuffled by a seed, at least eight chunks of 110 to 160 words each."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from examples.company import load
from index.text.sentences import sentence_spans

WORDS: Final = 1050
"""A document's length: ten chunks or so, never under eight."""
_PARAGRAPH_SENTENCES: Final = (3, 7)
_SECTION_PARAGRAPHS: Final = (2, 4)


@dataclass(frozen=True, slots=True)
class Page:
    id: int
    tenant: str
    title: str
    body: str
    allowed: tuple[str, ...]


class Corpus:
    """Pages by number; the same seed gives the same pages."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._sentences = _sentences()

    def page(self, number: int) -> Page:
        chance = random.Random(f"{self._seed}/{number}")
        blocks: list[str] = []
        words = 0
        while words < WORDS:
            blocks.append(f"## Section {len(blocks) + 1} of {number}")
            for _ in range(chance.randint(*_SECTION_PARAGRAPHS)):
                paragraph = " ".join(chance.choices(self._sentences, k=chance.randint(*_PARAGRAPH_SENTENCES)))
                blocks.append(paragraph)
                words += len(paragraph.split())
        return Page(number, "bench", f"Page {number}", "\n\n".join(blocks), ("group:staff", f"group:g{number % 50}"))

    def sentence(self, chance: random.Random) -> str:
        return chance.choice(self._sentences)


def _sentences() -> list[str]:
    """Plain sentences of the example company's English handbook, without headings, lists and tables."""
    found: set[str] = set()
    for row in load.rows():
        for start, end in sentence_spans(row.text):
            sentence = " ".join(row.text[start:end].split())
            if 6 <= len(sentence.split()) <= 40 and sentence[0].isupper() and sentence.endswith(".") and sentence.isascii():
                found.add(sentence)
    return sorted(found)
