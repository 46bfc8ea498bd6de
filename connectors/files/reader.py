"""Files as a source: ``rest_sources.source.Reader`` over a storage.

Stamps and fingerprints hold the source's policy: who may read, limits, redaction and the like. So a changed sources.yaml has every file written again at the next look, and a file
that was merely touched is read and not written.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import structlog

from connectors.extract import Extractor
from connectors.files.storage import Content, Refused, Storage, Stored
from connectors.files.texts import fingerprint, text_of
from contracts.sources.files import FileSource
from rest_sources.api import ApiUnavailableError
from rest_sources.files.paths import Rules, UnusablePathError, check_path, native_of, path_of
from rest_sources.source import GONE, Account, Fetched, Listed, ListedPage, UnreadableFileError

_log = structlog.get_logger()


class FilesReader:
    """One source. Its ids are ``file/<path>``."""

    def __init__(self, source: FileSource, storage: Storage, extractor: Extractor, rules: Rules) -> None:
        self._source = source
        self.storage = storage
        self._extractor = extractor
        self._rules = rules
        self._policy = source.policy
        self._told: set[str] = set()

    async def fetch(self, native: str) -> Fetched:
        return await self.fetch_unless(native, "", "")

    async def fetch_unless(self, native: str, stamp: str, content: str) -> Fetched:
        path = path_of(native)
        if not path.endswith("/") and not self._rules.includes(path):
            return GONE
        if stamp and (there := await self.storage.stat(path)) is not None and self._stamp(there) == stamp:
            return Fetched(stamp=stamp, identity=self._identity(there), content=content, same=True)
        found = await self.storage.content(path)
        match found:
            case None:
                return GONE
            case Refused():
                return Fetched(stamp=self._with_policy(found.stamp), refused={native: found.reason})
            case Content():
                return await self._read(native, found, content)

    async def _read(self, native: str, found: Content, known: str) -> Fetched:
        there = found.stored
        stamp, identity, content = self._stamp(there), self._identity(there), self._with_policy(self._fingerprint(found))
        if content == known:
            return Fetched(stamp=stamp, identity=identity, content=content, same=True)
        try:
            text = await text_of(self._extractor, there.path, found.data)
        except UnreadableFileError as error:
            if not found.settled:
                raise ApiUnavailableError(f"A file that may still be written cannot be read ({error.reason}).", "It is read again later.") from error
            return Fetched(stamp=stamp, identity=identity, content=content, refused={native: error.reason})
        refused = {f"{native}#{name}": f"attachment left out: {reason}" for name, reason in text.left_out.items()}
        return Fetched({native: text.record}, stamp=stamp, content=content, identity=identity, refused=refused, changed_us=there.modified_us)

    def _fingerprint(self, found: Content) -> str:
        """Of the bytes, and of their time where documents expire by it."""
        return fingerprint(found.data) + (f"@{found.stored.modified_us}" if self._source.retention else "")

    def listed(self, stored: Stored) -> Listed:
        """The file as a listing has it."""
        return Listed(native_of(stored.path), self._stamp(stored), self._identity(stored) if stored.identity else "")

    def usable(self, stored: Stored) -> bool:
        """Whether its path can be an id; why not is logged, once for each."""
        try:
            check_path(self._source.scope, stored.path)
        except UnusablePathError as error:
            if stored.path not in self._told:
                self._told.add(stored.path)
                _log.warning("file left out", source=self._source.name, path=ascii(stored.path), reason=str(error))
            return False
        return True

    async def listing(self, cursor: str) -> AsyncIterator[ListedPage]:
        for_nobody: list[str] = []
        async for page in self.storage.files(cursor):
            usable = [stored for stored in page if self.usable(stored)]
            for_nobody += [stored.path for stored in usable if self._rules.allowed(stored.path) is None and not stored.path.endswith("/")]
            yield ListedPage(tuple(self.listed(stored) for stored in usable), page[-1].path)
        if for_nobody:
            cure = "add a rule to 'access' in sources.yaml, or exclude them"
            _log.warning("files that nobody may read", source=self._source.name, count=len(for_nobody), first=ascii(for_nobody[0]), cure=cure)
        yield ListedPage((), "")

    def changed_since(self, cursor: str) -> AsyncIterator[ListedPage]:
        """A listing of files tells all: what changed is seen by comparing."""
        del cursor
        return self.listing("")

    async def below(self, native: str) -> AsyncIterator[str]:
        """Nothing: no file decides who reads another."""
        del native
        for none in list[str]():
            yield none

    async def containers(self) -> AsyncIterator[str]:
        """None, as ``below``."""
        for none in list[str]():
            yield none

    async def accounts(self) -> AsyncIterator[Account]:
        """None: principals are those that sources.yaml names."""
        for none in list[Account]():
            yield none

    def _stamp(self, stored: Stored) -> str:
        return self._with_policy(stored.stamp)

    def _with_policy(self, text: str) -> str:
        return f"{text}.{self._policy}" if text else ""

    def _identity(self, stored: Stored) -> str:
        """With who may read: a move to other readers is a new file and a delete at once, for the old document must not wait for the new one."""
        allowed = repr(sorted(self._rules.allowed(stored.path) or ()))
        return f"{stored.identity}.{hashlib.blake2b(allowed.encode(), digest_size=6).hexdigest()}"
