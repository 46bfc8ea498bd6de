"""A vendor's REST API as a source asks it: paths in, JSON out. Who answers is connectors/rest; here is only what may be relied on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Method = Literal["POST", "PUT", "DELETE"]
Parameters = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object; a list stands in it as ``values``. ``next_url`` is what the header ``Link`` names as the next page, empty where it names none."""

    body: Mapping[str, object]
    next_url: str = ""


class Api(Protocol):
    """Retries, waits and limits lie behind it: what comes back is an answer, or nothing is there, or an error that no wait has cured."""

    async def get(self, path: str, parameters: Parameters | None = None) -> Answer | None:
        """The answer to GET; None where the vendor says that there is no such thing (404, 410), or none that we may know of.

        ``path`` begins with a slash, or is a whole URL of the same host, as in links to a next page. Raises ApiError.
        """
        ...

    async def send(self, method: Method, path: str, body: Mapping[str, object] | None = None) -> Answer | None:
        """The answer to a request that changes something there: webhooks are registered so. None for 404 and 410. Raises ApiError.

        It is tried again only where the vendor says that it did nothing (429, 503).
        """
        ...

    async def download(self, url: str, most_bytes: int) -> bytes | None:
        """A file; None where it is gone. Raises ApiError, TooLargeError among them."""
        ...


class ApiError(Exception):
    """The vendor cannot be asked. Both texts are for a person and hold neither secret nor content."""

    def __init__(self, cause: str, cure: str) -> None:
        self.cause = cause
        self.cure = cure
        super().__init__(f"{cause} {cure}")


class ApiUnavailableError(ApiError):
    """Away, overloaded, or slow, for longer than one waits. Worth another try later."""


class ApiRefusedError(ApiError):
    """The credentials are not taken: a person must act, and every other request will fare the same."""


class ForbiddenError(ApiError):
    """The account may not read this one thing: nobody's permissions are known, so nobody may see it."""


class UnexpectedAnswerError(ApiError):
    """Something other than was asked for, again and again: a login page instead of JSON, a status that is not documented."""


class TooLargeError(ApiError):
    """A file beyond the limit. Nothing of it is kept."""
