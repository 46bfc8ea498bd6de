"""What there is now, as data: the database, Kafka Connect and the topics, as far as a plan needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.debezium.connect_api import ConnectorStatus


@dataclass(frozen=True, slots=True)
class ObservedTable:
    name: str
    columns: dict[str, str]
    """Types by column, as ``format_type`` names them; ``enum`` for an enumeration."""
    identity: str
    """``pg_class.relreplident``: d, n, f or i."""
    identity_columns: frozenset[str]
    """What a delete shows of the row; all columns with identity f."""
    unique_keys: tuple[frozenset[str], ...]
    """Columns of each complete unique index; those with a column that may be null are left out."""
    selectable: bool
    owned: bool
    kind: str = "r"
    """``pg_class.relkind``: r is an ordinary table."""
    indexes: tuple[tuple[str, ...], ...] = ()
    """Columns of each complete index, in its order."""


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    superuser: bool
    replication: bool
    may_create: bool
    """CREATE on the database: for our schema and for publications."""


@dataclass(frozen=True, slots=True)
class Publication:
    tables: frozenset[str]
    all_tables: bool
    publishes: frozenset[str]
    """Of insert, update, delete, truncate."""
    owned: bool = True


@dataclass(frozen=True, slots=True)
class Slot:
    plugin: str
    database: str
    active: bool
    wal_status: str
    lag_bytes: int
    reader_pid: int | None = None
    """The database's process that serves the reader: another one after a restart of the task."""


@dataclass(frozen=True, slots=True)
class ObservedDatabase:
    wal_level: str
    free_slots: int
    role: Role
    tables: dict[str, ObservedTable] = field(default_factory=dict)
    table_names: tuple[str, ...] = ()
    """All tables of the database, for near names."""
    own_tables: frozenset[str] = frozenset()
    publication: Publication | None = None
    slot: Slot | None = None
    loads: frozenset[str] = frozenset()
    """Ids of the signals by which whole tables were read."""


@dataclass(frozen=True, slots=True)
class Observed:
    database: ObservedDatabase
    config: dict[str, str] | None
    status: ConnectorStatus | None
    plugins: frozenset[str]
    topics: frozenset[str]
