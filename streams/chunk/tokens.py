"""Counts of the model's own tokens, remembered: an edited page is nearly all old sentences, and a new one nearly all words seen before.

A tokenizer of the BERT family cuts at white space before anything else, so a text has the tokens of its words and each word is asked for once. Whether one
is of that family is read from its own description; with any other sentences alone are remembered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from typing import Final, Protocol

import orjson
from tokenizers import Tokenizer

from index.text.embedded import shown_text

REMEMBERED_BYTES: Final = 32 << 20
"""For words, and as much again for sentences."""
_ENTRY_BYTES: Final = 120
"""What an entry takes beside its characters."""


class TokenCounter(Protocol):
    """How long a model finds a text."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text as the model is given it (``shown_text``), without its special tokens."""
        ...


class ModelTokenCounter:
    """Counts with the tokenizer that the model itself uses; truncation and padding are switched off on an own copy."""

    def __init__(self, tokenizer: Tokenizer, remembered_bytes: int = REMEMBERED_BYTES) -> None:
        description = tokenizer.to_str()
        self._tokenizer = Tokenizer.from_str(description)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._texts = _Memory(self._text_counts, remembered_bytes)
        self._words = _Memory(self._word_counts, remembered_bytes) if _cuts_at_white_space(description) else None

    def count(self, texts: Sequence[str]) -> list[int]:
        known = self._texts.of(texts)
        return [known[text] for text in texts]

    def _text_counts(self, texts: Sequence[str]) -> list[int]:
        shown = [shown_text(text) for text in texts]
        if self._words is None:
            return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(shown, add_special_tokens=False)]
        words = [text.split(" ") for text in shown]
        known = self._words.of(list(chain.from_iterable(words)))
        return [sum(map(known.__getitem__, row)) for row in words]

    def _word_counts(self, words: Sequence[str]) -> list[int]:
        """Of all words in one call: each token belongs to the word that its first character stands in."""
        ends = list(accumulate(len(word) + 1 for word in words))
        counts = [0] * len(words)
        for start, _ in self._tokenizer.encode(" ".join(words), add_special_tokens=False).offsets:
            counts[bisect_right(ends, start)] += 1
        return counts


class _Memory:
    """Counts by text, bounded in bytes. A full memory is emptied: filling it again costs some milliseconds, an order of use would cost as much each time."""

    def __init__(self, measure: Callable[[Sequence[str]], list[int]], most_bytes: int) -> None:
        self._measure = measure
        self._most_bytes = self._free_bytes = most_bytes
        self._counts: dict[str, int] = {}

    def of(self, texts: Sequence[str]) -> dict[str, int]:
        """Counts of at least these texts."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._counts]
        if unknown:
            self._free_bytes -= sum(map(len, unknown)) + _ENTRY_BYTES * len(unknown)
            if self._free_bytes < 0:
                self._counts, self._free_bytes = {}, self._most_bytes
                unknown = [*dict.fromkeys(texts)]
            self._counts.update(zip(unknown, self._measure(unknown), strict=True))
        return self._counts


def _cuts_at_white_space(description: str) -> bool:
    """Whether the tokenizer's own description (the JSON of ``tokenizers``) says that white space always parts two tokens and leaves no trace in them."""
    parts = orjson.loads(description)
    return all((parts[name] or {}).get("type") == kind for name, kind in (("normalizer", "BertNormalizer"), ("pre_tokenizer", "BertPreTokenizer")))
