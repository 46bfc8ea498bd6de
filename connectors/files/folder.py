"""A folder as a storage: its files read in threads, and what the system says of them in words for a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from connectors.files.folder_files import KeepsChangingError, NoFolderError, Tree
from connectors.files.storage import Content, Refused, Stored
from rest_sources.api import ApiUnavailableError

_PAGE: Final = 1000
_Result = TypeVar("_Result")


class Folder:
    """``tree`` for whoever watches it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    async def stat(self, path: str) -> Stored | None:
        return await self.asked(lambda: self.tree.stat(path))

    async def content(self, path: str) -> Content | Refused | None:
        return await self.asked(lambda: self.tree.content(path))

    async def files(self, after: str) -> AsyncIterator[Sequence[Stored]]:
        walk: Iterator[Stored] = (one for one in self.tree.walk() if _place(one.path) > _place(after))
        while page := await self.asked(lambda: list(islice(walk, _PAGE))):
            yield page

    async def asked(self, call: Callable[[], _Result]) -> _Result:
        """What a call gives that asks the disk. Raises ApiUnavailableError."""
        try:
            return await asyncio.to_thread(call)
        except NoFolderError as error:
            cure = "Make or mount it, let the collector's user enter and list it, or change 'path' in sources.yaml."
            raise ApiUnavailableError(f"The folder {self.tree.root} cannot be opened ({error.reason}).", cure) from error
        except KeepsChangingError as error:
            raise ApiUnavailableError("The file keeps changing while it is read.", "It is read again later; exclude what is written all the time.") from error
        except OSError as error:
            raise ApiUnavailableError(f"The folder {self.tree.root} cannot be read ({error.strerror}).", "Look at the disk or the mount.") from error


def _place(path: str) -> list[str]:
    """Where a path comes in a walk."""
    return path.split("/") if path else []
