"""The query service as the commands see it: one HTTP client, and its errors as one message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from contracts.settings import QuerySettings, read


class ServiceError(Exception):
    """The query service refused, or did not answer. The message is for people."""


def service_url(settings: QuerySettings | None = None) -> str:
    settings = settings or read(QuerySettings)
    return f"http://{settings.host}:{settings.port}"


class QueryClient:
    """One API key's view of the service."""

    def __init__(self, url: str, key: str, timeout_seconds: float = 60.0) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=timeout_seconds)

    def query(self, question: str, **fields: Any) -> dict[str, Any]:
        return self._post("/v1/query", {"question": question, **fields})

    def search(self, text: str, **fields: Any) -> dict[str, Any]:
        return self._post("/v1/search", {"query": text, **fields})

    def stream(self, question: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(event, data) of the answer as it comes."""
        try:
            with self._http.stream("POST", "/v1/query", json={"question": question, "stream": True}) as answer:
                if answer.is_error:
                    answer.read()
                    _raise_problem(answer)
                yield from _events(answer.iter_lines())
        except httpx.HTTPError as error:
            raise _unreachable(self._http.base_url, error) from error

    def close(self) -> None:
        self._http.close()

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = self._http.post(path, json=body)
        except httpx.HTTPError as error:
            raise _unreachable(self._http.base_url, error) from error
        if answer.is_error:
            _raise_problem(answer)
        found: dict[str, Any] = answer.json()
        return found


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    event = "message"
    for line in lines:
        if line.startswith("event:"):
            event = line[6:].strip()
        elif line.startswith("data:"):
            yield event, json.loads(line[5:])


def _unreachable(url: httpx.URL, error: httpx.HTTPError) -> ServiceError:
    return ServiceError(f"the query service at {url} does not answer ({type(error).__name__}); start it with 'headrace up', or look with 'headrace status'")


def _raise_problem(answer: httpx.Response) -> None:
    try:
        problem = answer.json()
        text = problem.get("detail") or problem.get("title") or answer.reason_phrase
    except ValueError:
        text = answer.reason_phrase
    raise ServiceError(f"{answer.status_code}: {text}")
