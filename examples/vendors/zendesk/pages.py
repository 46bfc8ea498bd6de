"""Lists in pages, as documented in https://developer.zendesk.com/api-reference/introduction/pagination/

Cursor pagination answers a request with ``page[size]`` (100 at most): ``meta.has_more``, ``meta.after_cursor``, ``links.next``. A cursor names the last record shown, not a
number of records; so what is added or removed in between makes neither gap nor repetition. Without ``page[size]`` it is offset pagination (``page``, ``per_page``), which
has both, ends with 400 after 100 pages, and gives 30 records by default in the Help Center.

Not verified: too large sizes are cut to the maximum rather than refused; ``links`` hold null at the ends; the code of the error for a bad cursor.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aiohttp import web

from examples.vendors.zendesk.errors import refusal

T = TypeVar("T")
Json = dict[str, Any]
Key = tuple[Any, ...]
LARGEST_PAGE: Final = 100
_LAST_OFFSET_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list is called in the answer, its order (``-`` before a field turns it), and its default page."""

    name: str
    sort: str = "id"
    per_page: int = LARGEST_PAGE
    counts_pages: bool = False
    """The Help Center's offset pages tell ``page``, ``per_page`` and ``page_count`` too."""
    only_cursor: bool = False


def answer(request: web.Request, listing: Listing, items: Iterable[T], key: Callable[[T], Key], shape: Callable[[T], Json]) -> Json:
    """One page of ``items``, of which ``key`` is the order: it ends with the id, so that no two are alike."""
    descending = listing.sort.startswith("-")
    ordered = sorted(items, key=key, reverse=descending)
    if listing.only_cursor or "page[size]" in request.query:
        return _cursor_page(request, listing, ordered, key, shape)
    return _offset_page(request, listing, ordered, shape)


def _cursor_page(request: web.Request, listing: Listing, ordered: list[T], key: Callable[[T], Key], shape: Callable[[T], Json]) -> Json:
    size = max(1, min(LARGEST_PAGE, number(request, "page[size]", LARGEST_PAGE)))
    after, before = request.query.get("page[after]"), request.query.get("page[before]")
    descending = listing.sort.startswith("-")
    if before:
        edge = _decoded(before, listing)
        earlier = [item for item in ordered if (key(item) > edge if descending else key(item) < edge)]
        shown, more = earlier[-size:], len(earlier) > size
    else:
        edge = _decoded(after, listing) if after else ()
        later = [item for item in ordered if not after or (key(item) < edge if descending else key(item) > edge)]
        shown, more = later[:size], len(later) > size
    first, last = (_encoded(key(shown[0]), listing), _encoded(key(shown[-1]), listing)) if shown else (None, None)
    return {
        listing.name: [shape(item) for item in shown],
        "meta": {"has_more": more, "after_cursor": last, "before_cursor": first},
        "links": {
            "prev": _url(request, {"page[before]": first}, "page[after]") if first and (after or before) else None,
            "next": _url(request, {"page[after]": last}, "page[before]") if last and (more or before) else None,
        },
    }


def _offset_page(request: web.Request, listing: Listing, ordered: list[T], shape: Callable[[T], Json]) -> Json:
    page = max(1, number(request, "page", 1))
    size = max(1, min(LARGEST_PAGE, number(request, "per_page", listing.per_page)))
    if page > _LAST_OFFSET_PAGE:
        raise refusal(400, error="InvalidPaginationDepth", description="Offset pagination ends after 100 pages; use cursor pagination")
    start = (page - 1) * size
    body: Json = {
        listing.name: [shape(item) for item in ordered[start : start + size]],
        "count": len(ordered),
        "next_page": _url(request, {"page": str(page + 1)}) if start + size < len(ordered) else None,
        "previous_page": _url(request, {"page": str(page - 1)}) if page > 1 else None,
    }
    if listing.counts_pages:
        body |= {
            "page": page,
            "per_page": size,
            "page_count": -(-len(ordered) // size),
            "sort_by": listing.sort.removeprefix("-"),
            "sort_order": _order(listing),
        }
    return body


def number(request: web.Request, name: str, default: int) -> int:
    given = request.query.get(name, "")
    if not given:
        return default
    try:
        return int(given)
    except ValueError as error:
        raise refusal(400, description=f"{name} must be a number") from error


def _order(listing: Listing) -> str:
    return "desc" if listing.sort.startswith("-") else "asc"


def _url(request: web.Request, change: dict[str, str | None], without: str = "") -> str:
    query = {name: value for name, value in request.query.items() if name != without}
    return str(request.url.with_query({**query, **{name: value for name, value in change.items() if value is not None}}))


def _encoded(key: Key, listing: Listing) -> str:
    return base64.urlsafe_b64encode(json.dumps([listing.sort, *key]).encode()).decode()


def _decoded(cursor: str, listing: Listing) -> Key:
    """Refused if it is of another order: its values would not compare."""
    try:
        sort, *key = json.loads(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError, TypeError) as error:
        raise refusal(400, error="InvalidPaginationParameter", description="Invalid cursor") from error
    if sort != listing.sort:
        raise refusal(400, error="InvalidPaginationParameter", description="The cursor is of another sort order")
    return tuple(key)
