"""The expression that makes one column of a parent out of its related rows, and what its text means. Builds text only.

Every value is read by its type's own output function, as ``sql_rows`` does, so a text has one form. Texts are cut where a document is refused anyway: the row that passes
the limit is still there, so that the refusal says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

import orjson

from contracts.rows.sql_rows import as_text, quoted
from contracts.rows.sql_values import value_from_text
from contracts.rows.values import text_of
from contracts.sources import ConditionValue, Exclusion, Related
from contracts.topics import MAX_TEXT_BYTES

PARENT: Final = "parent"
BETWEEN_ROWS: Final = "\n\n"
_CHILD: Final = "child."
Types = Mapping[str, str]
"""Of one table's columns, as ``COLUMN_TYPES`` gives them."""


def related_expression(related: Related, types: Types) -> str:
    """A JSON text of lists, one for each related row: the template's columns in their order."""
    columns = [as_text(column, types.get(column, "text"), _CHILD) for column in related.template.columns]
    schema, _, table = related.table.partition(".")
    rows = f"{quoted(schema)}.{quoted(table)} AS child WHERE {' AND '.join(_conditions(related, types))}"
    if related.values is not None:
        return f"(SELECT coalesce(json_agg(DISTINCT jsonb_build_array({', '.join(columns)})), '[]')::text FROM {rows})"  # noqa: S608 - identifiers and literals are quoted
    cut = [f"left({column}, {MAX_TEXT_BYTES + 1})" for column in columns]
    size = " + ".join(f"coalesce(length(v{number}), 0)" for number in range(len(cut)))
    values = ", ".join(f"v{number}" for number in range(len(cut)))
    named = ", ".join(f"{column} AS v{number}" for number, column in enumerate(cut))
    order = ", ".join(_order(related, types))
    listed = f"SELECT {named}, row_number() OVER (ORDER BY {order}) AS n FROM {rows}"  # noqa: S608 - as above
    before = f"coalesce(sum({size}) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)"
    summed = f"SELECT {values}, n, {before} AS so_far FROM ({listed}) AS listed"  # noqa: S608 - as above
    kept = f"json_agg(json_build_array({values}) ORDER BY n) FILTER (WHERE so_far <= {MAX_TEXT_BYTES})"
    return f"(SELECT coalesce({kept}, '[]')::text FROM ({summed}) AS summed)"  # noqa: S608 - as above


def column_of(related: Related, text: str, types: Types) -> object:
    """What ``related_expression`` gave, as the value of the parent's column: a text, or a list of texts."""
    columns = related.template.columns
    rows = [{column: _value(item, types.get(column, "text")) for column, item in zip(columns, row, strict=True)} for row in orjson.loads(text)]
    if related.text is not None:
        return BETWEEN_ROWS.join(related.template.render(lambda column, row=row: text_of(row[column])) for row in rows)  # type: ignore[misc]
    return sorted({value for row in rows for value in _values(related, row)})


def _values(related: Related, row: Mapping[str, object]) -> Iterator[str]:
    """One for each row; for each element where a column is a list; none where a column is null or blank, which would name another than was meant."""
    columns = related.template.columns
    choices = [[text_of(item) for item in _elements(row[column])] for column in columns]
    for chosen in product(*choices):
        if all(part.strip() for part in chosen):
            yield related.template.render(dict(zip(columns, chosen, strict=True)).__getitem__)


def _elements(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _value(text: str | None, type_name: str) -> object:
    return None if text is None else value_from_text(text, type_name)


def _order(related: Related, types: Types) -> Iterator[str]:
    """The declared columns, then all that the row says: rows that are equal in both may change places unseen."""
    yield from (_CHILD + quoted(column) for column in related.order_by)
    yield from (f'{as_text(column, types.get(column, "text"), _CHILD)} COLLATE "C"' for column in related.template.columns)


def _conditions(related: Related, types: Types) -> Iterator[str]:
    yield from (f"{_CHILD}{quoted(own)} = {PARENT}.{quoted(parents)}" for own, parents in related.on.items())
    for column, wanted in (related.where or {}).items():
        excluded = isinstance(wanted, Exclusion)
        test = _among(column, types.get(column, "text"), wanted.not_ if isinstance(wanted, Exclusion) else wanted)
        yield f"NOT ({test})" if excluded else f"({test})"


def _among(column: str, type_name: str, wanted: tuple[ConditionValue, ...]) -> str:
    """Never null. Values are compared by their text, as in a table's own conditions; ``plan`` takes only columns whose text SQL and the mapping write alike."""
    texts = [_literal(text_of(value), type_name) for value in wanted if value is not None]
    missing = f"{_CHILD}{quoted(column)} IS NULL"
    if not texts:
        return missing
    found = f"coalesce({as_text(column, type_name, _CHILD)} IN ({', '.join(texts)}), false)"
    return f"{missing} OR {found}" if None in wanted else found


def _literal(text: str, type_name: str) -> str:
    shown = {"true": "t", "false": "f"}.get(text, text) if type_name == "boolean" else text
    return "E'" + shown.replace("\\", "\\\\").replace("'", "\\'") + "'"
