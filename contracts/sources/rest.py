"""Sources behind a REST API: who is asked, whose webhooks are believed, and how often a sweep looks for what the webhooks lost."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, field_validator
from yarl import URL

from contracts.events import ChunkPolicy
from contracts.identity import TENANT_PATTERN
from contracts.sources.model import NAME_PATTERN, RedactionPolicy
from contracts.sources.retention import Retention
from contracts.sources.secrets import SecretReference

MIB: Final = 1024 * 1024
GONE: Final = (404, 410)
"""Statuses that say that there is no such thing."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _address(text: str) -> str:
    """``env:NAME`` was replaced before; what is left must be where an API can be asked."""
    url = URL(text)
    if url.scheme not in {"https", "http"} or not url.host or url.query_string or url.user:
        raise ValueError(f"{text!r} is no address: write https:// and the host, such as https://company.example, without user, password or query")
    if url.scheme == "http" and url.host not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("http:// would send the credentials readable for everyone on the way: write https:// (http is for this machine alone)")
    return text.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class Credentials(Part):
    """The account that asks. With ``user`` it is basic authentication (Cloud: mail address and API token), without it the token is a bearer token."""

    user: str = Field(default="", description="user, or mail address; none for a bearer token")
    token: SecretReference = Field(description="env:NAME or file:/path of the API token or password")


_SECRETS_SCHEMA: Final[dict[str, object]] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


class Webhook(Part):
    """Whose deliveries are believed at POST /webhooks/<source>."""

    secret: Annotated[tuple[SecretReference, ...], WithJsonSchema(_SECRETS_SCHEMA)] = Field(
        min_length=1, description="one reference, or several while one is being replaced"
    )
    max_body_bytes: int = Field(default=25 * MIB, ge=1024, le=64 * MIB, description="larger deliveries are refused")
    per_second: int = Field(default=500, ge=1, le=100_000, description="more deliveries than this are told to come again")

    @field_validator("secret", mode="before")
    @classmethod
    def _one_secret(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class Sweep(Part):
    """How often we look for ourselves: webhooks get lost, and no vendor sends one for everything."""

    changed_minutes: float = Field(default=10, gt=0, description="what changed since the last look")
    all_hours: float = Field(default=24, gt=0, description="every object there is: finds deletes that no webhook told")
    access_minutes: float = Field(default=2, gt=0, description="permissions that no webhook tells: projects, spaces, roles")
    per_second: float = Field(
        default=20, gt=0, description="most objects a second that a sweep has fetched: the rest of the vendor's limit is for live changes"
    )
    at_start: bool = Field(default=False, description="look at every object whenever the collector starts")


class Attachments(Part):
    """Files become documents of their own, readable for whoever may read what they hang on."""

    read: bool = Field(default=True, description="false leaves all of them out")
    max_mib: float = Field(default=50, gt=0, le=1024, description="larger files are refused, into the dead letters")
    languages: tuple[str, ...] = Field(default=("eng",), description="Tesseract's names of the languages in scans: eng, deu, fra")


def _tenant(text: str) -> str:
    if not TENANT_PATTERN.fullmatch(text):
        raise ValueError(f"the tenant {text!r} is not 1 to 64 characters of A-Z a-z 0-9 _ -")
    return text


class CollectedSource(Part):
    """What all sources have that a collector fetches from: hints tell it what may have changed."""

    name: str = Field(pattern=NAME_PATTERN)
    type: str
    webhook: Webhook | None = Field(default=None, description="none where only sweeps look for changes")
    tenant: Annotated[str, AfterValidator(_tenant)] = Field(description="whose documents these are")
    epoch: int = Field(default=0, ge=0, lt=2**32, description="raise it when the topic of hints was made anew: its order has started again")
    revision: int = Field(default=1, ge=1, lt=2**32, description="raise it when redaction, permissions or retention change: a new policy is a higher version")
    redaction: RedactionPolicy = RedactionPolicy()
    chunking: ChunkPolicy = ChunkPolicy()
    retention: Retention | None = Field(
        default=None, description="how long an object stays in the index after the vendor says it was last changed; none: for ever"
    )
    sweep: Sweep = Sweep()
    concurrency: int = Field(default=8, ge=1, le=256, description="requests under way at once")

    @property
    def scope(self) -> str:
        """What all its documents' ids begin with."""
        return f"{self.name}:"


class RestSource(CollectedSource):
    """What all sources behind a REST API have."""

    url: Address = Field(description="where the API is: https://company.example; env:NAME takes it from the environment")
    credentials: Credentials
    attachments: Attachments = Attachments()

    @property
    def gone(self) -> frozenset[int]:
        """Statuses with which its API says that there is no such thing."""
        return frozenset(GONE)


class ZendeskSource(RestSource):
    """Zendesk Support and Guide: tickets, their internal comments apart, and articles."""

    type: Literal["zendesk"]
    tickets: bool = True
    articles: bool = True


class JiraSource(RestSource):
    """Jira Cloud or Data Center: issues with their comments, and attachments."""

    type: Literal["jira"]
    edition: Literal["cloud", "datacenter"] = "cloud"
    projects: tuple[str, ...] = Field(default=(), description="keys of the projects; none for all that the account may browse")


class ConfluenceSource(RestSource):
    """Confluence Cloud or Data Center: pages, blog posts with their comments, and attachments."""

    type: Literal["confluence"]
    edition: Literal["cloud", "datacenter"] = "cloud"
    spaces: tuple[str, ...] = Field(default=(), description="keys of the spaces; none for all that the account may see")
