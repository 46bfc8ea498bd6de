"""Error answers. Statuses and when they come: https://developer.zendesk.com/api-reference/introduction/requests/#errors

Bodies of 401, 404 and 422 are those that Zendesk's own pages and clients show; those of 403, 429 and 503 are not verified beyond their keys.
"""

from __future__ import annotations

import json
from typing import Any, Final

from aiohttp import web

_BODIES: Final[dict[int, dict[str, Any]]] = {
    400: {"error": "BadRequest", "description": "Invalid request"},
    401: {"error": "Couldn't authenticate you"},
    403: {
        "error": {"title": "Forbidden", "message": "You do not have access to this page. Please contact the account owner of this help desk for further help."}
    },
    404: {"error": "RecordNotFound", "description": "Not found"},
    422: {"error": "RecordInvalid", "description": "Record validation errors", "details": {}},
    429: {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests per minute exceeded"},
    503: {"error": "ServiceUnavailable", "description": "The service is temporarily unavailable"},
}
_RAISED: Final[dict[int, type[web.HTTPError]]] = {
    400: web.HTTPBadRequest,
    401: web.HTTPUnauthorized,
    403: web.HTTPForbidden,
    404: web.HTTPNotFound,
    422: web.HTTPUnprocessableEntity,
}


def response(status: int) -> web.Response:
    return web.json_response(_BODIES[status], status=status)


def refusal(status: int, **more: object) -> web.HTTPError:
    """To be raised by a route; ``more`` adds to the body or replaces in it."""
    return _RAISED[status](text=json.dumps({**_BODIES[status], **more}), content_type="application/json")
