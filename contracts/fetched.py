"""What ``fetched.<source>`` holds: for each object of a REST source, what its last fetch showed. Compacted, keyed by native id, written in the transaction of the records themselves.

From it a collector knows which hints it has served already, which parts of an object are in the index, and whether permissions changed that others depend
on; a sweep knows, without asking for a single object, which ones a listing shows changed.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.events import InvalidRecordError, describe_validation
from contracts.topics import TopicSpec


class FetchedState(BaseModel):
    """``offset`` is that of the hint it was fetched for; ``parts`` are the native ids of the records that were written, the object's own among them.

    ``content`` is a fingerprint of what was fetched, where the source has one: equal ones need no second record. ``identity`` names an object that may come under another id.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    offset: int
    stamp: str = ""
    access: str = ""
    content: str = ""
    identity: str = ""
    parts: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    gone: bool = False


def fetched_topic(source: str) -> str:
    return f"fetched.{source}"


def fetched_topic_spec(source: str, partitions: int) -> TopicSpec:
    """As many partitions as ``hints.<source>``: the same partition of both is one collector's."""
    return TopicSpec(fetched_topic(source), partitions, compacted=True, retention_ms=None)


def decode_fetched(value: bytes) -> FetchedState:
    """Raises InvalidRecordError."""
    try:
        return FetchedState.model_validate_json(value)
    except ValidationError as error:
        raise InvalidRecordError(f"fetched: {describe_validation(error)}") from None
