"""Confluence's storage format to HTML: XHTML with Confluence's own elements for macros (``ac:``) and resources (``ri:``).

``ac:`` and ``ri:`` are turned into HTML before any HTML parser sees the text, since each of those loses them. Beside the HTML comes what the page names
elsewhere: a page that is included changes what this page says, an attachment and a user have names and permissions of their own. Text is never dropped
but for placeholders, the parameters of macros that have no rule, and the copy of a body that an ADF extension carries for old readers.

Vendor's page: https://confluence.atlassian.com/display/DOC/Confluence+Storage+Format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from streams.parse.fragments import MAX_DEPTH, written
from streams.parse.storage_elements import rule_of
from streams.parse.storage_resources import AttachmentReference, PageReference, attachments_in, includes_in, users_in
from streams.parse.storage_tree import Element, MalformedStorageError, read

__all__ = ["AttachmentReference", "ConvertedPage", "MalformedStorageError", "PageReference", "to_html"]

_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ConvertedPage:
    """A body's HTML, and what it names elsewhere: each once, in the order of the text. Users are account ids, user keys or user names, as the body has it."""

    html: str
    includes: tuple[PageReference, ...]
    attachments: tuple[AttachmentReference, ...]
    users: tuple[str, ...]


def to_html(storage: str, user_names: Mapping[str, str] = _NO_NAMES) -> ConvertedPage:
    """``user_names`` gives the name to show for a user's id or key. Raises MalformedStorageError."""
    root = read(storage)

    def parts(element: Element) -> Iterator[str | Element]:
        return rule_of(element)(element, user_names)

    html = written(root, parts, lambda: MalformedStorageError(f"nested deeper than {MAX_DEPTH} levels"))
    return ConvertedPage(html, includes_in(root), attachments_in(root), users_in(root))
