"""The whole file: sources of every type, told apart by ``type``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Self, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from contracts.sources.clickhouse import ClickHouseSource
from contracts.sources.custom import CustomSource
from contracts.sources.files import FolderSource, S3Source
from contracts.sources.model import PostgresSource, TableSource
from contracts.sources.rest import CollectedSource, ConfluenceSource, JiraSource, RestSource, ZendeskSource

DEFAULT_TYPE: Final = "postgres"


def type_of(source: object) -> str:
    """What a source says of its type, right or wrong; Postgres where it says nothing."""
    return str(source.get("type", DEFAULT_TYPE) if isinstance(source, dict) else getattr(source, "type", DEFAULT_TYPE))


Source = Annotated[
    Annotated[PostgresSource, Tag("postgres")]
    | Annotated[ClickHouseSource, Tag("clickhouse")]
    | Annotated[ZendeskSource, Tag("zendesk")]
    | Annotated[JiraSource, Tag("jira")]
    | Annotated[ConfluenceSource, Tag("confluence")]
    | Annotated[CustomSource, Tag("custom")]
    | Annotated[FolderSource, Tag("folder")]
    | Annotated[S3Source, Tag("s3")],
    Discriminator(type_of),
]
TYPES: Final[Mapping[str, type[BaseModel]]] = MappingProxyType({tag.tag: model for model, tag in map(get_args, get_args(get_args(Source)[0]))})
"""By what ``type`` says."""


class Sources(BaseModel):
    """All of them, each under a name of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct_sources(self) -> Self:
        names = [source.name for source in self.sources]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"declared twice: {', '.join(twice)}; each source needs a name of its own")
        return self

    @property
    def postgres(self) -> tuple[PostgresSource, ...]:
        """Those that Debezium reads."""
        return tuple(source for source in self.sources if isinstance(source, PostgresSource))

    @property
    def clickhouse(self) -> tuple[ClickHouseSource, ...]:
        """Those that a poller reads."""
        return tuple(source for source in self.sources if isinstance(source, ClickHouseSource))

    @property
    def of_tables(self) -> tuple[TableSource, ...]:
        """Those whose documents are rows."""
        return tuple(source for source in self.sources if isinstance(source, TableSource))

    @property
    def collected(self) -> tuple[CollectedSource, ...]:
        """Those that a collector fetches from."""
        return tuple(source for source in self.sources if isinstance(source, CollectedSource))

    @property
    def rest(self) -> tuple[RestSource, ...]:
        """Those of them that are behind a REST API."""
        return tuple(source for source in self.sources if isinstance(source, RestSource))

    def source(self, name: str) -> TableSource | CollectedSource:
        """The source of that name; KeyError where there is none."""
        for source in self.sources:
            if source.name == name:
                return source
        raise KeyError(name)
