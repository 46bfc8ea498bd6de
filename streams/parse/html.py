"""HTML to Markdown with unstructured: its elements are typed (title, list item, table, code), which is what the chunker's structure needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from contracts.events import InvalidRecordError, TextFormat

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_HEADING_DEPTH: Final = 6


class UnreadableHtmlError(InvalidRecordError):
    """HTML that does not parse."""


def to_markdown(body: str, text_format: TextFormat) -> tuple[str, TextFormat]:
    """(text, format) with HTML turned into Markdown; Markdown and plain text as they are. Raises UnreadableHtmlError."""
    if text_format != "html":
        return body, text_format
    if not body.strip():
        return "", "markdown"
    from unstructured.partition.html import partition_html  # noqa: PLC0415  # seconds to import: only where there is HTML

    try:
        elements = partition_html(text=body, skip_headers_and_footers=False)
    except (ValueError, AssertionError, RecursionError) as error:
        raise UnreadableHtmlError(f"the HTML does not parse ({type(error).__name__})") from error
    return "\n\n".join(_blocks(elements)), "markdown"


def _blocks(elements: list[Element]) -> Iterator[str]:
    for element in elements:
        text = element.text.strip()
        if not text:
            continue
        match element.category:
            case "Title":
                depth = min((element.metadata.category_depth or 0) + 1, _HEADING_DEPTH)
                yield "#" * depth + " " + text.replace("\n", " ")
            case "ListItem":
                yield "- " + text
            case "CodeSnippet":
                yield f"```\n{text}\n```"
            case _:
                yield text
