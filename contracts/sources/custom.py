"""``type: custom``: a source behind any API that answers GET with JSON, declared in sources.yaml alone.

Values are JSON paths (RFC 9535) into an object as the API gives it: ``$.title`` alone, or in templates: ``"{$.number}: {$.title}"``; ``{id}`` is the object's id. A text without either is a constant.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator, model_validator

from contracts.events import Scalar, TextFormat
from contracts.sources.rest import GONE, Part, RestSource, Webhook
from contracts.sources.template import InvalidTemplateError, Placeholder, Template, parse_template
from contracts.sources.webhook import HeaderName, JsonPath, Signature, check_json_path

ID: Final = "id"
PAGE: Final = "page"
OFFSET: Final = "offset"
NEXT: Final = "next"
CURSOR: Final = "cursor"
_PAGING: Final = (PAGE, OFFSET, NEXT)
_NEVER_GONE: Final = frozenset({401, 408, 425, 429})
"""Statuses that say something of us or of the moment, and nothing of the object."""


def parse_value(text: str) -> Template:
    """A JSON path alone, or a template whose placeholders are JSON paths or ``id``. Raises InvalidTemplateError."""
    if text.startswith("$"):
        return Template((Placeholder(text),))
    return parse_template(text)


def _value(text: str) -> str:
    try:
        wanted = parse_value(text).columns
    except InvalidTemplateError as error:
        raise ValueError(str(error)) from error
    for path in wanted:
        if path != ID:
            check_json_path(path)
    return text


def _url(text: str, known: tuple[str, ...]) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} does not begin with a slash: write the path below the source's url, such as /api/articles")
    try:
        named = parse_template(text).columns
    except InvalidTemplateError as error:
        raise ValueError(str(error)) from error
    if unknown := [name for name in named if name not in known]:
        raise ValueError(f"{{{unknown[0]}}} is nothing that is known here; known: {', '.join(f'{{{name}}}' for name in known)}")
    return text


def _list_url(text: str) -> str:
    if sum(f"{{{name}}}" in _url(text, _PAGING) for name in _PAGING) > 1:
        raise ValueError("{page}, {offset} and {next} are three ways to the next page: use one")
    return text


def _changes_url(text: str) -> str:
    if "{cursor}" not in _url(text, (*_PAGING, CURSOR)):
        raise ValueError("{cursor} is missing: it becomes the time from which on changes are asked for")
    return text


def _fetch_url(text: str) -> str:
    if "{id}" not in _url(text, (ID,)):
        raise ValueError("{id} is missing: it becomes the object's id, as in /api/articles/{id}")
    return text


def _list_path(text: str) -> str:
    if text.endswith("[*]"):
        raise ValueError(
            f"{text!r} finds each item; write the path of the list itself, {text.removesuffix('[*]')}: so a list that is missing is told from an empty one"
        )
    return text


_SCALAR_SCHEMA: Final[dict[str, object]] = {"type": ["string", "number", "boolean", "null"]}
_WHERE_SCHEMA: Final[dict[str, object]] = {
    "type": "object",
    "additionalProperties": {"anyOf": [_SCALAR_SCHEMA, {"type": "array", "items": _SCALAR_SCHEMA, "minItems": 1}]},
}
_TEXTS_SCHEMA: Final[dict[str, object]] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
Value = Annotated[str, AfterValidator(_value)]
ListPath = Annotated[JsonPath, AfterValidator(_list_path)]


class CustomWebhook(Webhook):
    """A sender that we do not know, by JSON paths into its bodies."""

    signature: Signature
    id: JsonPath = Field(description="the id or ids of what changed, such as $.data.id or $.items[*].id")
    event: JsonPath | None = None
    time: JsonPath | None = Field(default=None, description="when it changed: seconds or milliseconds since 1970, or ISO 8601")
    delivery_header: HeaderName | None = Field(default=None, description="the header with the sender's id of the delivery")
    delivery: JsonPath | None = Field(default=None, description="the same in the body")


class Fetch(Part):
    """How one object is asked for."""

    url: Annotated[str, AfterValidator(_fetch_url)] = Field(description="path with {id}: /api/articles/{id}")
    object: JsonPath = Field(default="$", description="where the object is in the answer; every other path begins there")
    gone: tuple[int, ...] = Field(default=GONE, min_length=1, description="statuses that say that there is no such object")
    changed: JsonPath | None = Field(default=None, description="the stamp in the object, where it is not where list.changed says")

    @field_validator("gone")
    @classmethod
    def _of_an_object(cls, gone: tuple[int, ...]) -> tuple[int, ...]:
        if wrong := [status for status in gone if not 400 <= status < 500 or status in _NEVER_GONE]:
            raise ValueError(
                f"{wrong[0]} does not say that an object is gone: name statuses from 400 to 499 without {', '.join(map(str, sorted(_NEVER_GONE)))}"
            )
        return gone


class Paged(Part):
    """Lists in pages: by ``{page}`` or ``{offset}`` in the url, by ``next``, or by the header Link."""

    next: JsonPath | None = Field(default=None, description="what leads to the next page: its address, or the value of {next}; empty or missing on the last")
    first_page: int = Field(default=1, ge=0, description="the number of the first page")


class Listing(Paged):
    """Every object there is."""

    url: Annotated[str, AfterValidator(_list_url)] = Field(description="path, with {page}, {offset} or {next} where its pages are asked for so")
    items: ListPath = Field(description="the list in the answer: $.articles; $.values where the answer itself is a list")
    id: JsonPath = Field(description="the id in an item")
    changed: JsonPath | None = Field(
        default=None, description="the stamp in an item: what is other when the object has changed; without it every look fetches everything"
    )


class ChangedSince(Paged):
    """What changed since the last look; what is not said is as in ``list``."""

    url: Annotated[str, AfterValidator(_changes_url)] = Field(description="path with {cursor}: the time of the newest change that the last look saw")
    time: Literal["iso", "seconds", "milliseconds"] = Field(default="iso", description="how the API wants {cursor}")
    overlap_seconds: float = Field(default=120, ge=0, le=86_400, description="how much further back each look goes: what is written late is then not passed by")
    items: ListPath | None = None
    id: JsonPath | None = None
    changed: JsonPath | None = Field(default=None, description="the time of the change in an item")


class Accounts(Paged):
    """Who holds which principals."""

    url: Annotated[str, AfterValidator(_list_url)]
    items: ListPath
    id: JsonPath
    mail: JsonPath | None = None
    principals: tuple[Value, ...] = Field(min_length=1)


class Document(Part):
    """How an object becomes a document."""

    title: Value
    body: Value
    format: TextFormat = "markdown"
    url: Value = Field(description="where people open it; values are percent-encoded where the text is a template")
    allowed: Annotated[tuple[Value, ...], WithJsonSchema(_TEXTS_SCHEMA)] = Field(
        min_length=1, description="principals: paths, templates and constants; one of each value found. Whose paths find nothing is readable by nobody"
    )
    doc_type: Value = ""
    metadata: dict[str, Scalar] = Field(default_factory=dict, description="filterable values by name: a path alone keeps the value's type")
    where: Annotated[dict[JsonPath, tuple[Scalar | None, ...]], WithJsonSchema(_WHERE_SCHEMA)] = Field(
        default_factory=dict, description="paths with the values that they may have: other objects are no documents"
    )

    @field_validator("allowed", mode="before")
    @classmethod
    def _one_principal(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("where", mode="before")
    @classmethod
    def _one_value(cls, value: object) -> object:
        return {path: found if isinstance(found, list | tuple) else (found,) for path, found in value.items()} if isinstance(value, dict) else value

    @field_validator("metadata")
    @classmethod
    def _metadata_values(cls, metadata: dict[str, Scalar]) -> dict[str, Scalar]:
        for value in metadata.values():
            if isinstance(value, str):
                _value(value)
        return metadata

    @property
    def paths(self) -> tuple[str, ...]:
        """All that is read of an object for its document, each once; nothing else of it is kept."""
        texts = (self.title, self.body, self.url, *self.allowed, self.doc_type, *(value for value in self.metadata.values() if isinstance(value, str)))
        return tuple(dict.fromkeys(path for text in texts for path in parse_value(text).columns if path != ID))


class CustomSource(RestSource):
    """Any API that answers GET with JSON: one kind of objects, each a document."""

    type: Literal["custom"]
    webhook: CustomWebhook | None = Field(default=None, description="none where only sweeps look for changes")
    kind: str = Field(default="record", pattern=r"^[a-z][a-z0-9_-]{0,31}$", description="what stands before an object's id: record/42")
    fetch: Fetch
    list: Listing
    changed_since: ChangedSince | None = Field(default=None, description="none where the API cannot be asked so: then the list is read")
    accounts: Accounts | None = Field(default=None, description="none where principals are given to people elsewhere")
    document: Document

    @model_validator(mode="after")
    def _changes_have_times(self) -> Self:
        if self.changed_since and not (self.changed_since.changed or self.list.changed):
            raise ValueError("'changed_since' needs the time of each change: declare list.changed")
        return self

    @property
    def gone(self) -> frozenset[int]:
        return frozenset(self.fetch.gone)
