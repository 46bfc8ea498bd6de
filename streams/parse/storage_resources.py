"""What a page in storage format names elsewhere: ``ri:page``, ``ri:attachment``, ``ri:user``, ``ri:url`` and their neighbours.

Vendor's page: https://confluence.atlassian.com/display/DOC/Confluence+Storage+Format, section "Resource identifiers". ``ri:account-id`` is Cloud's form of
``ri:userkey``, seen in public pages, not on that page (not verified).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from streams.parse.storage_tree import Element

MACROS: Final = ("ac:structured-macro", "ac:macro")
"""``ac:macro`` is the form of Confluence 4 and 5."""

FILE_MACROS: Final = frozenset({"view-file", "viewfile", "viewpdf", "viewdoc", "viewxls", "viewppt", "multimedia"})
"""They show an attachment. ``view-file`` and ``multimedia`` as in public pages (not verified)."""

_PAGES: Final = ("ri:page", "ri:blog-post")
_SPACE_AND_TITLE: Final = re.compile(r"(~?[A-Za-z0-9]+):(?=\S)(.*)")
_INCLUDING: Final = frozenset({"include", "excerpt-include"})


@dataclass(frozen=True, slots=True)
class PageReference:
    """A page or blog post by title; an empty space is the space of the page that names it."""

    title: str
    space: str = ""

    def __str__(self) -> str:
        return f"{self.title} ({self.space})" if self.space else self.title


@dataclass(frozen=True, slots=True)
class AttachmentReference:
    """A file by name, on the page itself where ``page`` is None."""

    file_name: str
    page: PageReference | None = None


def resource_in(element: Element) -> Element | None:
    """The resource that an element names."""
    return next((child for child in element.children if isinstance(child, Element) and child.name.startswith("ri:")), None)


def page_of(resource: Element) -> PageReference:
    return PageReference(resource.attributes.get("ri:content-title", ""), resource.attributes.get("ri:space-key", ""))


def user_of(resource: Element) -> str:
    """Account id in the cloud, key or name in a data center."""
    return next((value for name in ("ri:account-id", "ri:userkey", "ri:username") if (value := resource.attributes.get(name))), "")


def parameter(macro: Element, name: str) -> str:
    """A macro's parameter as text; empty where it has none. The nameless one is of the name ""."""
    return next((found.text().strip() for found in macro.elements("ac:parameter") if found.attributes.get("ac:name", "") == name), "")


def included_page(macro: Element) -> PageReference | None:
    """The page that an include macro shows: the resource in one of its parameters, or as text in older ones, ``Title`` or ``SPACE:Title``.

    https://confluence.atlassian.com/plugins/viewsource/viewpagesrc.action?pageId=658736865 ("Page Containing the Excerpt").
    """
    for child in macro.descendants():
        if isinstance(child, Element) and child.name in _PAGES:
            return page_of(child)
    texts = [parameter(macro, name) for name in ("", "page", "pageTitle")] + [found.text().strip() for found in macro.elements("ac:default-parameter")]
    text = next((text for text in texts if text), "")
    if space := _SPACE_AND_TITLE.fullmatch(text):
        return PageReference(space[2], space[1])
    return PageReference(text) if text else None


def shown_file(macro: Element) -> str:
    """The attachment that a file macro shows: the resource in its parameter ``name``, or its name as text."""
    resources = (resource_in(found) for found in macro.elements("ac:parameter"))
    names = (found.attributes.get("ri:filename", "") for found in resources if found is not None)
    return next((name for name in names if name), "") or parameter(macro, "name")


def includes(macro: Element) -> bool:
    return macro.name in MACROS and macro.attributes.get("ac:name") in _INCLUDING


def includes_in(root: Element) -> tuple[PageReference, ...]:
    return tuple(dict.fromkeys(page for element in _all(root) if includes(element) and (page := included_page(element)) is not None))


def attachments_in(root: Element) -> tuple[AttachmentReference, ...]:
    return tuple(dict.fromkeys(found for element in _all(root) if (found := _attachment(element)) is not None))


def users_in(root: Element) -> tuple[str, ...]:
    return tuple(dict.fromkeys(user for element in _all(root) if element.name == "ri:user" and (user := user_of(element))))


def _attachment(element: Element) -> AttachmentReference | None:
    if element.name == "ri:attachment":
        page = next(element.elements(*_PAGES), None)
        return AttachmentReference(element.attributes.get("ri:filename", ""), page_of(page) if page is not None else None)
    if element.name in MACROS and element.attributes.get("ac:name") in FILE_MACROS and (name := parameter(element, "name")):
        page_title = parameter(element, "page")
        return AttachmentReference(name, PageReference(page_title) if page_title else None)
    return None


def _all(root: Element) -> Iterator[Element]:
    return (part for part in root.descendants() if isinstance(part, Element))
