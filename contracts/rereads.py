"""What ``rereads.<source>.<database>.<table>`` holds: rows that a poller is to read again, and above which version what it finds is to be written.

The poller stays the only one who writes a table's records. Whoever finds the index wrong (``headrace verify --repair``) says which rows, as the documents' ids show
their keys, and what the index holds of each; the poller writes each row's state of then, or its delete, as the next version.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.events import InvalidRecordError, describe_validation
from contracts.topics import DAY_MS, TopicSpec, rereads_topic


class Reread(BaseModel):
    """One row. ``above`` is the order that the index holds, (major, minor) of its version; none where it holds nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: tuple[str, ...] = Field(min_length=1)
    above: tuple[int, int] | None = None


def rereads_topic_spec(source: str, table: str) -> TopicSpec:
    """One partition: it is read from the offset in the poller's cursor."""
    return TopicSpec(rereads_topic(source, table), 1, compacted=False, retention_ms=7 * DAY_MS)


def encode_reread(reread: Reread) -> bytes:
    return reread.model_dump_json().encode()


def decode_reread(value: bytes | None) -> Reread:
    """Raises InvalidRecordError, whose reason holds no content."""
    try:
        return Reread.model_validate_json(value or b"")
    except ValidationError as error:
        raise InvalidRecordError(f"reread: {describe_validation(error)}") from None
