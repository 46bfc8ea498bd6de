"""Answers by a model server: prompt within the token budget, stream, check the citations, judge the support."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from index.reading import Hit
from query_service.answer import Answer, Asked, Event, Quote, Sources, Token, unanswered
from query_service.generative.citations import check
from query_service.generative.model_server import ModelServer
from query_service.generative.prompt import NOT_FOUND, Message, messages, within_budget
from query_service.steps import Steps

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LEAST_SUPPORT: Final = 0.35
"""Below this share of supported words an answer is not given: what it says is not in the sources that it cites."""


class GenerativeAnswerer:
    mode: Final = "generative"

    def __init__(self, server: ModelServer, tokenizer: Tokenizer, context_tokens: int) -> None:
        self._server = server
        self._tokenizer = tokenizer
        self._budget = context_tokens

    @property
    def name(self) -> str:
        return self._server.name

    async def answer(self, asked: Asked, steps: Steps) -> AsyncGenerator[Event, None]:
        """Raises Problem 502, 503 or 504 where the model server fails."""
        with steps.step("prompt"):
            hits = within_budget(asked.hits, self._count, self._budget)
            prompt = messages(asked.text, hits, secrets.token_hex(4))
        yield Sources(_whole(hits))
        if not hits:
            yield unanswered(0.0)
            return
        text = ""
        with steps.step("generate"):
            async with aclosing(_without_refusal(self._server, prompt)) as pieces:
                async for piece in pieces:
                    text += piece
                    yield Token(piece)
        with steps.step("check"):
            yield _judge(text, hits)

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


async def _without_refusal(server: ModelServer, prompt: Sequence[Message]) -> AsyncGenerator[str, None]:
    """The server's tokens; held back while they could still become the word for 'not in the sources', which nobody needs to read."""
    held = ""
    async with aclosing(server.tokens(prompt)) as tokens:
        async for token in tokens:
            held += token
            if NOT_FOUND.startswith(held.strip()) or held.strip().startswith(NOT_FOUND):
                continue
            yield held
            held = ""
    if held and not held.strip().startswith(NOT_FOUND):
        yield held


def _judge(text: str, hits: tuple[Hit, ...]) -> Answer:
    if not text.strip() or text.strip().startswith(NOT_FOUND):
        return unanswered(0.0)
    checked = check(text, hits)
    if checked.support < LEAST_SUPPORT:
        return unanswered(round(checked.support, 4))
    return Answer(checked.text, answered=True, confidence=round(checked.support, 4), quotes=checked.quotes)


def _whole(hits: Sequence[Hit]) -> tuple[Quote, ...]:
    return tuple(Quote(number, hit, hit.start, hit.end, hit.text, hit.score) for number, hit in enumerate(hits, 1))
