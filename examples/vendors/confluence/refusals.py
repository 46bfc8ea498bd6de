"""What a request is refused with, and the vendor's error bodies.

REST v2: ``{"errors": [{"status", "code", "title", "detail"}]}``, as clients record it (404 and 409 of ``/wiki/api/v2/pages``; the reference has no body).
REST v1 and Data Center: ``{"statusCode", "data": {"authorized", "valid", "errors", "successful"}, "message"}``, as clients record it (a 409 of ``PUT /content``).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web

CLOUD_API: Final = "/wiki/api/v2"


class RefusedError(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class NotFoundError(RefusedError):
    """Also for what the caller may not see: Confluence does not tell the two apart."""

    def __init__(self, what: str = "content") -> None:
        super().__init__(HTTPStatus.NOT_FOUND, f"No {what} found, or no permission to view it")


class InvalidError(RefusedError):
    def __init__(self, message: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, message)


class ForbiddenError(RefusedError):
    def __init__(self, message: str = "Not permitted") -> None:
        super().__init__(HTTPStatus.FORBIDDEN, message)


class UnauthorizedError(RefusedError):
    def __init__(self) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, "Unauthorized")


def answer(status: int, message: str, *, cloud_api: bool) -> web.Response:
    """The error as the API of that path writes it."""
    if cloud_api:
        return web.json_response({"errors": [{"status": status, "code": HTTPStatus(status).name, "title": message, "detail": None}]}, status=status)
    data = {"authorized": status not in {401, 403}, "valid": status != HTTPStatus.BAD_REQUEST, "errors": [], "successful": False}
    return web.json_response({"statusCode": status, "data": data, "message": message}, status=status)
