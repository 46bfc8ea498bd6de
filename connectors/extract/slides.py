"""Presentations (.pptx and its macro, show and template kinds) with python-pptx: a page a slide, with its tables, groups and speaker's notes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.package import Package

from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, Page
from connectors.extract.tables import markdown_table
from connectors.extract.word import office_title

_TITLES = {PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE}


def read(file: File, reading: Reading) -> Extracted:
    """Through the package, since python-pptx's own door takes no shows and no templates."""
    presentation = Package.open(io.BytesIO(file.content)).main_document_part.presentation
    slides = list(presentation.slides)
    reading.count_pages(len(slides))
    pages = tuple(Page(number, reading.text(_slide(slide))) for number, slide in enumerate(slides, 1))
    return Extracted("markdown", pages, title=office_title(file.content))


def _slide(slide: Any) -> str:
    blocks = [block for shape in slide.shapes for block in _blocks(shape)]
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text.strip()
        blocks += [f"Notes: {notes}"] if notes else []
    return "\n\n".join(blocks)


def _blocks(shape: Any) -> Iterator[str]:
    if hasattr(shape, "shapes"):
        for inner in shape.shapes:
            yield from _blocks(inner)
    elif getattr(shape, "has_table", False):
        yield markdown_table([cell.text for cell in row.cells] for row in shape.table.rows)
    elif shape.has_text_frame and shape.text_frame.text.strip():
        text = shape.text_frame.text.replace("\x0b", "\n").strip()
        yield f"## {' '.join(text.split())}" if shape.is_placeholder and shape.placeholder_format.type in _TITLES else text
    elif getattr(shape, "has_chart", False) and shape.chart.has_title:
        yield shape.chart.chart_title.text_frame.text
