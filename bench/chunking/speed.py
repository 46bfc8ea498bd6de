"""Chunks per CPU-second, counting included: on first sight of a text, and again after a sentence of each text changed."""

from __future__ import annotations

import time

from tokenizers import Tokenizer

from bench.chunking.corpus import revisions
from contracts.events import ChunkPolicy
from streams.chunk.chunker import Chunker
from streams.chunk.tokens import ModelTokenCounter


def chunks_per_second(tokenizer: Tokenizer, window: int, policy: ChunkPolicy) -> dict[str, float]:
    """CPU time of this process, all threads."""
    texts = [revision.text for revision in revisions("markdown") if revision.number == 0 and revision.text]
    chunker = Chunker(ModelTokenCounter(tokenizer), window)
    chunks, cold = _timed(chunker, texts, policy)
    edited = [f"{text[: len(text) // 2]} A sentence that was not here before. {text[len(text) // 2 :]}" for text in texts]
    again, warm = _timed(chunker, edited, policy)
    return {
        "chunks": chunks,
        "cold_chunks_per_cpu_second": round(chunks / cold),
        "edited_chunks_per_cpu_second": round(again / warm),
        "cold_mb_per_cpu_second": round(sum(map(len, texts)) / 1e6 / cold, 2),
        "edited_page_milliseconds": round(1000 * warm / len(texts), 2),
    }


def _timed(chunker: Chunker, texts: list[str], policy: ChunkPolicy) -> tuple[int, float]:
    start = time.process_time()
    chunks = sum(len(chunker.chunk(text, "markdown", policy)) for text in texts)
    return chunks, time.process_time() - start
