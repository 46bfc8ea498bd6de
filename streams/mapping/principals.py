"""Who may read a row: one column that lists the principals, or templates. What cannot be read names nobody, never everybody."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from contracts.rows.values import text_of
from contracts.sources import Template
from streams.mapping.errors import MappingError
from streams.mapping.row import RowReader


def principals_in_column(template: Template, row: RowReader) -> tuple[str, ...]:
    """From a text[] or a JSON list, or from text separated by commas; from a template of several columns, its text separated by commas."""
    column = template.sole_column
    value = row.value(column) if column else template.render(row.text)
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _json_list(row.table, column or "", value)
    items = [text_of(item) for item in value if item is not None] if isinstance(value, list) else text_of(value).split(",")
    return _distinct(items)


def principals_by_templates(templates: tuple[Template, ...], row: RowReader) -> tuple[str, ...]:
    """``group:{team}`` per template; a column with a list gives one principal for each element, an empty or null column none."""
    return _distinct([principal for template in templates for principal in _expanded(template, row)])


def _expanded(template: Template, row: RowReader) -> Iterator[str]:
    choices: list[dict[str, str]] = [{}]
    for column in template.columns:
        value = row.value(column)
        texts = [text_of(item) for item in (value if isinstance(value, list) else [value])]
        choices = [choice | {column: text} for choice in choices for text in texts if text.strip()]
    for choice in choices:
        yield template.render(choice.__getitem__)


def _json_list(table: str, column: str, text: str) -> list[object]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise MappingError(table, column, f"column {column} begins like a JSON list of principals but is none") from None
    if not isinstance(value, list):
        raise MappingError(table, column, f"column {column} holds no list of principals")
    return value


def _distinct(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stripped for item in items if (stripped := item.strip())))
