"""The splitters that are compared, each as a function from a text to spans ``[start, end)``, all without overlap; ours has a mean of at least 150 tokens, the others of about 150."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from langchain_text_splitters import RecursiveCharacterTextSplitter

from bench.chunking.corpus import Form
from contracts.events import ChunkPolicy
from streams.chunk.chunker import Chunker
from streams.chunk.tokens import TokenCounter

Span = tuple[int, int]
Splitter = Callable[[str], list[Span]]

FIXED_WORDS = 114
RECURSIVE_TOKENS: dict[Form, int] = {"markdown": 285, "flat": 205}
REFERENCE_POLICY = ChunkPolicy(max_tokens=254, min_tokens=110, overlap=0.2)
REPLAY_POLICY = ChunkPolicy(max_tokens=254, min_tokens=80, overlap=0.0)
WRITTEN_POLICY = ChunkPolicy(max_tokens=156, min_tokens=49, overlap=0.0)
"""Its chunks have a mean of about 150 tokens where link targets and tags count too."""


def content_defined(chunker: Chunker, form: Form, policy: ChunkPolicy) -> Splitter:
    """Ours."""

    def split(text: str) -> list[Span]:
        return [(chunk.start, chunk.end) for chunk in chunker.chunk(text, "markdown" if form == "markdown" else "text", policy)]

    return split


def fixed_windows(text: str) -> list[Span]:
    """The same number of words in each chunk."""
    words = [word.span() for word in re.finditer(r"\S+", text)]
    return [(words[at][0], words[min(at + FIXED_WORDS, len(words)) - 1][1]) for at in range(0, len(words), FIXED_WORDS)]


def recursive(counter: TokenCounter, form: Form) -> Splitter:
    """LangChain's, with its default separators, measured in the model's tokens (which add up over words)."""

    @cache
    def word_tokens(word: str) -> int:
        return counter.count([word])[0]

    def length(text: str) -> int:
        return sum(map(word_tokens, text.split()))

    splitter: Any = RecursiveCharacterTextSplitter(
        chunk_size=RECURSIVE_TOKENS[form], chunk_overlap=0, add_start_index=True, length_function=length, strip_whitespace=False
    )

    def split(text: str) -> list[Span]:
        starts = [(document.metadata["start_index"], len(document.page_content)) for document in splitter.create_documents([text])]
        return [(start, start + size) for start, size in starts]

    return split
