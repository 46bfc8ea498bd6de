"""Which mapping a record belongs to: by its topic."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.rest_records import OBJECTS
from contracts.sources import Sources
from contracts.topics import gathered_kind, source_backfill_topic, source_topic
from streams.mapping.rest import RestMapping
from streams.mapping.table import TableMapping

AnyMapping = TableMapping | RestMapping


def mappings_by_topic(sources: Sources) -> dict[str, AnyMapping]:
    """The mapping of every topic that the declared sources write, live and backfill."""
    return {topic(source, kind): mapping for source, kind, mapping in _mappings(sources) for topic in (source_topic, source_backfill_topic)}


def kinds_by_source(sources: Sources) -> dict[str, list[str]]:
    """The kinds of topics that each declared source has."""
    found: dict[str, list[str]] = {}
    for source, kind, _ in _mappings(sources):
        found.setdefault(source, []).append(kind)
    return found


def _mappings(sources: Sources) -> Iterator[tuple[str, str, AnyMapping]]:
    for source in sources.of_tables:
        for table in source.tables:
            yield source.name, gathered_kind(table.name) if table.related else table.name, TableMapping(source, table)
    for one in sources.rest:
        yield one.name, OBJECTS, RestMapping(one)
