"""Counts of the model's own tokens, remembered per sentence: counting is what chunking costs, and an edited page is nearly all old sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from cachetools import LRUCache
from tokenizers import Tokenizer

REMEMBERED_SENTENCES: Final = 500_000
"""About 100 bytes each."""


class TokenCounter(Protocol):
    """How long a model finds a text."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, without the model's special tokens."""
        ...


class ModelTokenCounter:
    """Counts with the tokenizer that the model itself uses; truncation and padding are switched off on an own copy.

    The memory's keys are Python's own string hashes: 64 bits, keyed anew in each process, so nobody can write two texts that collide.
    """

    def __init__(self, tokenizer: Tokenizer, remembered: int = REMEMBERED_SENTENCES) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._counts: LRUCache[int, int] = LRUCache(maxsize=remembered)

    def count(self, texts: Sequence[str]) -> list[int]:
        keys = [hash(text) for text in texts]
        counts = {key: found for key in keys if (found := self._counts.get(key)) is not None}
        unknown = {key: text for key, text in zip(keys, texts, strict=True) if key not in counts}
        if unknown:
            counts |= self._measure(unknown)
        return [counts[key] for key in keys]

    def _measure(self, unknown: dict[int, str]) -> dict[int, int]:
        encodings = self._tokenizer.encode_batch_fast(list(unknown.values()), add_special_tokens=False)
        fresh = {key: len(encoding.ids) for key, encoding in zip(unknown, encodings, strict=True)}
        self._counts.update(fresh)
        return fresh
