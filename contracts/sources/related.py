"""Rows of another table that belong to a table's documents: each declaration makes one column of the parent, which templates use like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Self

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from contracts.sources.parts import Part, TemplateText, WrittenCondition, values_by_column
from contracts.sources.template import COLUMN_NAME, Template, parse_template

_COLUMNS_SCHEMA: Final[dict[str, object]] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


class Related(Part):
    """The rows of ``table`` whose columns equal the parent's, as one text or as a list of values."""

    table: str = Field(pattern=r"^[^.\s]+\.[^.\s]+$", description="schema.table")
    on: dict[str, str] = Field(min_length=1, description="columns of this table, each with the column of the parent that it equals")
    text: TemplateText | None = Field(default=None, description="what each row says; the rows' texts are joined by a blank line")
    values: TemplateText | None = Field(default=None, description="a value for each row: the column is the list of them, each once, such as principals")
    order_by: Annotated[tuple[str, ...], WithJsonSchema(_COLUMNS_SCHEMA)] = Field(default=(), description="columns by which the rows' texts are ordered")
    where: WrittenCondition | None = Field(default=None, description="the rows that count")

    @field_validator("order_by", mode="before")
    @classmethod
    def _one_column(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("where", mode="before")
    @classmethod
    def _one_value(cls, value: object) -> object:
        return values_by_column(value)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.text is None) == (self.values is None):
            raise ValueError("needs exactly one of text (one text of all rows) and values (a list with one value for each row)")
        if self.values is not None and self.order_by:
            raise ValueError("order_by is for text; a list of values has no order of its own")
        if not self.template.columns:
            raise ValueError("its template names no column of the related table; put columns in braces, as in 'user:{mail}'")
        return self

    @property
    def template(self) -> Template:
        return parse_template(self.text if self.text is not None else self.values or "")

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the related table that is read, those of ``on`` first."""
        return tuple(dict.fromkeys((*self.on, *self.template.columns, *self.order_by, *(self.where or {}))))

    def names_parent(self, key: Sequence[str]) -> bool:
        """Whether a related row tells its parent's whole key, so that no database has to be asked for it."""
        return set(self.on.values()) == set(key)


def check_related(related: Mapping[str, Related], key: Sequence[str], identity: Sequence[str]) -> None:
    """Raises ValueError for a name that cannot be a column, or one that would decide which document a row is."""
    for name in related:
        if not COLUMN_NAME.fullmatch(name):
            raise ValueError(f"related: {name!r} cannot be a column's name; use letters, digits and underscores")
        if name in identity:
            what = "the key" if name in key else "the tenant"
            raise ValueError(f"related: {name} is part of {what}; give the related rows another name")
        if joined := sorted(set(related[name].on.values()) & related.keys()):
            raise ValueError(f"related: {name} is joined on {joined[0]}, which is itself made of related rows; join it on a column of the table")
