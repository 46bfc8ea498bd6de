"""Word documents (.docx and its macro and template kinds) as HTML with mammoth: headings, lists, tables, footnotes and links stay. Macros are a part nobody opens; pictures are left out."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final

import mammoth  # type: ignore[import-untyped]  # it has no stubs
from lxml import etree

from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, Page

_CORE: Final = "docProps/core.xml"
_TITLE: Final = "{http://purl.org/dc/elements/1.1/}title"
_STYLES: Final = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => h2:fresh"


def read(file: File, reading: Reading) -> Extracted:
    html = mammoth.convert_to_html(io.BytesIO(file.content), convert_image=_no_image, style_map=_STYLES).value
    return Extracted("html", (Page(None, reading.text(html)),), title=office_title(file.content))


def office_title(content: bytes) -> str | None:
    """The title in the properties of a document of any Office format."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if _CORE not in parts.namelist():
            return None
        root = etree.fromstring(parts.read(_CORE), etree.XMLParser(resolve_entities=False, no_network=True))
    found = root.findtext(_TITLE)
    return " ".join(found.split()) or None if found else None


def _no_image(_image: Any) -> list[Any]:
    return []
