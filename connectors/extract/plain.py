"""Everything that is text as it stands: HTML, Markdown, tables, mail, source code, JSON, YAML, XML, logs. Content decides where it can (HTML, mail), the name and the media type where not."""

from __future__ import annotations

import csv
import re
from html import unescape
from pathlib import PurePosixPath
from typing import Final, Literal

from bs4.dammit import EncodingDetector

from connectors.extract.charset import declared_in, decoded
from connectors.extract.errors import BrokenFileError
from connectors.extract.reading import File, Reading
from connectors.extract.result import Extracted, Format, Page
from connectors.extract.tables import markdown_table

TextKind = Literal["html", "mail", "table", "markdown", "text"]

_HTML: Final = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,1000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"<[a-zA-Z][^<>]{0,500}>")
_TITLE: Final = re.compile(r"<title\b[^<>]{0,200}>([^<]{1,500})</title", re.IGNORECASE)
_MAIL_FIRST: Final = re.compile(r"(?:From |[A-Za-z][A-Za-z0-9-]{0,60}:[ \t])")
_MAIL: Final = re.compile(r"^(from|to|date|subject|received|return-path|message-id|mime-version|delivered-to):", re.IGNORECASE | re.MULTILINE)
_MAIL_HEADERS: Final = 3
_HEAD: Final = 8192
_BY_SUFFIX: Final[dict[str, TextKind]] = {
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    ".eml": "mail",
    **dict.fromkeys((".csv", ".tsv", ".tab"), "table"),
    **dict.fromkeys((".md", ".markdown", ".mdown"), "markdown"),
}
_BY_MEDIA_TYPE: Final[dict[str, TextKind]] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "message/rfc822": "mail",
    "text/csv": "table",
    "text/tab-separated-values": "table",
    "text/markdown": "markdown",
}
_BINARY_SUFFIXES: Final = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".docx", ".xlsx", ".pptx", ".docm", ".xlsm", ".pptm", ".odt", ".ods", ".odp"}
)
_DELIMITERS: Final = ",;\t|"


def read(file: File, reading: Reading) -> Extracted:
    claimed = _claimed(file)
    if not file.content.strip(b"\x00"):
        return _empty(file)
    declared = declared_in(file.media_type) or EncodingDetector.find_declared_encoding(file.content, is_html=True)
    text = decoded(file.content, declared)
    match kind_of_text(text, claimed):
        case "mail":
            from connectors.extract import mail  # noqa: PLC0415  # it reads attachments through this module

            return mail.read(file, reading)
        case "html":
            return _html(text, reading)
        case "table":
            return _table(text, file, reading)
        case "markdown":
            return _whole("markdown", text, reading)
        case "text":
            return _whole("text", text, reading)


def kind_of_text(text: str, claimed: TextKind) -> TextKind:
    """What begins as an HTML document is one, unless it claims to be Markdown, which may; fragments of HTML and mails must claim it or show it."""
    head = text[:_HEAD]
    if claimed != "markdown" and _HTML.match(head):
        return "html"
    if claimed == "html":
        return "html" if _TAG.search(head) else "text"
    headers = head.partition("\n\n")[0] if "\n\n" in head else head.partition("\r\n\r\n")[0]
    named = {found.lower() for found in _MAIL.findall(headers)} if _MAIL_FIRST.match(head) else set()
    if claimed == "mail":
        return "mail" if named else "text"
    return "mail" if claimed == "text" and len(named) >= _MAIL_HEADERS else claimed


def _claimed(file: File) -> TextKind:
    by_media_type = _BY_MEDIA_TYPE.get(file.media_type.partition(";")[0].strip().lower(), "text")
    return _BY_SUFFIX.get(_suffix(file), by_media_type)


def _suffix(file: File) -> str:
    return PurePosixPath(file.name.lower()).suffix


def _empty(file: File) -> Extracted:
    if _suffix(file) in _BINARY_SUFFIXES or file.content:
        raise BrokenFileError(f"the file is empty ({len(file.content)} bytes, none of them text)", "upload it again")
    return Extracted("text", ())


def _whole(written: Format, text: str, reading: Reading) -> Extracted:
    return Extracted(written, (Page(None, reading.text(text)),))


def _html(text: str, reading: Reading) -> Extracted:
    title = _TITLE.search(text)
    return Extracted("html", (Page(None, reading.text(text)),), title=unescape(title[1]) if title else None)


def _table(text: str, file: File, reading: Reading) -> Extracted:
    """A Markdown table; text where no delimiter makes columns of it."""
    delimiter = "\t" if _suffix(file) in {".tsv", ".tab"} else _delimiter(text)
    if delimiter is None:
        return _whole("text", text, reading)
    csv.field_size_limit(reading.limits.characters)
    rows = csv.reader(text.replace("\x00", "").splitlines(keepends=True), delimiter=delimiter)
    return _whole("markdown", markdown_table(rows), reading)


def _delimiter(text: str) -> str | None:
    """The one that most of the first lines have, equally often."""
    lines = [line for line in text[:_HEAD].splitlines()[:20] if line.strip()]
    counts = {delimiter: [line.count(delimiter) for line in lines] for delimiter in _DELIMITERS}
    regular = {
        delimiter: (sum(count == max(set(found), key=found.count) for count in found), max(set(found), key=found.count))
        for delimiter, found in counts.items()
        if any(found)
    }
    regular = {delimiter: (same, often) for delimiter, (same, often) in regular.items() if often}
    return max(regular, key=lambda delimiter: regular[delimiter], default=next((d for d in _DELIMITERS if any(counts[d])), None))
