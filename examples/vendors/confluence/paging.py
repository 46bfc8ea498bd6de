"""Pages of results: Cloud's cursors (REST v2 and CQL search) and start/limit (REST v1, Data Center).

Cursor: opaque; the next page's relative URL stands in ``_links.next`` and in the ``Link`` header, ``</wiki/api/v2/pages?cursor=…>; rel="next",
<https://site/wiki>; rel="base"`` (https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-attachment/, responses, headers). A cursor names the
last result's place in the order, so that what is added meanwhile neither hides a result nor shows one twice.
Start and limit: ``start``, ``limit``, ``size``, ``_links`` {base, context, self, next}: https://developer.atlassian.com/server/confluence/pagination-in-the-rest-api/
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any, Final, TypeVar

from aiohttp import web

from examples.vendors.confluence.refusals import InvalidError
from examples.vendors.confluence.state import Content, Site

T = TypeVar("T")
Shape = Callable[[T], dict[str, Any]]
Order = Sequence[tuple[Callable[[T], str | int], bool]]
"""Values to sort by, each with whether it goes down; the last one must tell all results apart."""

CLOUD_LIMIT: Final = 250
"""Largest ``limit`` of REST v2: https://developer.atlassian.com/cloud/confluence/rest/v2/ (every listing)."""
START_LIMIT: Final = 200
"""«May be restricted by fixed system limits»; the number is not verified."""

_BY_ID: Final = (lambda content: content.id, False)
_VALUES: Final[dict[str, Callable[[Content], str | int]]] = {
    "id": lambda content: content.id,
    "created-date": lambda content: content.created.isoformat(timespec="milliseconds"),
    "modified-date": lambda content: content.version.when.isoformat(timespec="milliseconds"),
    "title": lambda content: content.title,
    "child-position": lambda content: content.position,
}


def order_of(sort: str) -> Order[Content]:
    """REST v2's ``sort``: a field, with «-» in front going down. By id where none is given (not verified)."""
    name = sort.removeprefix("-")
    if name not in _VALUES:
        raise InvalidError(f"Provided value for 'sort' is not the correct type. Expected type is one of {sorted(_VALUES)}")
    return ((_VALUES[name], sort.startswith("-")), _BY_ID)


def number(request: web.Request, name: str, default: int, most: int | None = None) -> int:
    """A number of the query, at least 0. Above ``most`` it is ``most``."""
    given = request.query.get(name, str(default))
    if not (given.isascii() and given.isdigit()):
        raise InvalidError(f"Provided value for '{name}' is not a number")
    return int(given) if most is None else min(int(given), most)


def cursor_page(request: web.Request, site: Site, found: Sequence[T], order: Order[T], shape: Shape[T], default_limit: int = 25) -> web.Response:
    """``found`` in any order; the answer of REST v2. A ``limit`` outside 1 to 250 is 400."""
    limit = number(request, "limit", default_limit)
    if not 1 <= limit <= CLOUD_LIMIT:
        raise InvalidError(f"Provided value for 'limit' is not in the range 1 to {CLOUD_LIMIT}")
    results, cursor = cut(request, found, order, limit)
    base = f"{site.base_url}{site.context}"
    links, headers = {"base": base}, {}
    if cursor is not None:
        following = str(request.rel_url.update_query({"cursor": cursor}))
        links["next"] = following
        headers["Link"] = f'<{following}>; rel="next", <{base}>; rel="base"'
    return web.json_response({"results": [shape(result) for result in results], "_links": links}, headers=headers)


def cut(request: web.Request, found: Sequence[T], order: Order[T], limit: int) -> tuple[list[T], str | None]:
    """The results behind the request's cursor, and the next cursor where more come."""

    def values(result: T) -> list[Any]:
        return [value(result) for value, _ in order]

    def compare(left: list[Any], right: list[Any]) -> int:
        for one, other, (_, down) in zip(left, right, order, strict=True):
            if one != other:
                return -1 if (one < other) != down else 1
        return 0

    ranked = [(values(result), result) for result in found]
    given = request.query.get("cursor")
    if given:
        last = _decoded(given, len(order))
        try:
            ranked = [(rank, result) for rank, result in ranked if compare(rank, last) > 0]
        except TypeError as error:
            raise InvalidError("Provided cursor is invalid") from error
    by_rank = cmp_to_key(compare)
    page = sorted(ranked, key=lambda pair: by_rank(pair[0]))[:limit]
    return [result for _, result in page], _encoded(page[-1][0]) if page and len(ranked) > limit else None


def start_page(request: web.Request, site: Site, found: Sequence[T], shape: Shape[T], default_limit: int = 25, most: int = START_LIMIT) -> dict[str, Any]:
    """A part of ``found``, in its order, as REST v1 wraps it."""
    start, limit = number(request, "start", 0), number(request, "limit", default_limit, most)
    page = [shape(result) for result in found[start : start + limit]]
    links = {"base": f"{site.base_url}{site.context}", "context": site.context, "self": f"{site.base_url}{request.rel_url}"}
    if start + limit < len(found) and limit:
        links["next"] = str(request.rel_url.update_query({"start": start + limit, "limit": limit})).removeprefix(site.context)
    return {"results": page, "start": start, "limit": limit, "size": len(page), "_links": links}


def _encoded(rank: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(rank).encode()).decode().rstrip("=")


def _decoded(cursor: str, length: int) -> list[Any]:
    try:
        rank = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise InvalidError("Provided cursor is invalid") from error
    if not isinstance(rank, list) or len(rank) != length:
        raise InvalidError("Provided cursor is invalid")
    return rank
