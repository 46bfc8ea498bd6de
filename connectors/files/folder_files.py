"""Files below a folder, so that no path and no link leads out of it: each part of a path is opened below the one before, links as links.

What is read is one state of the file: stamp and size must be the same before and after. Plain and synchronous; ``folder`` calls it in threads.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connectors.files.storage import Content, Refused, Stored

_TICK_NS: Final = 20_000_000
"""Two writes within a tick of the kernel's clock bear the same time: a file read so soon after a write is looked at again by the next sweep."""
_SETTLED_NS: Final = 10_000_000_000
_TRIES: Final = 4
_PAUSE_SECONDS: Final = 0.15
_PIECE: Final = 1 << 20


class KeepsChangingError(Exception):
    """Each time that it was read it had changed at the end."""


class NoFolderError(Exception):
    """The source's folder itself is not there, or cannot be opened. ``reason`` is the system's word for it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Tree:
    """``wanted`` tells whether a path below the root is to be listed; ``skipped`` whether nothing below a folder can be."""

    root: Path
    most_bytes: int
    follow: bool
    wanted: Callable[[str], bool]
    skipped: Callable[[str], bool]

    def stat(self, path: str) -> Stored | None:
        """None for what is no file, or lies where it may not be read."""
        try:
            with self._parent(path) as (parent, name):
                found = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except OutsideError:
            return None
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise
        return stored(path, found) if stat.S_ISREG(found.st_mode) else None

    def root_identity(self) -> tuple[int, int]:
        """Another one where another folder lies at the path: a mount came or went. Raises NoFolderError."""
        try:
            found = self.root.stat()
        except OSError as error:
            raise NoFolderError(error.strerror or type(error).__name__) from error
        return found.st_dev, found.st_ino

    def is_folder(self, path: str) -> bool:
        try:
            with self._parent(path) as (parent, name):
                return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
        except OutsideError:
            return False
        except OSError as error:
            if error.errno in _NOT_THERE:
                return False
            raise

    def content(self, path: str) -> Content | Refused | None:
        """Raises KeepsChangingError, NoFolderError, OSError for a disk that fails."""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE_SECONDS * attempt)
            found = self._read(path)
            if not isinstance(found, _Changed):
                return found
        raise KeepsChangingError

    def _read(self, path: str) -> Content | Refused | _Changed | None:
        if path.endswith("/"):
            return self._folder(path)
        try:
            with self._parent(path) as (parent, name):
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
        except PermissionError as error:
            return self._unreadable(path, error)
        except OutsideError:
            return None
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise
        with os.fdopen(file, "rb", buffering=0) as opened:
            return self._whole(path, opened.fileno())

    def _whole(self, path: str, file: int) -> Content | Refused | _Changed | None:
        before = os.fstat(file)
        if not stat.S_ISREG(before.st_mode):
            return None
        if before.st_size > self.most_bytes:
            reason = (
                f"the file has {before.st_size:,} bytes, {self.most_bytes:,} are allowed; raise limits.max_mib of the source in sources.yaml, or exclude it"
            )
            return Refused(stored(path, before).stamp, reason)
        pieces, left = [], before.st_size + 1
        while left > 0 and (piece := os.read(file, min(left, _PIECE))):
            pieces.append(piece)
            left -= len(piece)
        data, after = b"".join(pieces), os.fstat(file)
        if len(data) != before.st_size or _written(before) != _written(after):
            return _Changed()
        return Content(stored(path, after), data, settled=time.time_ns() - max(after.st_mtime_ns, after.st_ctime_ns) > _SETTLED_NS)

    def _unreadable(self, path: str, error: PermissionError) -> Refused | None:
        """Refused where the file itself may not be read; below a folder that may not be entered nothing is known of it, and that folder's refusal tells why."""
        if self.stat(path) is None:
            return None
        return Refused("", f"the file may not be read ({error.strerror}); let the collector's user read it, or exclude it in sources.yaml")

    def _folder(self, path: str) -> Refused | None:
        try:
            os.scandir(self.root / path).close()
        except PermissionError as error:
            return Refused("", f"the folder may not be listed ({error.strerror}); let the collector's user read and enter it, or exclude it in sources.yaml")
        except OSError:
            return None
        return None

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The folder that a file is in, opened, and the file's name."""
        *folders, name = self._parts(path)
        try:
            opened = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise NoFolderError(error.strerror or type(error).__name__) from error
        try:
            for folder in folders:
                below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=opened)
                os.close(opened)
                opened = below
            yield opened, name
        finally:
            os.close(opened)

    def _parts(self, path: str) -> list[str]:
        """Where links may be followed, those of the place that the path leads to. Raises OutsideError, FileNotFoundError."""
        parts = path.split("/")
        if any(part in {"", ".", ".."} for part in parts) or "\x00" in path:
            raise OutsideError
        if not self.follow:
            return parts
        root = os.path.realpath(self.root)
        real = os.path.realpath(self.root / path, strict=True)
        if not real.startswith(root + "/"):
            raise OutsideError
        return real[len(root) + 1 :].split("/")

    def walk(self, start: str = "") -> Iterator[Stored]:
        """Every file below a folder of the tree, the names of each folder in their order. A folder that may not be listed comes as a path with a slash at its end."""
        waiting = [iter(self._entries(start))]
        while waiting:
            entry = next(waiting[-1], None)
            if entry is None:
                waiting.pop()
            elif isinstance(entry, Stored):
                yield entry
            else:
                waiting.append(iter(self._entries(entry)))

    def _entries(self, folder: str) -> list[Stored | str]:
        """Files, and the paths of folders to look into."""
        try:
            with os.scandir(self.root / folder) as listed:
                found = sorted(listed, key=lambda entry: entry.name)
        except PermissionError as error:
            if not folder:
                raise NoFolderError(error.strerror or type(error).__name__) from error
            return [Stored(f"{folder}/", "", "", 0)]
        except (FileNotFoundError, NotADirectoryError) as error:
            if not folder:
                raise NoFolderError(error.strerror or type(error).__name__) from error
            return []
        return [one for entry in found if (one := self._entry(f"{folder}/{entry.name}" if folder else entry.name, entry)) is not None]

    def _entry(self, path: str, entry: os.DirEntry[str]) -> Stored | str | None:
        try:
            if entry.is_symlink() and not self._stays_inside(path):
                return None
            if entry.is_dir():
                return None if self.skipped(path) else path
            found = entry.stat()
        except (FileNotFoundError, PermissionError):
            return None
        return stored(path, found) if stat.S_ISREG(found.st_mode) and self.wanted(path) else None

    def _stays_inside(self, path: str) -> bool:
        """Whether a link may be followed: it leads to a place inside, which is not one of the folders that it is in."""
        if not self.follow:
            return False
        real, root = os.path.realpath(self.root / path), os.path.realpath(self.root)
        parent = os.path.realpath((self.root / path).parent)
        return real.startswith(root + "/") and not f"{parent}/".startswith(f"{real}/")


class OutsideError(Exception):
    """A path that leads out of the folder."""


class _Changed:
    """Written while it was read."""


_NOT_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG})
"""No file, or below what is no folder, or below a folder that may not be entered, or a link, or a socket."""


def _written(found: os.stat_result) -> tuple[int, ...]:
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size


def stored(path: str, found: os.stat_result) -> Stored:
    fresh = time.time_ns() - found.st_mtime_ns < _TICK_NS
    stamp = "" if fresh else f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
    return Stored(path, stamp, f"{found.st_dev}-{found.st_ino}", found.st_ctime_ns // 1000, found.st_mtime_ns // 1000)
