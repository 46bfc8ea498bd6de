"""A ClickHouse source in sources.yaml: tables whose rows are read by the time of their last change. Frozen and pure, as ``contracts.sources.model``.

ClickHouse keeps no log of changes that could be read, so a table says itself what changed: by a column that every write sets (``updated_at``), where it has
one by the version column of its ReplacingMergeTree, and for deletes by a column that marks them. What none of these shows, such as ``ALTER TABLE … DELETE``, an
expired TTL or a row written with an old time, is found by comparing keys (``compare_keys_seconds``).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from contracts.sources.model import Table, TableSource
from contracts.sources.secrets import SecretReference
from contracts.sources.template import parse_template

_KEY_SCHEMA: Final[dict[str, object]] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_PORT_SCHEMA: Final[dict[str, object]] = {
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535}, {"type": "string", "pattern": "^env:"}, {"type": "null"}],
    "default": None,
}
_HTTP_PORT: Final = 8123
_HTTPS_PORT: Final = 8443


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClickHouseConnection(_Part):
    """Where the server is: ``host`` with what belongs to it, or one ``url``. The password stays a reference."""

    url: str | None = Field(
        default=None,
        description="http://host:8123 or https://host:8443, instead of host, port and secure; chdb:///path for an embedded database (tests and demos)",
    )
    host: str | None = Field(default=None, min_length=1, description="host of ClickHouse's HTTP interface")
    port: Annotated[int | None, WithJsonSchema(_PORT_SCHEMA)] = Field(
        default=None, ge=1, le=65535, description="port of the HTTP interface; 8123, or 8443 with secure"
    )
    secure: bool = Field(default=False, description="TLS, the server's certificate checked")
    database: str = Field(default="default", min_length=1, description="the database that a session begins in; tables are named database.table all the same")
    user: str = Field(default="default", min_length=1, description="may SELECT the tables, and no more")
    password: SecretReference | None = Field(default=None, description="env:NAME or file:/path; none where the server asks for none")

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url is None) == (self.host is None):
            raise ValueError("give either 'host' (with 'port' and 'secure') or 'url'")
        if self.url is not None:
            _check_url(self.url)
            if self.port is not None or self.secure:
                raise ValueError("'port' and 'secure' are part of 'url': write https://host:8443 there")
        return self

    @property
    def embedded(self) -> bool:
        return self.url is not None and self.url.startswith("chdb:")

    @property
    def address(self) -> str:
        """For people: never with user or password."""
        if self.url is not None:
            return self.url
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port or (_HTTPS_PORT if self.secure else _HTTP_PORT)}"


class ClickHouseTable(Table):
    """How the rows of one table become documents, and how their changes are found."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$", description="database.table; the name is part of a Kafka topic: letters, digits, _ and - only"
    )
    key: Annotated[tuple[str, ...], WithJsonSchema(_KEY_SCHEMA)] = Field(
        min_length=1,
        description="the columns that identify a row: for a ReplacingMergeTree its ORDER BY. Whole numbers, texts, UUIDs, dates, enums or IP addresses, never null",
    )
    updated_at: str = Field(
        min_length=1, description="the DateTime or DateTime64 column that every write sets to its time: DEFAULT now64(3) does it for inserts"
    )
    version: str | None = Field(
        default=None, min_length=1, description="the column that orders a row's states of one updated_at: ReplacingMergeTree's version, if it is another"
    )
    is_deleted: str | None = Field(default=None, min_length=1, description="the column that is not 0 in a row that was deleted")
    poll_seconds: float = Field(
        default=0.1, ge=0.01, le=3600, description="pause between two looks at the table; a look at an unchanged MergeTree costs it no read of rows"
    )
    safety_lag_seconds: float = Field(
        default=5.0,
        ge=0,
        le=86_400,
        description="how much later than its updated_at a row may become visible (slow inserts, clocks that differ); the time before the newest row that is read again",
    )
    batch_rows: int = Field(default=2000, ge=1, le=100_000, description="most rows in one Kafka transaction")
    batch_bytes: int = Field(default=8 * 2**20, ge=2**16, le=64 * 2**20, description="bytes of rows after which a transaction ends")
    compare_keys_seconds: float | None = Field(
        default=None, ge=1, description="how often all keys are compared, which finds physical deletes and rows written with an old time; none: never"
    )

    @model_validator(mode="after")
    def _tenant_in_key(self) -> Self:
        if outside := [column for column in parse_template(self.tenant).columns if column not in self.key]:
            listed = ", ".join((*outside, *self.key))
            raise ValueError(
                f"the tenant comes from {', '.join(outside)}, which is not in the key: a row that changed its tenant would stay in the old one; write key: [{listed}]"
            )
        return self

    @model_validator(mode="after")
    def _of_one_table(self) -> Self:
        if self.related:
            raise ValueError("'related' is for Postgres: let a materialized view in ClickHouse write one table of them")
        return self

    @model_validator(mode="after")
    def _columns_apart(self) -> Self:
        if self.version is not None and self.version == self.updated_at:
            raise ValueError("'version' names the same column as 'updated_at': leave 'version' out")
        if self.is_deleted is not None and self.is_deleted in {self.updated_at, self.version, *self.key}:
            raise ValueError("'is_deleted' must be a column of its own, such as is_deleted UInt8")
        if self.updated_at in self.key:
            raise ValueError("'updated_at' changes with each state of a row and cannot be in its key: name the columns that stay")
        return self

    @property
    def order_columns(self) -> tuple[str, ...]:
        """The columns that say what changed; they are read, and leave the database only if the mapping names them too."""
        return tuple(column for column in (self.updated_at, self.version, self.is_deleted) if column is not None)


class ClickHouseSource(TableSource):
    """One ClickHouse server, read by a poller."""

    type: Literal["clickhouse"] = "clickhouse"
    connection: ClickHouseConnection
    tables: tuple[ClickHouseTable, ...] = Field(min_length=1)

    def scope_of(self, table: Table) -> str:
        """``logs:shop.reviews/``: a server has databases and tables, and nothing between them."""
        return f"{self.name}:{table.name}/"


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError("'url' holds a user or password: give them as 'user' and 'password', the password by reference")
    if parts.scheme == "chdb":
        if not parts.path.startswith("/") or parts.netloc:
            raise ValueError("an embedded database is written chdb:///absolute/path")
    elif parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("'url' is http://host:8123, https://host:8443 or chdb:///path")
