"""The records on ``documents``, ``documents.backfill`` and ``index.changes``, and the headers that travel with every record.

A value is JSON; ``kind`` tells a document, its delete and a floor apart. Times are integers: microseconds since 1970 in UTC.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_serializer, field_validator

from contracts.identity import Version, check_tenant

HEADER_SOURCE_TIME: Final = "headrace-source-time-us"
HEADER_TRACE: Final = "traceparent"

Scalar = str | int | float | bool
MetadataValue = Scalar | list[str]
TextFormat = Literal["markdown", "text", "html"]


class InvalidRecordError(ValueError):
    """A record that does not decode: goes to the dead letters with this text as its reason."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChunkPolicy(_Record):
    """How a source wants its texts cut. Lengths are tokens of the embedding model."""

    max_tokens: int = Field(default=254, ge=32, le=8192, description="no chunk is longer; never above the model's window")
    min_tokens: int = Field(default=110, ge=8, le=4096, description="a content-defined boundary is looked for from here on")
    overlap: float = Field(default=0.2, ge=0.0, le=0.5, description="share of the chunk before, in whole sentences, repeated at the start of a chunk")


class _Versioned(_Record):
    version: Version

    @field_validator("version", mode="before")
    @classmethod
    def _read_version(cls, value: object) -> object:
        return Version.parse(value) if isinstance(value, str) else value

    @field_serializer("version")
    def _write_version(self, value: Version) -> str:
        return str(value)


class _OfDocument(_Versioned):
    tenant: str
    doc_id: str = Field(min_length=1, max_length=2048)
    scope: str = Field(description="what all documents of the same table or space begin with; a floor names it")
    source: str
    source_time_us: int = Field(description="when the source committed the change")

    @field_validator("tenant")
    @classmethod
    def _valid_tenant(cls, value: str) -> str:
        return check_tenant(value)


class DocumentRecord(_OfDocument):
    """One version of a document, after redaction: all that the index needs, so that another embedding space can be filled from the topic alone."""

    kind: Literal["document"] = "document"
    title: str = ""
    url: str = ""
    body: str
    format: TextFormat = "markdown"
    doc_type: str = ""
    allowed: tuple[str, ...] = Field(default=(), description="principals that may read it; none means nobody")
    metadata: dict[str, MetadataValue] = Field(default_factory=dict)
    chunking: ChunkPolicy = ChunkPolicy()
    expires_us: int | None = Field(default=None, description="from then on it is not in the index; none: it stays")
    moved_from: str | None = Field(default=None, description="the doc_id that it had before: while that one is indexed its vectors are taken over")


class DeleteRecord(_OfDocument):
    kind: Literal["delete"] = "delete"
    expires_us: int | None = Field(default=None, description="when it expired, where that is why it goes")


class FloorRecord(_Versioned):
    """Everything of ``scope`` below ``version`` is deleted, and fenced if it comes later (truncate, a removed table or source)."""

    kind: Literal["floor"] = "floor"
    scope: str = Field(min_length=1)
    source: str
    source_time_us: int


IndexRecord = Annotated[DocumentRecord | DeleteRecord | FloorRecord, Field(discriminator="kind")]
_INDEX_RECORD: Final[TypeAdapter[DocumentRecord | DeleteRecord | FloorRecord]] = TypeAdapter(IndexRecord)

Change = Literal["upsert", "delete", "permission"]


class IndexChange(_OfDocument):
    """What the indexer did to one document."""

    change: Change
    added: int = 0
    kept: int = 0
    removed: int = 0
    embedded: int = 0
    indexed_time_us: int
    """When the change was searchable."""
    whole_time_us: int = 0
    """When the last of its vectors was there too."""


def decode_index_record(value: bytes) -> DocumentRecord | DeleteRecord | FloorRecord:
    """A record of ``documents`` or ``documents.backfill``. Raises InvalidRecordError with the fields at fault, never their content."""
    try:
        return _INDEX_RECORD.validate_json(value)
    except ValidationError as error:
        raise InvalidRecordError(describe_validation(error)) from None


def describe_validation(error: ValidationError) -> str:
    """Which fields are wrong and how, without the input (which may hold what must not be logged)."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'record'}: {item['msg']}" for item in error.errors(include_input=False, include_url=False)
    )


def unless_expired(record: DocumentRecord, now_us: int) -> DocumentRecord | DeleteRecord:
    """The record while its time has not come; from then on the delete of this very state, so of the same version: a later state outranks it."""
    if record.expires_us is None or record.expires_us > now_us:
        return record
    return DeleteRecord(
        tenant=record.tenant,
        doc_id=record.doc_id,
        scope=record.scope,
        source=record.source,
        source_time_us=record.source_time_us,
        version=record.version,
        expires_us=record.expires_us,
    )


def encode(record: BaseModel) -> bytes:
    """Without what is None: a record that does not expire is as it always was, to an older release too."""
    return record.model_dump_json(exclude_none=True).encode()
