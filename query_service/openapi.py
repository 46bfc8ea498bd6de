"""The API's description (OpenAPI 3.1), made from the very models that requests are read with."""

from __future__ import annotations

from importlib import metadata
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from query_service.problems import ProblemBody
from query_service.wire import HealthBody, QueryRequest, QueryResponse, SearchRequest, SearchResponse, SourcesEvent, TokenEvent

_REF: Final = "#/components/schemas/{model}"
_REQUESTS: Final = (SearchRequest, QueryRequest)
_RESPONSES: Final = (SearchResponse, QueryResponse, HealthBody, ProblemBody, SourcesEvent, TokenEvent)
_PROBLEMS: Final = {
    "400": "The body is not JSON",
    "401": "No API key, or one that is not known",
    "413": "The body is too large",
    "415": "The body is not declared as JSON",
    "422": "A field is missing, unknown or wrong; `errors` lists them",
    "503": "The index or a model is not available; Retry-After says when to try again",
}
_OF_THE_MODEL_SERVER: Final = {"502": "The model server failed", "504": "The model server was too slow"}
_STREAM: Final = (
    "With `stream: true` the answer is a stream of server-sent events: `sources` (SourcesEvent), `token` (TokenEvent) any number of times, and `answer` "
    "(QueryResponse) or `error` (ProblemBody). Comments keep the connection alive."
)


def document() -> dict[str, Any]:
    """The whole document, as JSON-able values."""
    wanted: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in _REQUESTS]
    wanted += [(model, "serialization") for model in _RESPONSES]
    _, definitions = models_json_schema(wanted, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Headrace query service",
            "version": metadata.version("headrace") if _installed() else "0",
            "summary": "Search and cited answers, as fresh as the sources.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}, {"apiKey": []}],
        "paths": {
            "/v1/search": {"post": _operation("search", "Search what the caller may read", SearchRequest, SearchResponse)},
            "/v1/query": {"post": _query_operation()},
            "/healthz": {"get": _plain("health", "The process runs", HealthBody)},
            "/readyz": {"get": _plain("readiness", "It can answer: index reachable, model loaded, embedding space the live one", HealthBody, may_fail=True)},
        },
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "an API key"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _installed() -> bool:
    return any(True for _ in metadata.distributions(name="headrace"))


def _query_operation() -> dict[str, Any]:
    operation = _operation("query", "Ask a question, get a cited answer", QueryRequest, QueryResponse)
    operation["description"] = _STREAM
    operation["responses"]["200"]["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    return operation | {"responses": operation["responses"] | _problems(_OF_THE_MODEL_SERVER)}


def _operation(name: str, summary: str, takes: type[BaseModel], gives: type[BaseModel]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": _schema(takes)}}},
        "responses": {"200": _content("The result", gives), **_problems(_PROBLEMS)},
    }


def _plain(name: str, summary: str, gives: type[BaseModel], *, may_fail: bool = False) -> dict[str, Any]:
    responses = {"200": _content("Yes", gives)} | ({"503": _content("No; `checks` says why", gives)} if may_fail else {})
    return {"operationId": name, "summary": summary, "security": [], "responses": responses}


def _problems(kinds: dict[str, str]) -> dict[str, Any]:
    return {status: {"description": text, "content": {"application/problem+json": {"schema": _schema(ProblemBody)}}} for status, text in kinds.items()}


def _content(description: str, gives: type[BaseModel]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _schema(gives)}}}


def _schema(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
