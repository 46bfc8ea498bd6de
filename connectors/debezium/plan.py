"""Desired against observed gives actions, problems and warnings. Pure: nothing here reads or writes.

A problem stops ``apply`` before anything is changed. An action is the difference of one thing; where there is none, there is no action.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from connectors.debezium import names
from connectors.debezium.checks import problems_of, warnings_of
from connectors.debezium.findings import Finding
from connectors.debezium.observed import Observed
from connectors.debezium.spec import ConnectorSpec
from connectors.debezium.topics import topics_of
from contracts.topics import TopicSpec

_SECRET: Final = "database.password"  # noqa: S105 - a key's name


@dataclass(frozen=True, slots=True)
class CreateOwnTables:
    missing: tuple[str, ...]

    def __str__(self) -> str:
        return f"create {', '.join(self.missing)}"


@dataclass(frozen=True, slots=True)
class CreateTopics:
    specs: tuple[TopicSpec, ...]

    def __str__(self) -> str:
        return f"create topics {', '.join(spec.name for spec in self.specs)}"


@dataclass(frozen=True, slots=True)
class CreatePublication:
    name: str
    tables: tuple[str, ...]

    def __str__(self) -> str:
        return f"create publication {self.name} for {', '.join(self.tables)}"


@dataclass(frozen=True, slots=True)
class AlterPublication:
    name: str
    tables: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def __str__(self) -> str:
        changes = [f"+{name}" for name in self.added] + [f"-{name}" for name in self.removed]
        return f"alter publication {self.name}: {' '.join(changes) or 'publish insert, update, delete, truncate'}"


@dataclass(frozen=True, slots=True)
class ConfigChange:
    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class PutConnector:
    name: str
    new: bool
    changes: tuple[ConfigChange, ...]

    def __str__(self) -> str:
        return f"create connector {self.name}" if self.new else f"configure connector {self.name}: {', '.join(change.key for change in self.changes)}"


@dataclass(frozen=True, slots=True)
class RestartConnector:
    name: str
    reason: str

    def __str__(self) -> str:
        return f"restart connector {self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class LoadTable:
    """Reads every row of a table by an incremental snapshot."""

    table: str
    signal_id: str

    def __str__(self) -> str:
        return f"load {self.table} (incremental snapshot to its backfill topic)"


Action = CreateOwnTables | CreateTopics | CreatePublication | AlterPublication | PutConnector | RestartConnector | LoadTable


@dataclass(frozen=True, slots=True)
class Plan:
    source: str
    actions: tuple[Action, ...]
    problems: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


def plan(spec: ConnectorSpec, observed: Observed) -> Plan:
    """The actions in the order in which they must be carried out."""
    actions = (*_own_tables(observed), *_topics(spec, observed), *_publication(spec, observed), *_connector(spec, observed), *_loads(spec, observed))
    return Plan(spec.source.name, actions, tuple(problems_of(spec, observed)), tuple(warnings_of(spec, observed)))


def published_tables(spec: ConnectorSpec) -> tuple[str, ...]:
    return (*(table.name for table in spec.source.captured), names.HEARTBEAT_TABLE, names.SIGNAL_TABLE)


def _own_tables(observed: Observed) -> Iterator[Action]:
    missing = tuple(name for name in (names.HEARTBEAT_TABLE, names.SIGNAL_TABLE) if name not in observed.database.own_tables)
    if missing:
        yield CreateOwnTables(missing)


def _topics(spec: ConnectorSpec, observed: Observed) -> Iterator[Action]:
    missing = tuple(topic for topic in topics_of(spec.source, spec.partitions) if topic.name not in observed.topics)
    if missing:
        yield CreateTopics(missing)


def _publication(spec: ConnectorSpec, observed: Observed) -> Iterator[Action]:
    wanted, found = published_tables(spec), observed.database.publication
    name = names.publication_name(spec.source)
    if found is None:
        yield CreatePublication(name, wanted)
        return
    added = tuple(table for table in wanted if table not in found.tables)
    removed = tuple(sorted(found.tables - set(wanted)))
    if added or removed or len(found.publishes) < 4:
        yield AlterPublication(name, wanted, added, removed)


def _connector(spec: ConnectorSpec, observed: Observed) -> Iterator[Action]:
    wanted, found = spec.config(), observed.config or {}
    changes = tuple(
        ConfigChange(key, _shown(key, found.get(key)), _shown(key, wanted.get(key)))
        for key in sorted(wanted.keys() | found.keys() - {"name"})
        if wanted.get(key) != found.get(key)
    )
    if changes:
        yield PutConnector(spec.name, observed.config is None, changes)
    elif observed.status is None or not observed.status.tasks:
        yield RestartConnector(spec.name, "it has no task")
    elif observed.status.failure is not None:
        yield RestartConnector(spec.name, "its task has failed")


def _loads(spec: ConnectorSpec, observed: Observed) -> Iterator[Action]:
    """A table never read under this epoch and revision; and every table where the slot is gone, since nobody knows what changed without it."""
    for table in spec.source.tables:
        wanted = names.load_id(spec.source, table)
        if wanted not in observed.database.loads or observed.database.slot is None:
            yield LoadTable(table.name, wanted)


def _shown(key: str, value: str | None) -> str | None:
    """A password that somebody wrote into the running configuration is not repeated."""
    return value if key != _SECRET or value is None or value.startswith("${") else "(a literal secret)"
