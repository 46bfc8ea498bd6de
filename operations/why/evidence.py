"""What each place on a document's way says about it. Data only; gathering is gather.py's, judging is conclusion.py's.

Versions are the thread: the raw record, the document record and the manifest of one state all have the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from connectors.clickhouse.cursor import Cursor
from connectors.debezium import Health
from contracts.fetched import FetchedState
from contracts.hints import FoundBy
from contracts.identity import Version
from index.manifest import Manifest
from operations.dead_letters.letters import Letter
from operations.lag import Lag
from operations.topic_reading import Place

SourceKind = Literal["postgres", "clickhouse", "rest"]
RowKind = Literal["document", "outside where", "expired", "refused", "absent", "unknown"]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The row, or the object of a REST source, as it is now. ``fingerprint`` is that of the document which must be indexed for it."""

    kind: RowKind
    tenant: str = ""
    allowed: tuple[str, ...] = ()
    fingerprint: str = ""
    reason: str = ""
    expires_us: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the document on some topic. ``kind`` is the envelope's op, or document, delete, floor."""

    place: Place
    kind: str
    version: Version
    time_us: int
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class HintSeen:
    place: Place
    time_us: int
    found_by: FoundBy
    event: str


@dataclass(frozen=True, slots=True)
class Collecting:
    """What the collector of a REST source did about an object. ``parent`` is the object whose fetch gives it; ``served_to`` the offset up to which all hints are done."""

    native: str
    parent: str
    hints: tuple[HintSeen, ...] = ()
    served_to: int | None = None
    ahead: int = 0
    """Hints of its partition that are not done."""
    fetched: FetchedState | None = None

    @property
    def waiting(self) -> HintSeen | None:
        """The last hint, where no fetch has served it."""
        last = self.hints[-1] if self.hints else None
        done = last is None or (self.fetched is not None and self.fetched.offset >= last.place.offset) or last.place.offset < (self.served_to or 0)
        return None if done else last


@dataclass(frozen=True, slots=True)
class InIndex:
    """What one tenant's part of the index holds."""

    tenant: str
    manifests: tuple[Manifest, ...]
    chunks_there: int
    listed_gone: int
    """Chunks that the current manifest lists and that do not exist."""

    @property
    def current(self) -> Manifest | None:
        return max(self.manifests, key=lambda manifest: manifest.attempt, default=None)


@dataclass(slots=True)
class Evidence:
    """``unasked`` names what did not answer, so that silence is not taken for absence."""

    doc_id: str
    tenant: str | None = None
    kind: SourceKind = "postgres"
    source: str = ""
    table: str = ""
    """What holds the row: schema.table, or the source itself where it has objects and no tables."""
    declared: tuple[str, ...] = ()
    key_condition: str = ""
    """The row's key as ``headrace connectors snapshot`` takes it."""
    row: SourceRow = field(default_factory=lambda: SourceRow("unknown"))
    outside_identity: tuple[str, ...] = ()
    """Columns of tenant and id that a delete does not show."""
    connector: Health | None = None
    cursor: Cursor | None = None
    """Where the poller of a ClickHouse table is."""
    collecting: Collecting | None = None
    raw: tuple[Seen, ...] = ()
    raw_scanned: int = 0
    documents: tuple[Seen, ...] = ()
    letters: tuple[Letter, ...] = ()
    lags: tuple[Lag, ...] = ()
    indexed: tuple[InIndex, ...] = ()
    floor: Version | None = None
    unasked: list[str] = field(default_factory=list)

    @property
    def noun(self) -> str:
        return "object" if self.kind == "rest" else "row"

    @property
    def ask_again(self) -> str:
        """The command that has the source read again."""
        if self.kind == "postgres":
            return f"headrace connectors snapshot {self.table} {self.key_condition}"
        return f"headrace verify --source {self.source} --repair"

    def behind(self, step: str) -> int:
        """Records that the workers of a step have before them."""
        return sum(lag.records for lag in self.lags if lag.group.startswith(f"headrace-{step}-"))
