"""Redaction paragraph by paragraph, with memory.

Each piece of a text (``segments``) is a pure function of itself and the policy; memory keeps its result under a keyed fingerprint, so an edit costs what it
changed and no raw text is held. A piece with findings is searched again until nothing is found: what comes out is a fixed
point, which is what makes redaction idempotent.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import Final

from cachetools import LRUCache

from contracts.sources.model import RedactionPolicy
from streams.redact.accounts import find_cards, find_ibans
from streams.redact.credentials import find_credentials, find_private_keys
from streams.redact.national_ids import find_national_ids
from streams.redact.network import find_addresses, find_mails
from streams.redact.phones import PhoneFinder
from streams.redact.segments import Piece, pieces
from streams.redact.tokens import TOKEN, Finder, Span, TokenMaker

_RANK: Final = {label: rank for rank, label in enumerate(("SECRET", "EMAIL", "IBAN", "NATIONAL_ID", "CARD", "IP", "PHONE", "PERSON"))}
_ROUNDS: Final = 8
# Any card, IBAN, id or phone holds six digits with little between, or a codice fiscale's middle.
_LONG_NUMBER: Final = re.compile(r"\d(?:[^\w\n]{0,3}\d){5}|\d\d[A-Za-z]\d\d")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without what its policy forbids, and how many values of each label were replaced."""

    text: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What memory keeps of a piece: None for a text that stays as it is."""

    text: str | None
    counts: tuple[tuple[str, int], ...]


_UNCHANGED: Final = _Outcome(None, ())


def _name_finder(policy: RedactionPolicy) -> Finder:
    from streams.redact.names import NameFinder  # noqa: PLC0415  # Presidio imports torch and transformers: 700 MB that only a policy with names pays for

    return NameFinder(policy.ner_threshold)


class Redactor:
    """One policy under one key. Safe to share between threads; memory is bounded by ``memory_paragraphs``, least recently used first out."""

    def __init__(self, key: bytes, *, policy: RedactionPolicy, memory_paragraphs: int = 50_000) -> None:
        self._tokens = TokenMaker(key)
        self._policy = policy
        self._allowed = frozenset(entry.casefold() for entry in policy.allow)
        self._memory: LRUCache[bytes, _Outcome] = LRUCache(maxsize=memory_paragraphs)
        self._lock = Lock()
        self._phones: Finder = PhoneFinder(policy.regions)
        self._names: Finder | None = _name_finder(policy) if policy.names and "PERSON" in policy.entities else None

    def redact(self, text: str) -> Redacted:
        """The text with each value replaced by its token."""
        counts: Counter[str] = Counter()
        if self._policy.patterns and "-----BEGIN" in text and "SECRET" in self._policy.entities:
            text = self._replace(text, find_private_keys(text), counts)
        parts = []
        for piece in pieces(text):
            outcome = self._remembered(piece)
            parts.append(piece.text if outcome.text is None else outcome.text)
            counts.update(dict(outcome.counts))
        return Redacted("".join(parts), MappingProxyType(dict(counts)))

    def _remembered(self, piece: Piece) -> _Outcome:
        if not self._memory.maxsize:
            return self._search(piece)
        key = self._tokens.fingerprint(piece.text) + bytes([piece.code])
        with self._lock:
            outcome = self._memory.get(key)
        if outcome is None:
            outcome = self._search(piece)
            with self._lock:
                self._memory[key] = outcome
        return outcome

    def _search(self, piece: Piece) -> _Outcome:
        counts: Counter[str] = Counter()
        text = self._settle(piece.text, self._find_patterns, counts) if self._policy.patterns else piece.text
        if self._names is not None and not piece.code:
            text = self._settle(text, self._names, counts)
        return _Outcome(text, tuple(counts.items())) if counts else _UNCHANGED

    def _settle(self, text: str, find: Finder, counts: Counter[str]) -> str:
        """Replaces until nothing is found; each round turns characters outside tokens into tokens, so it ends."""
        for _ in range(_ROUNDS):
            replaced = self._replace(text, find(text), counts)
            if replaced == text:
                break
            text = replaced
        return text

    def _find_patterns(self, text: str) -> list[Span]:
        spans = find_credentials(text)
        if "@" in text:
            spans += find_mails(text)
        if _LONG_NUMBER.search(text):
            spans += find_ibans(text) + find_cards(text) + find_national_ids(text) + self._phones(text)
        if text.count(".") >= 3 or text.count(":") >= 2:
            spans += find_addresses(text)
        return spans

    def _replace(self, text: str, found: Iterable[Span], counts: Counter[str]) -> str:
        spans = [span for span in found if span.label in self._policy.entities and not self._is_allowed(text, span)]
        if not spans:
            return text
        parts: list[str] = []
        at = 0
        for span in _disjoint(text, spans):
            parts += (text[at : span.start], self._tokens.token(span.label, span.value))
            counts[span.label] += 1
            at = span.end
        return "".join([*parts, text[at:]])

    def _is_allowed(self, text: str, span: Span) -> bool:
        if not self._allowed:
            return False
        written = text[span.start : span.end].casefold()
        return bool(self._allowed & {written, span.value, written.rpartition("@")[2], f"@{written.rpartition('@')[2]}"})


def _disjoint(text: str, spans: list[Span]) -> list[Span]:
    """Overlapping spans become one, so that no character of any survives; what overlaps an older token is left alone."""
    tokens = [match.span() for match in TOKEN.finditer(text)]
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, _RANK[s.label], -s.end)):
        after = bisect_left(tokens, (span.end, 0))
        if after and tokens[after - 1][1] > span.start:
            continue
        if merged and span.start < merged[-1].end:
            merged[-1] = _union(text, merged[-1], span)
        else:
            merged.append(span)
    return merged


def _union(text: str, one: Span, other: Span) -> Span:
    start, end = min(one.start, other.start), max(one.end, other.end)
    best = min(one, other, key=lambda s: _RANK[s.label])
    if (best.start, best.end) == (start, end):
        return best
    whole = next((s for s in (one, other) if (s.start, s.end) == (start, end)), None)
    return whole or Span(start, end, best.label, text[start:end])
