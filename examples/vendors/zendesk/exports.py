"""Incremental exports: what changed since a time, in the order of the changes.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/ and
https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api

Cursor-based: ``start_time`` once, then ``cursor``; the cursor names the time and id of the last item, and stays good when the stream has ended. Time-based: each page
starts at the ``end_time`` of the last, in whole seconds, so that items of that second come twice; all items of one second are on one page (not verified). Neither shows
the most recent minute, and a ``start_time`` in it is refused with 400 ``StartTimeTooRecent``. Deleted tickets are in, unless ``exclude_deleted=true``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from aiohttp import web

from examples.vendors.zendesk import pages
from examples.vendors.zendesk.errors import refusal

T = TypeVar("T")
Json = dict[str, Any]
LARGEST_EXPORT_PAGE: Final = 1000
DOCUMENTED_LAG_SECONDS: Final = 60.0


@dataclass(frozen=True)  # no slots: a parameterized call sets ``__orig_class__``, which Python 3.11 breaks on
class Export(Generic[T]):
    """What is exported under which name; ``place`` is an item's time and id."""

    name: str
    place: Callable[[T], tuple[float, int]]
    shape: Callable[[T], Json]


@dataclass(frozen=True, slots=True)
class Window:
    now: float
    lag_seconds: float

    def start(self, request: web.Request) -> float:
        if not request.query.get("start_time"):
            raise refusal(400, description="start_time is required")
        start = float(pages.number(request, "start_time", 0))
        if start > self.now - self.lag_seconds:
            raise refusal(400, error="StartTimeTooRecent", description="Too recent start_time. Use a start_time older than 60 seconds")
        return start

    def settled(self, export: Export[T], items: Iterable[T]) -> list[T]:
        """In order, without the most recent changes."""
        return sorted((item for item in items if export.place(item)[0] <= self.now - self.lag_seconds), key=export.place)


def by_cursor(request: web.Request, export: Export[T], items: Iterable[T], window: Window) -> Json:
    cursor = request.query.get("cursor")
    after = _decoded(cursor) if cursor else (window.start(request), -1)
    later = [item for item in window.settled(export, items) if export.place(item) > after]
    shown = later[: _page_size(request)]
    next_cursor = _encoded(export.place(shown[-1])) if shown else cursor
    url = request.url.with_query({"cursor": next_cursor} if next_cursor else {})
    return {
        export.name: [export.shape(item) for item in shown],
        "after_cursor": next_cursor,
        "after_url": str(url) if next_cursor else None,
        "before_cursor": None,
        "before_url": None,
        "end_of_stream": len(shown) == len(later),
    }


def by_time(request: web.Request, export: Export[T], items: Iterable[T], window: Window) -> Json:
    start = window.start(request)
    later = [item for item in window.settled(export, items) if export.place(item)[0] >= start]
    size = _page_size(request)
    last_second = int(export.place(later[min(size, len(later)) - 1])[0]) if later else int(start)
    shown = [item for item in later if int(export.place(item)[0]) <= last_second]
    return {
        export.name: [export.shape(item) for item in shown],
        "count": len(shown),
        "end_time": last_second,
        "next_page": str(request.url.with_query({**request.query, "start_time": str(last_second)})),
        "end_of_stream": len(shown) == len(later),
    }


def _page_size(request: web.Request) -> int:
    """``per_page`` works on the live API though the reference leaves it out (seen in clients)."""
    return max(1, min(LARGEST_EXPORT_PAGE, pages.number(request, "per_page", LARGEST_EXPORT_PAGE)))


def _encoded(place: tuple[float, int]) -> str:
    """As the examples of the reference decode: ``1576613539.0||467|``."""
    return base64.b64encode(f"{place[0]!r}||{place[1]}|".encode()).decode()


def _decoded(cursor: str) -> tuple[float, int]:
    try:
        seconds, number = base64.b64decode(cursor, validate=True).decode().rstrip("|").split("||")
        return float(seconds), int(number)
    except (binascii.Error, ValueError) as error:
        raise refusal(400, error="InvalidCursor", description="Invalid cursor") from error
