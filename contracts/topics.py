"""The topics, declared once: partitions, retention, compaction. ``headrace up`` and every worker's start create what is missing and refuse what differs.

Names of ``source.<source>.<kind>`` are built here too; their partitions come from the same table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

DAY_MS: Final = 24 * 3600 * 1000
MAX_RECORD_BYTES: Final = 32 * 1024 * 1024
"""What producers, topics and fetches allow, so that a large row never stops a connector."""
MAX_TEXT_BYTES: Final = 8 * 1024 * 1024
"""A record with more text than this goes to the dead letters."""
JSON_BYTES_PER_CHAR: Final = 6
"""Most that Connect's JSON takes for one UTF-16 unit of a text: a control character and each half of an emoji are written as an escape."""
MAX_SOURCE_RECORD_BYTES: Final = 99 * 1024 * 1024
"""What a source's topics take: a row twice, before and after, its body cut just above ``MAX_TEXT_BYTES`` characters of the costliest kind, and 3 MiB for the rest.
Below the 100 MiB that a broker accepts as one request (``socket.request.max.bytes``). A consumer needs no such limit: a fetch always gives one whole batch.
"""

DOCUMENTS: Final = "documents"
DOCUMENTS_BACKFILL: Final = "documents.backfill"
INDEX_CHANGES: Final = "index.changes"
DEAD_LETTERS: Final = "dead-letters"
CURSORS: Final = "cursors"
AUDIT_QUERIES: Final = "audit.queries"
BACKFILL_SUFFIX: Final = ".backfill"
SMALL_SEGMENTS: Final = {"segment.bytes": str(16 * 1024 * 1024), "segment.ms": str(3600 * 1000)}
"""For a compacted topic that is read whole at each start: Kafka compacts no segment that is still written to, and takes a GiB or a week for one by itself."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    name: str
    partitions: int
    compacted: bool
    retention_ms: int | None
    """None keeps records until compaction replaces them."""
    config: dict[str, str] = field(default_factory=dict, hash=False)

    def configs(self) -> dict[str, str]:
        """The topic's configuration as Kafka names it."""
        own = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(-1 if self.retention_ms is None else self.retention_ms),
            "max.message.bytes": str(MAX_RECORD_BYTES),
        }
        return own | self.config


def source_topic(source: str, kind: str) -> str:
    """``source.app.public.tickets``: live changes of one table or record kind of a source."""
    return f"source.{source}.{kind}"


def source_backfill_topic(source: str, kind: str) -> str:
    """``source.app.public.tickets.backfill``: snapshot rows of the same, so that a load never stands before a live change."""
    return source_topic(source, kind) + BACKFILL_SUFFIX


def gathered_kind(table: str) -> str:
    """The kind of the records that hold a table's rows together with their related rows; what is of the table's own kind only says which rows have changed."""
    return table + ".gathered"


def fixed_topics(partitions: int) -> tuple[TopicSpec, ...]:
    """Every topic that does not depend on a source."""
    return (
        TopicSpec(DOCUMENTS, partitions, compacted=True, retention_ms=None),
        TopicSpec(DOCUMENTS_BACKFILL, partitions, compacted=True, retention_ms=None),
        TopicSpec(INDEX_CHANGES, partitions, compacted=False, retention_ms=7 * DAY_MS),
        TopicSpec(DEAD_LETTERS, 1, compacted=False, retention_ms=7 * DAY_MS),
        TopicSpec(CURSORS, 1, compacted=True, retention_ms=None, config=SMALL_SEGMENTS),
        TopicSpec(AUDIT_QUERIES, 1, compacted=False, retention_ms=30 * DAY_MS),
    )


def rereads_topic(source: str, table: str) -> str:
    """``rereads.shop.shop.reviews``: rows that somebody wants a poller to read again."""
    return f"rereads.{source}.{table}"


def source_topics(source: str, kinds: Iterable[str], partitions: int) -> tuple[TopicSpec, ...]:
    names = [name for kind in kinds for name in (source_topic(source, kind), source_backfill_topic(source, kind))]
    size = {"max.message.bytes": str(MAX_SOURCE_RECORD_BYTES)}
    return tuple(TopicSpec(name, partitions, compacted=False, retention_ms=7 * DAY_MS, config=size) for name in names)
