"""A record's text to pieces, by the chunker and the model's own tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.documents import Piece
from streams.chunk.chunker import Chunker
from streams.chunk.tokens import ModelTokenCounter

if TYPE_CHECKING:
    from contracts.events import DocumentRecord
    from index.embedding import Embedder


class UncuttableError(Exception):
    """The chunker failed on one document: it goes to the dead letters alone, with the error's name."""


class Cutter:
    """Cuts as the embedding space says. For one thread at a time."""

    def __init__(self, embedder: Embedder) -> None:
        special = embedder.tokenizer.num_special_tokens_to_add(is_pair=False)
        self._chunker = Chunker(ModelTokenCounter(embedder.tokenizer), embedder.window - special)

    def cut(self, record: DocumentRecord) -> list[Piece]:
        """Raises UncuttableError, whatever went wrong: one document's text must not stop the others'."""
        try:
            chunks = self._chunker.chunk(record.body, record.format, record.chunking)
        except Exception as error:
            raise UncuttableError(f"the text could not be cut ({type(error).__name__})") from error
        return [Piece(chunk.start, chunk.end, record.body[chunk.start : chunk.end], chunk.headings) for chunk in chunks]
