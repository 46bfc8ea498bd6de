"""The query service's errors, the index's and the models' included, as problem+json."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from contracts.problem_json import CONTENT_TYPE, RETRY_AFTER_SECONDS, UNAVAILABLE, Problem, ProblemBody, answering, of_http, unavailable, unforeseen
from index.embedding import EmbeddingUnavailableError, TextRejectedError
from index.store import StoreUnavailableError

__all__ = ["CONTENT_TYPE", "RETRY_AFTER_SECONDS", "UNAVAILABLE", "Problem", "ProblemBody", "problem_of", "problems"]

_DETAILS: Final = {
    404: "There is nothing under this path; /docs lists what there is.",
    405: "This path does not take this method; the header Allow names those that it takes, /docs explains them.",
    413: "Send a smaller one; HEADRACE_QUERY_MAX_BODY_BYTES sets the limit.",
}


def problem_of(error: Exception) -> Problem:
    """The problem to answer with for any error that a handler raised."""
    match error:
        case Problem():
            return error
        case StoreUnavailableError():
            return unavailable("index-unavailable", "The index (Weaviate) did not answer. Try again in a moment; /readyz tells when it is back.")
        case EmbeddingUnavailableError():
            return unavailable("embedding-unavailable", "The embedding model did not answer. Try again in a moment; /readyz tells when it is back.")
        case TextRejectedError():
            return Problem(422, "question-rejected", "The embedding model does not take this question", "Ask a shorter question, in plain text.")
        case web.HTTPException():
            return of_http(error, _DETAILS)
        case _:
            return unforeseen(error)


problems: Final = answering(problem_of)
