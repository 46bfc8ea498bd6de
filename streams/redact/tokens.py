"""The tokens that stand for removed values: ``<EMAIL:c3fa91b07e>``.

A token is its label and 39 bits of a keyed BLAKE2b of the normalised value, so the same person stays the same person across documents, and nobody
without the key can test a guess. Invariants: the first digit is a letter, so no digit string can pass as a token and stay unredacted;
a token in the input is never matched again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

from contracts.sources.model import ENTITIES

DIGITS: Final = 10
TOKEN: Final = re.compile(rf"<(?:{'|'.join(ENTITIES)}):[a-f][0-9a-f]{{{DIGITS - 1}}}>")


class Span(NamedTuple):
    """Text from ``start`` to ``end`` is an instance of ``label``; ``value`` is its normal form, equal for all spellings of one thing."""

    start: int
    end: int
    label: str
    value: str


Finder = Callable[[str], list[Span]]


class TokenMaker:
    """Turns spans into tokens under one key."""

    def __init__(self, key: bytes) -> None:
        if not key:
            raise ValueError("the redaction key is empty: set one, or tokens could be guessed by hashing candidates")
        self._key = key if len(key) <= blake2b.MAX_KEY_SIZE else blake2b(key).digest()

    def token(self, label: str, value: str) -> str:
        """``<LABEL:`` and ten digits, the first of them a to f."""
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key, person=label.encode()).digest()
        return f"<{label}:{'abcdef'[digest[0] % 6]}{digest[1:].hex()[: DIGITS - 1]}>"

    def fingerprint(self, text: str) -> bytes:
        """Names a paragraph in memory without keeping it."""
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._key, person=b"paragraph").digest()
