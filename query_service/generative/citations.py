"""Citations of a written answer, checked: each ``[n]`` must name a source that was given, and the sentence before it must be found in it. Pure.

Support of a sentence is the share of its words, weighed by rarity, that the sources it cites hold. A sentence that cites nothing has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import regex

from index.reading import Hit
from index.text.sentences import sentence_spans
from query_service.answer import Quote
from query_service.extractive.words import content_stems, coverage, stems, weigh

_CITATION: Final = regex.compile(r"[ \t]*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_AFTER_STOP: Final = regex.compile(r"([.!?…])((?:[ \t]*\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\])+)")


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer with its valid citations only, the places they stand for, and how well these support it (0 to 1)."""

    text: str
    quotes: tuple[Quote, ...]
    support: float
    refused: int
    """Citations of sources that do not exist, taken out of the text."""


def check(answer: str, hits: Sequence[Hit]) -> Checked:
    """``hits`` are the sources as they were numbered in the prompt, from 1."""
    refused = 0

    def keep(match: regex.Match[str]) -> str:
        nonlocal refused
        numbers = _numbers(match)
        valid = [number for number in numbers if 1 <= number <= len(hits)]
        refused += len(numbers) - len(valid)
        return "".join(f" [{number}]" for number in valid)

    text = _CITATION.sub(keep, answer).strip()
    sentences = [(sentence, cited) for sentence, cited in _sentences(text) if stems(sentence)]
    weights = _Weights(hits)
    supports = [weights.support(sentence, cited) for sentence, cited in sentences]
    quotes = tuple(_quote(number, hits[number - 1], sentences, weights) for number in sorted({number for _, cited in sentences for number in cited}))
    return Checked(text, quotes, sum(supports) / len(supports) if supports else 0.0, refused)


def _numbers(match: regex.Match[str]) -> list[int]:
    return [int(number) for number in regex.findall(r"\d+", match[1])]


def _sentences(text: str) -> list[tuple[str, frozenset[int]]]:
    """Each sentence without its citations, and the numbers it cites: before or right after its full stop."""
    inside = _AFTER_STOP.sub(r"\2\1", text)
    found: list[tuple[str, frozenset[int]]] = []
    for start, end in sentence_spans(inside):
        sentence = inside[start:end]
        cited = frozenset(number for match in _CITATION.finditer(sentence) for number in _numbers(match))
        found.append((_CITATION.sub("", sentence).strip(), cited))
    return found


class _Weights:
    """The words of the sources, once per answer."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._held = [frozenset(stems(f"{hit.manifest.description.title} {hit.headings} {hit.text}")) for hit in hits]

    def support(self, sentence: str, cited: frozenset[int]) -> float:
        held = frozenset().union(*(self._held[number - 1] for number in cited))
        return self.share(sentence, held)

    def share(self, sentence: str, held: frozenset[str]) -> float:
        wanted = content_stems(sentence)
        return coverage(wanted, held, weigh(wanted, self._held))


def _quote(number: int, hit: Hit, sentences: Sequence[tuple[str, frozenset[int]]], weights: _Weights) -> Quote:
    """The sentence of the source that supports best what cites it."""
    claims = " ".join(sentence for sentence, cited in sentences if number in cited)
    best = (0.0, 0, len(hit.text))
    for start, end in sentence_spans(hit.text):
        share = weights.share(claims, frozenset(stems(hit.text[start:end])))
        if share > best[0]:
            best = (share, start, end)
    share, start, end = best
    raw = hit.text[start:end]
    text = raw.strip()
    first = hit.start + start + len(raw) - len(raw.lstrip())
    return Quote(number, hit, first, first + len(text), text, hit.score)
