"""Kafka Connect's REST interface, as far as we need it. Retries are bounded, and only where Connect itself says "later" or is not there yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self, cast

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

from connectors.debezium.errors import ConnectRefusedError, ConnectUnavailableError
from contracts.settings import ConnectSettings

_LATER: Final = frozenset({409, 500, 503})
"""409 and 503: a rebalance is under way. 500: a request that timed out inside of Connect."""


class _AnsweredLaterError(Exception):
    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        super().__init__(response.status_code)


@dataclass(frozen=True, slots=True)
class Task:
    number: int
    state: str
    trace: str


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    state: str
    tasks: tuple[Task, ...]
    trace: str = ""

    @property
    def running(self) -> bool:
        return self.state == "RUNNING" and bool(self.tasks) and all(task.state == "RUNNING" for task in self.tasks)

    @property
    def failure(self) -> str | None:
        """The first line of what went wrong, with the last cause; None where nothing failed."""
        for state, trace in ((self.state, self.trace), *((task.state, task.trace) for task in self.tasks)):
            if state == "FAILED":
                return first_cause(trace)
        return None


class ConnectApi:
    """A context manager around one HTTP client. Every method raises ConnectUnavailableError or ConnectRefusedError."""

    def __init__(self, settings: ConnectSettings, patience_seconds: float = 20.0) -> None:
        self._url = settings.url
        self._patience_seconds = patience_seconds
        self._client = httpx.Client(base_url=settings.url, timeout=settings.timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def config(self, name: str) -> dict[str, str] | None:
        found = self._call("GET", f"/connectors/{name}/config", absent=True)
        return None if found is None else cast("dict[str, str]", found)

    def status(self, name: str) -> ConnectorStatus | None:
        found = self._call("GET", f"/connectors/{name}/status", absent=True)
        return None if found is None else _status(cast("dict[str, object]", found))

    def offset(self, name: str) -> dict[str, object]:
        """Where the connector is, as its plugin writes it; empty before its first record."""
        found = self._call("GET", f"/connectors/{name}/offsets", absent=True)
        offsets = cast("dict[str, list[dict[str, dict[str, object]]]]", found or {}).get("offsets")
        return (offsets[0].get("offset") or {}) if offsets else {}

    def put_config(self, name: str, config: Mapping[str, str]) -> None:
        self._call("PUT", f"/connectors/{name}/config", body=dict(config))

    def pause(self, name: str) -> None:
        self._call("PUT", f"/connectors/{name}/pause")

    def resume(self, name: str) -> None:
        self._call("PUT", f"/connectors/{name}/resume")

    def stop(self, name: str) -> None:
        self._call("PUT", f"/connectors/{name}/stop")

    def restart(self, name: str) -> None:
        self._call("POST", f"/connectors/{name}/restart?includeTasks=true&onlyFailed=false")

    def delete_offsets(self, name: str) -> None:
        """Only for a stopped connector; Connect says 400 until its tasks are really gone."""
        self._call("DELETE", f"/connectors/{name}/offsets")

    def delete(self, name: str) -> None:
        self._call("DELETE", f"/connectors/{name}", absent=True)

    def plugin_classes(self) -> frozenset[str]:
        found = cast("list[dict[str, str]]", self._call("GET", "/connector-plugins?connectorsOnly=false"))
        return frozenset(plugin["class"] for plugin in found)

    def _call(self, method: str, path: str, *, body: object = None, absent: bool = False) -> object:
        retrying = Retrying(
            stop=stop_after_delay(self._patience_seconds),
            wait=wait_exponential_jitter(multiplier=0.1, max=2.0),
            retry=retry_if_exception(_worth_a_retry),
            reraise=True,
        )
        try:
            response = retrying(self._once, method, path, body)
        except _AnsweredLaterError as error:
            response = error.response
        except httpx.TransportError as error:
            cure = "Start it ('headrace up' for the local stack), or set HEADRACE_CONNECT_URL to where it listens."
            raise ConnectUnavailableError(f"Kafka Connect does not answer at {self._url} ({type(error).__name__}).", cure) from error
        if response.status_code == httpx.codes.NOT_FOUND and absent:
            return None
        if response.is_error:
            raise ConnectRefusedError(f"Kafka Connect refuses {method} {path.partition('?')[0]}: {_message(response)}", "Mend what it names, then try again.")
        return response.json() if response.content else None

    def _once(self, method: str, path: str, body: object) -> httpx.Response:
        response = self._client.request(method, path, json=body)
        if response.status_code in _LATER:
            raise _AnsweredLaterError(response)
        return response


def _worth_a_retry(error: BaseException) -> bool:
    """A refused connection is told at once: a person waits for the answer."""
    return isinstance(error, _AnsweredLaterError | httpx.ReadError | httpx.RemoteProtocolError)


def _status(found: dict[str, object]) -> ConnectorStatus:
    connector = cast("dict[str, str]", found["connector"])
    tasks = cast("list[dict[str, object]]", found["tasks"])
    return ConnectorStatus(
        connector["state"],
        tuple(Task(cast("int", task["id"]), str(task["state"]), str(task.get("trace", ""))) for task in tasks),
        connector.get("trace", ""),
    )


def first_cause(trace: str) -> str:
    """``what: the last cause`` of a Java stack trace, without its hundred lines."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    if not lines:
        return "no reason given"
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return _without_class(lines[0]) if not causes or causes[-1] in lines[0] else f"{_without_class(lines[0])}: {_without_class(causes[-1])}"


def _without_class(line: str) -> str:
    name, colon, rest = line.partition(": ")
    return rest if colon and "." in name and " " not in name else line


def _message(response: httpx.Response) -> str:
    try:
        text = str(response.json().get("message", ""))
    except ValueError:
        text = response.text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    shown = [line for line in lines if not line.startswith(("Connector configuration is invalid", "You can also find"))] or lines
    return " ".join(shown[:3]) or f"HTTP {response.status_code}"
