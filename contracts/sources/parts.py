"""What the declarations of all Postgres tables are made of: templates, conditions, and a model that is frozen and takes no unknown key."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from contracts.events import Scalar
from contracts.sources.template import InvalidTemplateError, parse_column_or_template, parse_template


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def check_template(text: str) -> str:
    try:
        parse_template(text)
    except InvalidTemplateError as error:
        raise ValueError(str(error)) from error
    return text


def _column_or_template(text: str) -> str:
    try:
        parse_column_or_template(text)
    except InvalidTemplateError as error:
        raise ValueError(str(error)) from error
    return text


TemplateText = Annotated[str, AfterValidator(check_template)]
ColumnText = Annotated[str, AfterValidator(_column_or_template)]
ConditionValue = Scalar | None


class Exclusion(Part):
    """``{not: [draft]}``: every value but these."""

    not_: tuple[ConditionValue, ...] = Field(alias="not", min_length=1)


_SCALAR_SCHEMA: Final[dict[str, object]] = {"type": ["string", "number", "boolean", "null"]}
_VALUES_SCHEMA: Final[dict[str, object]] = {"type": "array", "items": _SCALAR_SCHEMA, "minItems": 1}
_EXCLUSION_SCHEMA: Final[dict[str, object]] = {"type": "object", "properties": {"not": _VALUES_SCHEMA}, "required": ["not"], "additionalProperties": False}
_CONDITION_SCHEMA: Final[dict[str, object]] = {"type": "object", "additionalProperties": {"anyOf": [_SCALAR_SCHEMA, _VALUES_SCHEMA, _EXCLUSION_SCHEMA]}}

Condition = dict[str, tuple[ConditionValue, ...] | Exclusion]
"""Columns with the values they may have; a row meets it when all its columns do."""
WrittenCondition = Annotated[Condition, WithJsonSchema(_CONDITION_SCHEMA)]


def values_by_column(written: object) -> object:
    """A condition as it is written, with one value for a column or several."""
    if not isinstance(written, dict):
        return written
    return {column: values if isinstance(values, list | tuple | dict | Exclusion) else (values,) for column, values in written.items()}
