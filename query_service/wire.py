"""The JSON of the API: requests are strict (unknown fields are refused by name), responses are what ``/openapi.json`` says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from contracts.events import MetadataValue

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Mode = Literal["hybrid", "vector", "keyword"]


def _scalar(value: object) -> object:
    """One sentence for what would be four, one for each member of the union."""
    if not isinstance(value, str | int | float):
        raise ValueError("must be text, a number, true or false")  # noqa: TRY004  # pydantic takes a ValueError as the field's
    return value


Scalar = Annotated[StrictBool | StrictInt | StrictFloat | StrictStr, BeforeValidator(_scalar)]


def _asked(value: str) -> str:
    cleaned = "".join(character if character.isprintable() else " " for character in value).strip()
    if not cleaned:
        raise ValueError("holds no text; ask something")
    return cleaned


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


Question = Annotated[StrictStr, AfterValidator(_asked)]
Alternatives = Annotated[tuple[StrictStr, ...], BeforeValidator(_as_list, json_schema_input_type=str | list[str]), Field(min_length=1, max_length=100)]
Values = Annotated[tuple[Scalar, ...], BeforeValidator(_as_list, json_schema_input_type=Scalar | list[Scalar]), Field(min_length=1, max_length=100)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FiltersBody(_Request):
    """What a document must be. A list is alternatives; several fields must all hold."""

    source: Alternatives | None = Field(None, description="name of a source, or several", examples=["handbook"])
    doc_type: Alternatives | None = Field(None, examples=[["page", "ticket"]])
    doc_id: Alternatives | None = None
    metadata: dict[StrictStr, Values] = Field(default_factory=dict, max_length=20, description="metadata fields and the value or values they may have")


class SearchRequest(_Request):
    query: Question = Field(description="what to look for", examples=["parental leave"])
    limit: StrictInt = Field(10, ge=1, le=50, description="most hits to return")
    mode: Mode = Field("hybrid", description="hybrid: by meaning and by words; vector: by meaning; keyword: by words (BM25)")
    filters: FiltersBody = Field(default_factory=FiltersBody)


class QueryRequest(_Request):
    question: Question = Field(examples=["How many days of parental leave do I get?"])
    filters: FiltersBody = Field(default_factory=FiltersBody)
    stream: StrictBool = Field(False, description="answer as server-sent events: sources, token …, answer (or error)")
    max_sources: StrictInt = Field(5, ge=1, le=20, description="most sources to answer from")


class AsOfBody(BaseModel):
    """How fresh the index is for one source."""

    source: str
    source_time: datetime = Field(description="commit time of the source's latest change that is searchable")
    indexed_time: datetime = Field(description="when that change was indexed")
    lag_seconds: float = Field(ge=0, description="from that commit until it was indexed. A quiet source has an old source_time and a small lag")


class HitBody(BaseModel):
    doc_id: str
    title: str
    url: str
    headings: list[str] = Field(description="titles above the text, outermost first")
    text: str
    start: int = Field(description="place of the text in the document, in characters")
    end: int
    score: float = Field(description="orders the hits of one search; not comparable between searches")
    source: str
    doc_type: str
    metadata: dict[str, MetadataValue]
    version: str = Field(description="version of the document, in a form that sorts")
    source_time: datetime = Field(description="commit time of this version at its source")
    indexed_time: datetime


class SearchResponse(BaseModel):
    hits: list[HitBody]
    as_of: list[AsOfBody]
    timings_ms: dict[str, float] = Field(description="milliseconds by step")


class SourceBody(BaseModel):
    """A place that the answer rests on."""

    number: int = Field(description="the n of [n] in the answer")
    doc_id: str
    title: str
    url: str
    headings: list[str]
    quote: str = Field(description="exact text of the document, from start to end")
    start: int
    end: int
    source: str
    version: str
    source_time: datetime
    age_seconds: float = Field(description="since this version was committed at its source")
    score: float


class ModelBody(BaseModel):
    mode: Literal["extractive", "generative"]
    name: str = Field(description="the model that wrote the answer; for extractive answers the embedding model that chose the sentences")


class QueryResponse(BaseModel):
    answer: str = Field(description="with citations like [1]; where answered is false it says that the documents do not tell")
    answered: bool
    confidence: float = Field(ge=0, le=1)
    sources: list[SourceBody]
    as_of: list[AsOfBody]
    model: ModelBody
    timings_ms: dict[str, float]


class SourcesEvent(BaseModel):
    """The stream's first event: what the answer will be made from."""

    sources: list[SourceBody]
    as_of: list[AsOfBody]


class TokenEvent(BaseModel):
    text: str


class HealthBody(BaseModel):
    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = Field(default_factory=dict, description="each part and its state")


def utc(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)
