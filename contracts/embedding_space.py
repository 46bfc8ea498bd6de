"""Which vectors may be compared with which: model, revision, dimension, pooling, and how texts were cut.

The space is written down beside the collections it filled; whoever comes with another one refuses to start.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Final

import orjson

CHUNKER_VERSION: Final = 3
"""Rises when the same text would be cut into other chunks, or the same chunk embedded from another text."""


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    model: str
    revision: str
    dimension: int
    pooling: str
    chunker_version: int = CHUNKER_VERSION

    @property
    def id(self) -> str:
        """Eight hex digits that name the space's pair of collections."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:8]

    def to_json(self) -> str:
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS).decode()

    @classmethod
    def from_json(cls, text: str) -> EmbeddingSpace:
        return cls(**orjson.loads(text))

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return f"{self.model}{revision}, {self.dimension} dimensions, {self.pooling} pooling, chunker {self.chunker_version}"
