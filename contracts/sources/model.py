"""What a sources file may say. Frozen and pure: nothing here reads a database, so key columns and everything else are declared.

Columns: ``title``, ``body``, ``url`` are a column's name or a template with ``{column}``. ``tenant``, ``doc_type`` and metadata are a template too, and without
braces a constant. ``allowed`` is one column that holds the principals, or a list of templates and constants.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

from phonenumbers import SUPPORTED_REGIONS
from pydantic import BaseModel, Field, WithJsonSchema, field_validator, model_validator

from contracts.events import ChunkPolicy, Scalar, TextFormat
from contracts.identity import TENANT_PATTERN, scope_of_table
from contracts.sources.captured import Captured, captured_tables
from contracts.sources.parts import ColumnText, Part, TemplateText, WrittenCondition, check_template, values_by_column
from contracts.sources.related import Related, check_related
from contracts.sources.retention import Retention, TableRetention, check_retention, days_of
from contracts.sources.secrets import SecretReference
from contracts.sources.template import Template, parse_column_or_template, parse_template

NAME_PATTERN: Final = r"^[a-z][a-z0-9_]{0,31}$"
"""A source's name is part of topics, slot, publication and connector: lower case, digits and underscores, because a slot's name may hold no more."""


Entity = Literal["EMAIL", "PHONE", "CARD", "IBAN", "IP", "NATIONAL_ID", "SECRET", "PERSON"]
ENTITIES: Final[tuple[Entity, ...]] = ("EMAIL", "PHONE", "CARD", "IBAN", "IP", "NATIONAL_ID", "SECRET", "PERSON")
REGIONS: Final = ("US", "GB", "DE", "FR", "ES", "IT")


class RedactionPolicy(Part):
    """What is replaced before a text reaches ``documents``. The pattern tier cannot be switched off."""

    patterns: Literal[True] = Field(default=True, description="replace what a pattern and its checksum can recognise: always on")
    names: bool = Field(default=False, description="replace names of people too, by NER: costs about a hundred times the patterns")
    entities: tuple[Entity, ...] = Field(default=ENTITIES, description="labels that are replaced; PERSON needs names: true as well")
    regions: tuple[str, ...] = Field(default=REGIONS, description="ISO 3166 countries whose national phone formats and ids are looked for; earlier ones win")
    allow: tuple[str, ...] = Field(default=(), description="never replaced: an exact value, or a mail domain such as ourcompany.example")
    ner_threshold: float = Field(
        default=0.6,
        ge=0.0,
        le=1.0,
        description="a name is replaced from this score on: full names 0.7 to 0.9, a lone given name of the lists 0.65, one word that only the model calls a name 0.4",
    )

    @field_validator("regions")
    @classmethod
    def _known_regions(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [region for region in regions if region not in SUPPORTED_REGIONS]:
            raise ValueError(f"unknown regions {', '.join(unknown)}: use ISO 3166 codes such as US, GB, DE")
        return regions


_KEY_SCHEMA: Final[dict[str, object]] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_PORT_SCHEMA: Final[dict[str, object]] = {
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535}, {"type": "string", "pattern": "^env:"}],
    "default": 5432,
}


class Table(Part):
    """How the rows of one table become documents."""

    name: str = Field(pattern=r"^[^.\s]+\.[^.\s]+$", description="schema.table")
    key: Annotated[tuple[str, ...], WithJsonSchema(_KEY_SCHEMA)] = Field(
        min_length=1, description="the columns that identify a row: its primary key, or a unique index of columns that are never null"
    )
    title: ColumnText | None = None
    body: ColumnText
    url: ColumnText | None = None
    format: TextFormat = "markdown"
    tenant: TemplateText = Field(description="'{tenant_id}' for a column, or one constant tenant")
    allowed: ColumnText | tuple[TemplateText, ...] = Field(
        default=(),
        description="a column with the principals (text[], jsonb, comma list), or a list of templates and constants; none means that nobody may read",
    )
    restricted_when: WrittenCondition | None = Field(default=None, description="rows that nobody may read, whatever allowed says")
    where: WrittenCondition | None = Field(default=None, description="the rows that are documents; a row that leaves this set is deleted from the index")
    doc_type: TemplateText = ""
    metadata: dict[str, Scalar] = Field(default_factory=dict, description="filterable values by name: '{column}' keeps the column's type")
    chunking: ChunkPolicy | None = Field(default=None, description="instead of the source's")
    redaction: RedactionPolicy | None = Field(default=None, description="instead of the source's")
    retention: TableRetention | None = Field(default=None, description="how long rows stay in the index; none: for ever")
    related: dict[str, Related] = Field(default_factory=dict, description="tables whose rows belong to this one's documents, by the column that they make")

    @field_validator("key", mode="before")
    @classmethod
    def _one_column(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("restricted_when", "where", mode="before")
    @classmethod
    def _one_value(cls, value: object) -> object:
        return values_by_column(value)

    @field_validator("metadata")
    @classmethod
    def _metadata_templates(cls, metadata: dict[str, Scalar]) -> dict[str, Scalar]:
        for value in metadata.values():
            if isinstance(value, str):
                check_template(value)
        return metadata

    @field_validator("tenant")
    @classmethod
    def _constant_tenant(cls, tenant: str) -> str:
        if "{" not in tenant and not TENANT_PATTERN.fullmatch(tenant):
            raise ValueError(f"the constant tenant {tenant!r} is not 1 to 64 characters of A-Z a-z 0-9 _ -; for a column write '{{column}}'")
        return tenant

    @model_validator(mode="after")
    def _related_columns(self) -> Self:
        check_related(self.related, self.key, self.identity_columns)
        return self

    @property
    def schema_name(self) -> str:
        return self.name.partition(".")[0]

    @property
    def table_name(self) -> str:
        return self.name.partition(".")[2]

    @property
    def identity_columns(self) -> tuple[str, ...]:
        """What makes the document's tenant and id: these must be in the table's replica identity, or a delete does not show them."""
        return tuple(dict.fromkeys((*self.key, *parse_template(self.tenant).columns)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the table that the mapping reads, the key first; what related tables make is none of them."""
        conditions = (*(self.where or {}), *(self.restricted_when or {}))
        since = () if self.retention is None else (self.retention.since,)
        joined = (column for related in self.related.values() for column in related.on.values())
        templates = (column for template in self._templates() for column in template.columns)
        mapped = (*self.identity_columns, *templates, *conditions, *since, *joined)
        return tuple(dict.fromkeys(column for column in mapped if column not in self.related))

    def _templates(self) -> Iterator[Template]:
        yield from (parse_column_or_template(text) for text in (self.title, self.body, self.url) if text)
        if isinstance(self.allowed, str):
            yield parse_column_or_template(self.allowed)
        else:
            yield from (parse_template(text) for text in self.allowed)
        yield parse_template(self.doc_type)
        yield from (parse_template(value) for value in self.metadata.values() if isinstance(value, str))


class Connection(Part):
    """Where the database is. Values written ``env:NAME`` are taken from the environment when the file is read; the password stays a reference."""

    host: str = Field(min_length=1)
    port: Annotated[int, WithJsonSchema(_PORT_SCHEMA)] = Field(default=5432, ge=1, le=65535)
    database: str = Field(min_length=1)
    user: str = Field(min_length=1)
    password: SecretReference | None = Field(default=None, description="env:NAME or file:/path; none where the server asks for none")
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "prefer"


class TableSource(Part):
    """What all sources of tables have: each row of a declared table is a document."""

    name: str = Field(pattern=NAME_PATTERN)
    type: str
    connection: BaseModel
    epoch: int = Field(default=0, ge=0, lt=2**32, description="raise it after a restore or a failover: the source's own order has started again")
    revision: int = Field(
        default=1, ge=1, lt=2**32, description="raise it when mapping, permissions, redaction or retention change: a new policy is a higher version"
    )
    redaction: RedactionPolicy = RedactionPolicy()
    chunking: ChunkPolicy = ChunkPolicy()
    retention: Retention | None = Field(default=None, description="how long documents stay in the index; each table says since when. None: for ever")
    tables: tuple[Table, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct_tables(self) -> Self:
        names = [table.name for table in self.tables]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"declared twice: {', '.join(twice)}; a table makes one kind of document")
        check_retention(self.retention, ((table.name, table.retention) for table in self.tables))
        return self

    def table(self, name: str) -> Table:
        """The declared table of that name; KeyError where there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)

    @abstractmethod
    def scope_of(self, table: Table) -> str:
        """What the ids of all documents of a table begin with."""

    def chunking_of(self, table: Table) -> ChunkPolicy:
        return table.chunking or self.chunking

    def redaction_of(self, table: Table) -> RedactionPolicy:
        return table.redaction or self.redaction

    def retention_days_of(self, table: Table) -> float | None:
        return days_of(self.retention, table.retention)


class PostgresSource(TableSource):
    """One Postgres database, read through Debezium."""

    type: Literal["postgres"] = "postgres"
    connection: Connection

    @property
    def captured(self) -> tuple[Captured, ...]:
        """Every table whose changes the connector delivers, related ones included."""
        return captured_tables(self.tables)

    def scope_of(self, table: Table) -> str:
        return scope_of_table(self.name, self.connection.database, table.schema_name, table.table_name)
