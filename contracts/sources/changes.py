"""Whether sources.yaml means something else than when it was read: a long-running program goes on with what it knew, or starts afresh."""

from __future__ import annotations

from pathlib import Path

from contracts.sources.loader import load_sources
from contracts.sources.model import Sources


class SourcesChange:
    """Looks at the file again. Comments and layout are no change; neither is a file that is away for a moment."""

    def __init__(self, path: Path, known: Sources) -> None:
        self._path = path
        self._known = known
        self._seen = self._stamp()

    def look(self) -> Sources | None:
        """What the file says now, if that is valid and new. Raises SourcesError for an invalid file, once for each time that it was written."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return None
        self._seen = stamp
        found = load_sources(self._path)
        if found == self._known:
            return None
        self._known = found
        return found

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            state = self._path.stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size
