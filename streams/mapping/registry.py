"""Which mapping a record belongs to: by its topic."""

from __future__ import annotations

from contracts.sources import Sources
from contracts.topics import source_backfill_topic, source_topic
from streams.mapping.table import TableMapping


def mappings_by_topic(sources: Sources) -> dict[str, TableMapping]:
    """The mapping of every topic that the declared sources write, live and backfill."""
    found: dict[str, TableMapping] = {}
    for source in sources.sources:
        for table in source.tables:
            mapping = TableMapping(source, table)
            found[source_topic(source.name, table.name)] = mapping
            found[source_backfill_topic(source.name, table.name)] = mapping
    return found
