"""Whether sources.yaml means something else than when it was read: a long-running program goes on with what it knew, or starts afresh."""

from __future__ import annotations

from pathlib import Path

from contracts.sources.loader import load_sources


class SourcesFile:
    """``sources`` is what the file said when it was last valid. Comments and layout are no change; neither is a file that is away for a moment."""

    def __init__(self, path: Path) -> None:
        """Raises SourcesError."""
        self._path = path
        self._seen = self._stamp()  # before it is read: what is written meanwhile is seen at the next look
        self.sources = load_sources(path)

    def changed(self) -> bool:
        """Whether it says something new and valid, once. Raises SourcesError for an invalid file, once for each time that it was written."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return False
        self._seen = stamp
        before, self.sources = self.sources, load_sources(self._path)
        return self.sources != before

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            state = self._path.stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size
