"""A folder watched: the system tells that something happened at a path; what happened is found by comparing what is there with what was seen before.

So a burst, a folder moved with all that is below it and an event that lies are all the same: a place to look at. The first look comes after the watching has begun and before the
first sweep, so that a change is seen by one of them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Collection
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from watchfiles import awatch

from connectors.collect.outcome import MOST_URGENT
from connectors.files.folder import Folder
from connectors.files.folder_files import Tree
from connectors.files.reader import FilesReader
from connectors.files.storage import Stored
from contracts.hints import FoundBy, Hint, encode_hint, hints_topic
from contracts.settings import KafkaSettings
from contracts.sources.files import FolderSource
from rest_sources.api import ApiError
from rest_sources.files.paths import native_of

_STEP_MS: Final = 20
"""So long it must be quiet until changes are looked at, ..."""
_DEBOUNCE_MS: Final = 300
"""... and so long at most."""
_POLL_MS: Final = 1000
_LOOK_MS: Final = 500
_RECENT_US: Final = 5_000_000
"""A file that came with its folder, or by a move, bears an old time; that it came is news of now."""
_AGAIN_SECONDS: Final = 30.0
_log = structlog.get_logger()


@dataclass(slots=True)
class Changes:
    """``moved`` gives for a new path the one where the same file was seen before; that one is not in ``gone``."""

    present: list[Stored] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    moved: dict[str, str] = field(default_factory=dict)


class Seen:
    """What a folder held when it was last looked at."""

    def __init__(self, tree: Tree, identity: Callable[[Stored], str]) -> None:
        self._tree = tree
        self._identity = identity
        self._files: dict[str, Stored] = {}
        self._by_identity: dict[str, str] = {}

    def changes(self, places: Collection[str]) -> Changes:
        """What became of these paths and of all that is below them, and remembers it."""
        found = dict[str, Stored]()
        for place in places:
            there = [] if place and self._skipped(place) else self._there(place)
            found |= {one.path: one for one in there}
        changes = Changes(gone=self._known_at(set(places), found.keys()) - found.keys())
        for path, stored in found.items():
            before = self._files.get(path)
            if before is not None and before.stamp and before.stamp == stored.stamp:
                continue
            changes.present.append(stored)
            origin = self._by_identity.get(self._identity(stored), path) if before is None else path
            if origin != path:
                changes.moved[path] = origin
        self._remember(changes)
        changes.gone -= set(changes.moved.values())
        return changes

    def _known_at(self, places: set[str], found: AbstractSet[str]) -> set[str]:
        """The files that were seen at these places or below. All files are looked through only for what is, or was, a folder."""
        folders = {place for place in places if place not in self._files and place not in found}
        below = {path for path in self._files if _is_below(path, folders)} if folders else set[str]()
        return below | (places & self._files.keys())

    def _there(self, place: str) -> list[Stored]:
        stored = self._tree.stat(place) if place else None
        if stored is not None:
            return [stored] if self._tree.wanted(place) else []
        return list(self._tree.walk(place)) if not place or self._tree.is_folder(place) else []

    def _skipped(self, place: str) -> bool:
        parts = place.split("/")
        return any(self._tree.skipped("/".join(parts[:count])) for count in range(1, len(parts) + 1))

    def _remember(self, changes: Changes) -> None:
        for path in changes.gone:
            gone = self._files.pop(path)
            if self._by_identity.get(self._identity(gone)) == path:
                del self._by_identity[self._identity(gone)]
        for stored in changes.present:
            self._files[stored.path] = stored
            if identity := self._identity(stored):
                self._by_identity[identity] = stored.path

    @property
    def count(self) -> int:
        return len(self._files)


async def keep_watching(source: FolderSource, folder: Folder, reader: FilesReader, kafka: KafkaSettings, mine: asyncio.Event, looked: asyncio.Event) -> None:
    """While this process owns the source's first partition; ``looked`` is set after the first look. Raises KafkaError."""
    if source.watch == "off":
        looked.set()
        return
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all", enable_idempotence=True, linger_ms=0)
    await producer.start()
    try:
        while True:
            await mine.wait()
            try:
                async with aclosing(_watched(source, folder, reader, mine, looked)) as watched:
                    async for changes in watched:
                        await _tell(source, reader, producer, changes)
            except ApiError as error:
                _log.warning("watching stopped", source=source.name, cause=error.cause, cure=error.cure, again_seconds=_AGAIN_SECONDS)
                looked.set()
                await asyncio.sleep(_AGAIN_SECONDS)
    finally:
        await producer.stop()


async def _watched(source: FolderSource, folder: Folder, reader: FilesReader, mine: asyncio.Event, looked: asyncio.Event) -> AsyncGenerator[Changes, None]:
    """Until the source is another process's. Raises ApiError."""
    seen = Seen(folder.tree, lambda stored: reader.listed(stored).identity)
    began, root = False, (0, 0)
    async with aclosing(_places(source, folder)) as happened:
        async for places in happened:
            if not mine.is_set():
                return
            changes = await folder.asked(partial(seen.changes, places if began else {""}))
            if not began:
                began, root = True, await folder.asked(folder.tree.root_identity)
                looked.set()
                _log.info("watching", source=source.name, files=seen.count)
            elif changes.gone and await folder.asked(folder.tree.root_identity) != root:
                cure = "If a mount has gone, mount it again; nothing is deleted until a sweep sees files there."
                raise ApiError(f"Another folder lies at {source.path} than before.", cure)
            elif changes.present or changes.gone:
                yield changes


async def _places(source: FolderSource, folder: Folder) -> AsyncGenerator[set[str], None]:
    """Paths at which something happened; an empty set now and then, the first once the watching has begun. Raises ApiError."""
    root = os.fspath(folder.tree.root)
    watching = awatch(
        root,
        watch_filter=None,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        force_polling=source.watch == "polling",
        poll_delay_ms=_POLL_MS,
        ignore_permission_denied=True,
    )
    try:
        async with aclosing(watching):
            async for happened in watching:
                yield {path.removeprefix(root).strip("/") for _, path in happened}
    except (OSError, RuntimeError) as error:
        raise _cannot_watch(source, error) from error


def _cannot_watch(source: FolderSource, error: Exception) -> ApiError:
    cure = "Make or mount it; where the system's limit on watches is reached, raise fs.inotify.max_user_watches, or set 'watch: polling' in sources.yaml."
    return ApiError(f"The folder {source.path} cannot be watched ({type(error).__name__}).", cure)


async def _tell(source: FolderSource, reader: FilesReader, producer: AIOKafkaProducer, changes: Changes) -> None:
    now = time.time_ns() // 1000
    found_by: FoundBy = "scan" if len(changes.present) + len(changes.gone) <= MOST_URGENT else "sweep"
    hints = [
        Hint(
            id=native_of(stored.path),
            event="moved" if stored.path in changes.moved else "written",
            source_time_us=stored.changed_us if now - _RECENT_US < stored.changed_us <= now else now,
            found_by=found_by,
            moved_from=native_of(changes.moved[stored.path]) if stored.path in changes.moved else "",
        )
        for stored in changes.present
        if reader.usable(stored)
    ]
    hints += [Hint(id=native_of(path), event="gone", source_time_us=now, found_by=found_by) for path in sorted(changes.gone)]
    sent = [await producer.send(hints_topic(source.name), value, key=key) for key, value in map(encode_hint, hints)]
    await asyncio.gather(*sent)


def _is_below(path: str, places: set[str]) -> bool:
    if "" in places or path in places:
        return True
    parts = path.split("/")
    return any("/".join(parts[:count]) in places for count in range(1, len(parts)))
