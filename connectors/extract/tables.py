"""Rows of cells as a Markdown table. The first row is the head, since that is what it is in nearly all sheets that people attach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """Empty where no cell has text. Empty rows, and empty columns at the right, are left out; short rows are filled up."""
    kept = [trimmed for row in rows if (trimmed := _trimmed([_cell(cell) for cell in row]))]
    width = max((len(row) for row in kept), default=0)
    if not width:
        return ""
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in kept]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row
