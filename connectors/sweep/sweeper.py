"""One look at a source: a listing compared with what was fetched last. Only what differs becomes a hint, so that a source without change costs its listing alone.

- ``changed``: what the vendor lists as changed since the last look. Cheap, often.
- ``all``: every object there is. Finds deletes: what was fetched and is no longer listed.
- ``access``: containers (projects, spaces) whose permissions no vendor tells; the collector compares each with what it saw before.

A look that was stopped goes on where it was: its cursor is written after the hints of each page.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from connectors.sweep.cursors import SweepCursor
from contracts.fetched import FetchedState
from contracts.hints import Hint
from contracts.telemetry import SWEEP_FOUND, SWEEP_LISTED
from rest_sources.api import ApiUnavailableError
from rest_sources.source import Listed, ListedPage, Reader

Look = Literal["changed", "all", "access"]
PAGE_OF_GONE: Final = 1000
MANY: Final = 10
"""So many objects are not all gone at once: what lists nothing where they were is a mount that is away, or an account that sees nothing any more."""


@dataclass(slots=True)
class Swept:
    """What a look found; counts of objects."""

    look: Look
    listed: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0

    @property
    def found(self) -> int:
        return self.new + self.changed + self.gone


Tell = Callable[[list[Hint]], Awaitable[None]]
Keep = Callable[[SweepCursor], Awaitable[None]]


@dataclass(slots=True)
class Sweeper:
    """``states`` is what was fetched last; ``tell`` has hints in Kafka before it returns; ``keep`` the cursor; ``advance`` is told of each page."""

    source: str
    reader: Reader
    states: Mapping[str, FetchedState]
    tell: Tell
    keep: Keep
    advance: Callable[[Swept], None] = field(default=lambda _: None)
    _told: set[Listed] = field(default_factory=set)
    """Pages overlap: what one of them told, another tells again."""
    _moved: set[str] = field(default_factory=set)
    """What new ones were known as before: the collector looks at these once the new ones are written."""
    _by_identity: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._by_identity = {state.identity: native for native, state in self.states.items() if state.identity and not state.gone}

    async def changed(self, cursor: SweepCursor) -> Swept:
        """What changed since the last such look; of everything where there was none."""
        swept = Swept("changed")
        async for page in self.reader.changed_since(cursor.changed):
            await self._page(swept, page)
            cursor = cursor.model_copy(update={"changed": page.cursor})
            await self.keep(cursor)
        await self.keep(cursor.model_copy(update={"changed_seconds": time.time()}))
        return swept

    async def everything(self, cursor: SweepCursor) -> Swept:
        """Every object; then what was fetched before and is listed no more. A look that goes on from a cursor cannot tell that, and begins again after it."""
        swept, seen, whole = Swept("all"), set[str](), not cursor.listing
        began = time.time()
        async for page in self.reader.listing(cursor.listing):
            await self._page(swept, page)
            seen.update(listed.id for listed in page.objects)
            cursor = cursor.model_copy(update={"listing": page.cursor})
            await self.keep(cursor)
        if not whole:
            return await self.everything(cursor.model_copy(update={"listing": ""}))
        await self._gone(swept, seen)
        await self.keep(cursor.model_copy(update={"listing": "", "all_seconds": began}))
        return swept

    async def access(self, cursor: SweepCursor) -> Swept:
        """Every container, to be compared by the collector."""
        swept, now = Swept("access"), _now_us()
        hints = [Hint(id=native, event="access", source_time_us=now, found_by="scan") async for native in self.reader.containers()]
        swept.listed = len(hints)
        SWEEP_LISTED.labels(self.source, swept.look).inc(len(hints))
        await self.tell(hints)
        await self.keep(cursor.model_copy(update={"access_seconds": time.time()}))
        self.advance(swept)
        return swept

    async def _page(self, swept: Swept, page: ListedPage) -> None:
        hints: list[Hint] = []
        for listed in page.objects:
            known = self.states.get(listed.id)
            if listed in self._told or (known is not None and not known.gone and listed.stamp and known.stamp == listed.stamp):
                continue
            self._told.add(listed)
            kind = "changed" if known is not None and not known.gone else "new"
            setattr(swept, kind, getattr(swept, kind) + 1)
            SWEEP_FOUND.labels(self.source, kind).inc()
            before = self._by_identity.get(listed.identity, "") if kind == "new" else ""
            self._moved |= {before} - {""}
            hints.append(Hint(id=listed.id, event=f"{swept.look}: {kind}", source_time_us=_now_us(), found_by="sweep", moved_from=before))
        swept.listed += len(page.objects)
        SWEEP_LISTED.labels(self.source, swept.look).inc(len(page.objects))
        await self.tell(hints)
        self.advance(swept)

    async def _gone(self, swept: Swept, seen: set[str]) -> None:
        """Containers are in no listing, and what is already known to be gone needs no second look."""
        missing = [native for native, state in self.states.items() if native not in seen | self._moved and (state.parts or state.refused)]
        if not seen and len(missing) >= MANY:
            raise ApiUnavailableError(
                f"{self.source} lists nothing, and {len(missing)} objects were known.",
                "Nothing is deleted: look whether it is mounted and whether our account still sees it. If all was deleted, 'headrace verify --repair' takes it out of the index.",
            )
        for at in range(0, len(missing), PAGE_OF_GONE):
            page = missing[at : at + PAGE_OF_GONE]
            swept.gone += len(page)
            SWEEP_FOUND.labels(self.source, "gone").inc(len(page))
            await self.tell([Hint(id=native, event="all: gone", source_time_us=_now_us(), found_by="sweep") for native in page])
        self.advance(swept)


def _now_us() -> int:
    return time.time_ns() // 1000
