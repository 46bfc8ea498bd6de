"""Workbooks (.xlsx and its macro and template kinds) with openpyxl: a Markdown table a sheet. Formulas give the value that Excel last computed; they are never run."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, time

from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no stubs

from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, Page
from connectors.extract.tables import markdown_table


def read(file: File, reading: Reading) -> Extracted:
    """Hidden sheets too: what is in a file is in a file, and its permissions hold for all of it."""
    workbook = load_workbook(io.BytesIO(file.content), read_only=True, data_only=True, keep_links=False)
    try:
        pages = tuple(Page(None, f"## {sheet.title}\n\n{table}") for sheet in workbook.worksheets if (table := _table(sheet, reading)))
        title = workbook.properties.title
    finally:
        workbook.close()
    return Extracted("markdown", pages, title=title or None)


def _table(sheet: object, reading: Reading) -> str:
    """Its bars count too: one wide row makes all of them wide."""
    before = reading.characters
    table = markdown_table(_rows(sheet, reading))
    reading.charge(len(table) - (reading.characters - before))
    return table


def _rows(sheet: object, reading: Reading) -> Iterator[list[str]]:
    """Charged row by row, so that a sheet larger than the limit ends when it reaches it."""
    sheet.reset_dimensions()  # type: ignore[attr-defined]  # it may claim a million rows that are not there
    for row in sheet.iter_rows(values_only=True):  # type: ignore[attr-defined]
        if any(value is not None for value in row):
            yield [reading.text(_shown(value)) for value in row]


def _shown(value: object) -> str:  # noqa: PLR0911  # one a type
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer():
            return str(int(value))
        case float():
            return f"{value:.12g}"  # 0.1 + 0.2 as Excel shows it
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)
